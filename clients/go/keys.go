package rateguard

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/textproto"
	"regexp"
	"strings"
)

// View is what a middleware knows of a request, whatever it came through.
type View struct {
	Context context.Context
	// HTTP is the request where there is one: nil for gRPC.
	HTTP   *http.Request
	Method string
	// Path is with the query; of a gRPC call "/package.Service/Method".
	Path, Host string
	// Peer is the address of the other end of the connection, with or without a port.
	Peer string
	// Fields are the header fields, or the metadata, by their names in canonical form (textproto.CanonicalMIMEHeaderKey).
	Fields map[string][]string
}

// HTTPView is the view of a request of net/http.
func HTTPView(r *http.Request) *View {
	return &View{Context: r.Context(), HTTP: r, Method: r.Method, Path: r.URL.RequestURI(), Host: r.Host, Peer: r.RemoteAddr, Fields: r.Header}
}

// Lines are all lines of a header field, in order.
func (v *View) Lines(name string) []string {
	return v.Fields[textproto.CanonicalMIMEHeaderKey(name)]
}

// all is every field once, by its name in lower case.
func (v *View) all() map[string]string {
	fields := make(map[string]string, len(v.Fields))
	for name, lines := range v.Fields {
		separator := ", "
		if name == "Cookie" {
			separator = "; "
		}
		fields[strings.ToLower(name)] = strings.Join(lines, separator)
	}
	return fields
}

// KeyFunc says whom a request counts for: several texts for a rule by several things, none where the request lacks it.
type KeyFunc func(*View) []string

type addressFinder struct {
	proxies    trustedProxies
	ipv6Prefix int
}

func newAddressFinder(networks []string, ipv6Prefix int) (addressFinder, error) {
	if ipv6Prefix == 0 {
		ipv6Prefix = 64
	}
	if ipv6Prefix < 1 || ipv6Prefix > 128 {
		return addressFinder{}, &OptionError{"IPv6Prefix", ipv6Prefix, "a whole number from 1 to 128"}
	}
	proxies, err := newTrustedProxies(networks)
	return addressFinder{proxies, ipv6Prefix}, err
}

func (f addressFinder) find(view *View) (netip.Addr, bool) {
	host := view.Peer
	if bare, _, err := net.SplitHostPort(view.Peer); err == nil {
		host = bare
	}
	host, _, _ = strings.Cut(host, "%")
	peer, ok := parseAddress(host)
	if !ok || !f.proxies.contains(peer) {
		return peer, ok
	}
	return f.proxies.caller(peer, view.Fields["X-Forwarded-For"], view.Fields["Forwarded"]), true
}

// ByAddress counts by the caller's address behind trusted proxies: IPv4 whole, IPv6 by ipv6Prefix bits (64 where 0).
func ByAddress(ipv6Prefix int, trustedProxies ...string) (KeyFunc, error) {
	finder, err := newAddressFinder(trustedProxies, ipv6Prefix)
	if err != nil {
		return nil, err
	}
	return func(view *View) []string {
		address, ok := finder.find(view)
		if !ok {
			return nil
		}
		return []string{countedBy(address, finder.ipv6Prefix)}
	}, nil
}

// ByHeader counts by the first field of each name. Whoever may send any value has as many limits as it can think of names.
func ByHeader(names ...string) KeyFunc {
	return func(view *View) []string {
		key := make([]string, len(names))
		for i, name := range names {
			if lines := view.Lines(name); len(lines) > 0 {
				key[i] = strings.TrimSpace(lines[0])
			}
		}
		return key
	}
}

var bearer = regexp.MustCompile(`(?i)^bearer +(\S+)\s*$`)

// ByAPIKey counts by X-API-Key, or else by the one `Authorization: Bearer`.
func ByAPIKey() KeyFunc {
	return func(view *View) []string {
		if key := ByHeader("X-Api-Key")(view); key[0] != "" {
			return key
		}
		lines := view.Lines("Authorization")
		if len(lines) != 1 {
			return nil
		}
		if found := bearer.FindStringSubmatch(lines[0]); found != nil {
			return found[1:]
		}
		return nil
	}
}
