package rateguard

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// A machine that is busy with other tests is slow: where a deadline is not what is tested, it is this.
const patient = 5 * time.Second

// fields are expected to be that text, absent (nil), or a pattern behind "~".
type fields map[string]*string

type exchange struct {
	Name       string
	Transports []string
	Site       map[string]any
	Settle     bool
	Failure    Failure
	Requests   []struct {
		Method, Path string
		Headers      map[string]string
		Status       int
		Fields       fields
	}
}

var cases = func() (all struct {
	Identity []struct {
		Peer           string
		TrustedProxies []string `json:"trusted_proxies"`
		IPv6Prefix     int      `json:"ipv6_prefix"`
		XForwardedFor  []string `json:"x_forwarded_for"`
		Forwarded      []string
		Caller         string
	}
	Headers []struct {
		Name, Style string
		Decision    json.RawMessage
		SiteName    string `json:"site_name"`
		Limit       string
		Status      int
		Fields      fields
	}
	Limits []struct {
		Text         string
		Limit, Burst int64
		WindowMS     int64 `json:"window_ms"`
	}
	WrongLimits  []string `json:"wrong_limits"`
	WrongOptions []struct {
		Client, Site map[string]any
		Names        string
	} `json:"wrong_options"`
	Exchanges []exchange
	Failures  []struct {
		StandIn   string `json:"stand_in"`
		Transport string
		OnFailure OnFailure `json:"on_failure"`
		Failure   Failure
		Status    int
		Fields    fields
	}
}) {
	text, err := os.ReadFile("../cases.json")
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil {
		panic(err)
	}
	return all
}()

func address(t testing.TB, name string) string {
	found := os.Getenv(name)
	if found == "" {
		t.Skipf("%s is not set: run the tests through clients/run", name)
	}
	return found
}

func realService(t testing.TB, transport string) string {
	return transport + "://" + address(t, "RATEGUARD_"+strings.ToUpper(transport))
}

// said collects what is told to the log.
type said struct {
	mutex    sync.Mutex
	messages []string
}

func (s *said) log(message string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.messages = append(s.messages, message)
}

func (s *said) all() []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return append([]string{}, s.messages...)
}

// newClient asks the real program, patiently, unless the options say otherwise.
func newClient(t testing.TB, options Options) *Client {
	t.Helper()
	if options.URL == "" {
		options.URL = realService(t, "http")
	}
	if options.Deadline == 0 {
		options.Deadline = patient
	}
	if options.Log == nil {
		options.Log = func(string) {}
	}
	client, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// unique is text that no other run uses, so that no counter is shared.
func unique() string {
	var random [8]byte
	_, _ = rand.Read(random[:])
	return hex.EncodeToString(random[:])
}

// filledIn replaces {run} and {ip4} in every text.
func filledIn[T any](value T, run string) (filled T) {
	random, _ := hex.DecodeString(run[:6])
	text, _ := json.Marshal(value)
	text = []byte(strings.NewReplacer("{run}", run, "{ip4}", fmt.Sprintf("10.%d.%d.%d", random[0], random[1], random[2])).Replace(string(text)))
	if err := json.Unmarshal(text, &filled); err != nil {
		panic(err)
	}
	return filled
}

// siteOf are the options of a case as this client has them.
func siteOf(given map[string]any) Site {
	var site Site
	for name, value := range given {
		switch name {
		case "rule":
			site.Rule = value.(string)
		case "limit":
			site.Limit = value.(string)
		case "name":
			site.Name = value.(string)
		case "headers":
			site.Headers = HeaderStyle(value.(string))
		case "on_failure":
			site.OnFailure = OnFailure(value.(string))
		case "ipv6_prefix":
			site.IPv6Prefix = int(value.(float64))
		case "cost":
			cost := int64(value.(float64))
			site.Cost = func(*View) int64 { return cost }
		case "trusted_proxies":
			site.TrustedProxies = texts(value)
		case "key_header":
			if one, ok := value.(string); ok {
				site.Key = ByHeader(one)
			} else {
				site.Key = ByHeader(texts(value)...)
			}
		default:
			panic(name)
		}
	}
	return site
}

func texts(list any) (found []string) {
	for _, element := range list.([]any) {
		found = append(found, element.(string))
	}
	return found
}

func checkFields(t testing.TB, headers http.Header, expected fields) {
	t.Helper()
	for name, value := range expected {
		lines, present := headers[http.CanonicalHeaderKey(name)]
		switch {
		case value == nil:
			if present {
				t.Errorf("%s: %q, expected none", name, lines)
			}
		case len(lines) != 1:
			t.Errorf("%s: %q, expected one", name, lines)
		case strings.HasPrefix(*value, "~"):
			if !regexp.MustCompile((*value)[1:]).MatchString(lines[0]) {
				t.Errorf("%s: %q does not match %s", name, lines[0], *value)
			}
		case lines[0] != *value:
			t.Errorf("%s: %q, expected %q", name, lines[0], *value)
		}
	}
}

// serve is an application that answers every request with "handled", behind the middleware.
func serve(t testing.TB, client *Client, site Site) *httptest.Server {
	t.Helper()
	middleware, err := client.Middleware(site)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "handled") })))
	t.Cleanup(server.Close)
	return server
}

type reply struct {
	status int
	header http.Header
	body   string
}

func send(t testing.TB, server *httptest.Server, method, path string, headers map[string]string) reply {
	t.Helper()
	request, err := http.NewRequest(method, server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	answered, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answered.Body.Close()
	text, _ := io.ReadAll(answered.Body)
	return reply{answered.StatusCode, answered.Header, string(text)}
}
