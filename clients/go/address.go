package rateguard

import (
	"net/netip"
	"regexp"
	"strings"
)

const (
	// Hops that are looked at: a bound against headers made to be slow.
	hopsMax = 64
	// The proxies next to us wrote the end of a line. What is further left than this is not looked at.
	listBytesMax      = 128 * (hopsMax + 1)
	elementBytesMax   = 128
	forwardedBytesMax = 8192
)

var (
	// NAT64's well-known prefix (RFC 6052): the address inside is the caller's.
	nat64      = netip.MustParsePrefix("64:ff9b::/96")
	portText   = regexp.MustCompile(`^:([0-9]{1,5}|_[A-Za-z0-9._-]+)$`)
	pairToken  = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
	looseToken = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z:\\[\\]-]+$")
	quotedText = regexp.MustCompile(`^"([^"\\]*)"$`)
)

// parseAddress reads an address without port or zone; IPv4 written as IPv6 is that IPv4 address.
func parseAddress(text string) (netip.Addr, bool) {
	address, err := netip.ParseAddr(text)
	return address.Unmap(), err == nil && address.Zone() == ""
}

// parseHop reads "192.0.2.1", "192.0.2.1:80", "[2001:db8::1]:80", and IPv6 without brackets.
func parseHop(text string) (netip.Addr, bool) {
	if !strings.HasPrefix(text, "[") && strings.Count(text, ":") > 1 {
		return parseAddress(text)
	}
	host, port := text, ""
	if strings.HasPrefix(text, "[") {
		closing := strings.IndexByte(text, ']')
		if closing < 0 || !strings.Contains(text[:closing], ":") {
			return netip.Addr{}, false
		}
		host, port = text[1:closing], text[closing+1:]
	} else if colon := strings.IndexByte(text, ':'); colon >= 0 {
		host, port = text[:colon], text[colon:]
	}
	if port != "" && !portText.MatchString(port) {
		return netip.Addr{}, false
	}
	return parseAddress(host)
}

// countedBy is the text by which an address is counted: IPv4 whole, IPv6 cut to that many bits.
func countedBy(address netip.Addr, ipv6Prefix int) string {
	if nat64.Contains(address) {
		bytes := address.As16()
		return netip.AddrFrom4([4]byte(bytes[12:])).String()
	}
	if address.Is4() {
		return address.String()
	}
	prefix, _ := address.Prefix(ipv6Prefix)
	return prefix.Addr().String()
}

type trustedProxies struct {
	networks   []netip.Prefix
	everything bool
}

func newTrustedProxies(networks []string) (trustedProxies, error) {
	var trusted trustedProxies
	for _, text := range networks {
		network, err := netip.ParsePrefix(text)
		if address, ok := parseAddress(text); ok {
			network, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if err != nil || network.Masked() != network {
			return trusted, &OptionError{"TrustedProxies", text, `an address or a network such as "10.0.0.0/8", without bits behind its prefix`}
		}
		trusted.everything = trusted.everything || network == netip.MustParsePrefix("::/0")
		trusted.networks = append(trusted.networks, network)
	}
	return trusted, nil
}

func (t trustedProxies) contains(address netip.Addr) bool {
	for _, network := range t.networks {
		if network.Contains(address) {
			return true
		}
	}
	return t.everything
}

// caller is peer itself unless it is trusted; else the first from the right of the forwarded addresses that is not. What is
// unreadable ends the walk at the last good address, and fields that contradict each other leave it at the peer. The two are all
// lines of those fields, in order.
func (t trustedProxies) caller(peer netip.Addr, xForwardedFor, forwarded []string) netip.Addr {
	if !t.contains(peer) {
		return peer
	}
	plain, byPlain := t.walk(peer, xForwardedFor, listHops)
	standard, byStandard := t.walk(peer, forwarded, forwardedHops)
	switch {
	case byPlain && byStandard && plain != standard:
		return peer
	case byPlain:
		return plain
	case byStandard:
		return standard
	}
	return peer
}

// hop is an address; empty for an empty element, which counts and says nothing; neither for what is no address.
type hop struct {
	address   netip.Addr
	ok, empty bool
}

// walk is false where the lines say nothing.
func (t trustedProxies) walk(peer netip.Addr, lines []string, hopsOf func(string) []hop) (netip.Addr, bool) {
	if strings.Trim(strings.Join(lines, ","), ", \t") == "" {
		return peer, false
	}
	caller, looked := peer, 0
	for i := len(lines) - 1; i >= 0; i-- {
		hops := hopsOf(lines[i])
		for j := len(hops) - 1; j >= 0; j-- {
			looked++
			if looked > hopsMax || !(hops[j].ok || hops[j].empty) {
				return caller, true
			}
			if hops[j].empty {
				continue
			}
			caller = hops[j].address
			if !t.contains(caller) {
				return caller, true
			}
		}
	}
	return caller, true
}

func listHops(line string) []hop {
	if len(line) > listBytesMax {
		line = line[len(line)-listBytesMax:]
	}
	elements := strings.Split(line, ",")
	if len(elements) > hopsMax+1 {
		elements = elements[len(elements)-hopsMax-1:]
	}
	hops := make([]hop, len(elements))
	for i, element := range elements {
		text := strings.Trim(element, " \t")
		if len(element) >= elementBytesMax {
			continue
		}
		hops[i].address, hops[i].ok = parseHop(text)
		hops[i].empty = text == ""
	}
	return hops
}

func forwardedHops(line string) []hop {
	elements, ok := split(line, ',')
	if len(line) > forwardedBytesMax || !ok {
		return make([]hop, 1)
	}
	var hops []hop
	for _, element := range elements {
		if element != "" {
			address, ok := forwardedHop(element)
			hops = append(hops, hop{address: address, ok: ok})
		}
	}
	return hops
}

// split is the parts between separators outside of quotes, trimmed; false where a quoted string does not close.
func split(text string, separator byte) ([]string, bool) {
	var parts []string
	start, quoted := 0, false
	for at := 0; at < len(text); at++ {
		switch {
		case quoted && text[at] == '\\':
			at++
		case text[at] == '"':
			quoted = !quoted
		case text[at] == separator && !quoted:
			parts = append(parts, strings.Trim(text[start:at], " \t"))
			start = at + 1
		}
	}
	return append(parts, strings.Trim(text[start:], " \t")), !quoted
}

// forwardedHop is the node of the one `for=` in an element of Forwarded (RFC 7239) that is well formed.
func forwardedHop(element string) (netip.Addr, bool) {
	node, found := "", false
	pairs, ok := split(element, ';')
	if !ok {
		return netip.Addr{}, false
	}
	for _, pair := range pairs {
		if pair == "" {
			continue
		}
		name, raw, equals := strings.Cut(pair, "=")
		if !equals || !pairToken.MatchString(name) {
			return netip.Addr{}, false
		}
		value, valid := raw, looseToken.MatchString(raw)
		if quoted := quotedText.FindStringSubmatch(raw); quoted != nil {
			value, valid = quoted[1], true
		}
		if strings.EqualFold(name, "for") {
			if found || !valid {
				return netip.Addr{}, false
			}
			node, found = value, true
		} else if !valid && !strings.HasPrefix(raw, `"`) {
			return netip.Addr{}, false
		}
	}
	return parseHop(node)
}
