package rateguard

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func view(peer string, fields map[string][]string) *View { return &View{Peer: peer, Fields: fields} }

func TestACallerIsFoundBehindTrustedProxiesAsTheServiceFindsIt(t *testing.T) {
	for _, table := range cases.Identity {
		find, err := ByAddress(table.IPv6Prefix, table.TrustedProxies...)
		if err != nil {
			t.Fatal(err)
		}
		found := find(view(table.Peer, map[string][]string{"X-Forwarded-For": table.XForwardedFor, "Forwarded": table.Forwarded}))
		if len(found) != 1 || found[0] != table.Caller {
			t.Errorf("%.200s: %q", fmt.Sprint(table), found)
		}
	}
}

func TestAPeerHasAPortAndMayHaveAZone(t *testing.T) {
	find, _ := ByAddress(128)
	for peer, expected := range map[string][]string{"192.0.2.1:80": {"192.0.2.1"}, "[2001:db8::1]:80": {"2001:db8::1"}, "[fe80::1%eth0]:80": {"fe80::1"}, "": nil, "@": nil} {
		if found := find(view(peer, nil)); !reflect.DeepEqual(found, expected) {
			t.Errorf("%s: %q", peer, found)
		}
	}
}

func TestAnAPIKeyIsXAPIKeyOrElseTheOneBearerToken(t *testing.T) {
	for _, table := range []struct {
		header http.Header
		key    []string
	}{
		{http.Header{"X-Api-Key": {"k"}, "Authorization": {"Bearer t"}}, []string{"k"}},
		{http.Header{"Authorization": {"bearer t"}}, []string{"t"}},
		{http.Header{"Authorization": {"Bearer t", "Bearer u"}}, nil},
		{http.Header{"Authorization": {"Basic dTpw"}}, nil},
	} {
		if found := ByAPIKey()(view("", table.header)); !reflect.DeepEqual(found, table.key) {
			t.Errorf("%v: %q", table.header, found)
		}
	}
}

func TestHeaderFields(t *testing.T) {
	for _, table := range cases.Headers {
		decision, ok := decisionOf(table.Decision)
		if !ok {
			t.Fatal(table.Name)
		}
		name, window := adHoc, int64(0)
		if table.SiteName != "" {
			name = table.SiteName
		}
		if table.Limit != "" {
			limit, _ := parseLimit(table.Limit)
			window = limit.seconds()
		}
		header := http.Header{}
		for _, field := range decision.Headers(HeaderStyle(table.Style), name, window) {
			header.Add(field.Name, field.Value)
		}
		t.Run(table.Name, func(t *testing.T) { checkFields(t, header, table.Fields) })
		if !decision.Allowed && decision.RefusalStatus() != table.Status {
			t.Errorf("%s: %d", table.Name, decision.RefusalStatus())
		}
	}
}

func TestALimitIsReadFromItsText(t *testing.T) {
	for _, table := range cases.Limits {
		expected := simpleLimit{table.Limit, table.Burst, time.Duration(table.WindowMS) * time.Millisecond}
		if found, err := parseLimit(table.Text); err != nil || found != expected {
			t.Errorf("%s: %v %v", table.Text, found, err)
		}
	}
	for _, text := range cases.WrongLimits {
		var wrong *OptionError
		if _, err := parseLimit(text); !errors.As(err, &wrong) || wrong.Option != "Limit" {
			t.Errorf("%q: %v", text, err)
		}
	}
}

var goNames = map[string]string{
	"url": "URL", "transport": "Transport", "token": "Token", "deadline_ms": "Deadline", "on_failure": "OnFailure", "breaker_failures": "BreakerFailures",
	"breaker_pause_ms": "BreakerPause", "connections": "Connections", "rule": "Rule", "limit": "Limit", "headers": "Headers", "trusted_proxies": "TrustedProxies",
	"ipv6_prefix": "IPv6Prefix", "name": "Name", "key": "Key", "facts": "Facts",
}

// isZero: in Go the zero value of an option is its default, so that such a case is none.
func isZero(given map[string]any) bool {
	for _, value := range given {
		if value == "" || value == float64(0) {
			return true
		}
	}
	return false
}

func TestAWrongOptionIsNamedWhenItIsGiven(t *testing.T) {
	tried := 0
	for _, table := range cases.WrongOptions {
		if isZero(table.Client) || isZero(table.Site) {
			continue
		}
		tried++
		options := Options{URL: "http://127.0.0.1:1", Log: func(string) {}}
		for name, value := range table.Client {
			switch name {
			case "url":
				options.URL = value.(string)
			case "transport":
				options.Transport = value.(string)
				if len(table.Client) == 1 {
					options.URL = ""
				}
			case "token":
				options.Token = value.(string)
			case "deadline_ms":
				options.Deadline = time.Duration(value.(float64)) * time.Millisecond
			case "on_failure":
				options.OnFailure = OnFailure(value.(string))
			default:
				t.Fatal(name)
			}
		}
		client, err := New(options)
		if table.Site != nil {
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.Middleware(siteOf(table.Site))
			client.Close()
		}
		var wrong *OptionError
		if !errors.As(err, &wrong) || wrong.Option != goNames[table.Names] || !strings.Contains(err.Error(), "'"+wrong.Option+"'") {
			t.Errorf("%v %v: %v", table.Client, table.Site, err)
		}
	}
	if tried < 15 {
		t.Errorf("only %d", tried)
	}
}

func TestWhatIsNoDecisionIsNotTakenForOne(t *testing.T) {
	for _, text := range []string{
		``, `null`, `[]`, `"yes"`, `{}`, `{"allowed":"true","limit":1,"remaining":1,"reset_after_ms":0}`, `{"allowed":true,"limit":-1,"remaining":1,"reset_after_ms":0}`,
		`{"allowed":true,"limit":1,"reset_after_ms":0}`, `{"allowed":true,"limit":1,"remaining":1}`, `{"allowed":true,"limit":1,"remaining":1,"reset_after_ms":0,"rule":7}`,
	} {
		if _, ok := decisionOf([]byte(text)); ok {
			t.Error(text)
		}
	}
}

func readAll(t *testing.T, parser parser, data []byte, size int) (replies []any) {
	var kept []byte
	for start := 0; start < len(data); start += size {
		kept = append(kept, data[start:min(start+size, len(data))]...)
		for {
			reply, taken, err := parser.next(kept)
			if err != nil {
				t.Fatal(err)
			}
			if taken == 0 {
				break
			}
			replies, kept = append(replies, reply), kept[taken:]
		}
	}
	return replies
}

func TestRepliesAreReadHoweverTheyAreCut(t *testing.T) {
	data := []byte("+PONG\r\n:-7\r\n$2\r\nhi\r\n$-1\r\n-ERR no\r\n*3\r\n:1\r\n*1\r\n$1\r\nx\r\n*-1\r\n*0\r\n")
	expected := []any{"PONG", int64(-7), "hi", nil, replyError("ERR no"), []any{int64(1), []any{"x"}, nil}, []any{}}
	for size := 1; size <= len(data); size++ {
		if found := readAll(t, respParser{}, data, size); !reflect.DeepEqual(found, expected) {
			t.Fatalf("%d bytes at a time: %v", size, found)
		}
	}
}

func TestResponsesAreReadHoweverTheyAreCut(t *testing.T) {
	data := []byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nA: b\r\n\r\n{}HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n")
	for size := 1; size <= len(data); size++ {
		found := readAll(t, httpParser{}, data, size)
		if len(found) != 2 || found[0].(response).status != 200 || !bytes.Equal(found[0].(response).body, []byte("{}")) || found[1].(response).status != 429 {
			t.Fatalf("%d bytes at a time: %v", size, found)
		}
	}
}

func TestWhatIsNotTheProtocolIsFoundOut(t *testing.T) {
	for _, text := range []string{"HTTP/1.1 400 Bad Request\r\n", "hello", "+" + strings.Repeat("x", 5000), ":1.5\r\n", ":+1\r\n", "$99999999\r\n", "*1000\r\n", strings.Repeat("*1\r\n", 6), "$-2\r\n"} {
		if _, _, err := (respParser{}).next([]byte(text)); err == nil {
			t.Errorf("%.20q", text)
		}
	}
	for _, text := range []string{"hello", "+PONG\r\n", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n", "HTTP/1.1 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\n" + strings.Repeat("x", 20_000)} {
		if _, _, err := (httpParser{}).next([]byte(text)); err == nil {
			t.Errorf("%.20q", text)
		}
	}
}

func TestTheBreakerLetsOneQuestionTryAfterEachPause(t *testing.T) {
	start := time.Now()
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	breaker := breaker{failures: 2, pause: 100 * time.Millisecond}
	breaker.failed(at(0))
	first := breaker.admits(at(0))
	breaker.failed(at(0))
	got := []bool{first, breaker.admits(at(99)), breaker.admits(at(100)), breaker.admits(at(100))}
	breaker.failed(at(100))
	got = append(got, breaker.admits(at(199)), breaker.admits(at(200)))
	breaker.succeeded()
	got = append(got, breaker.admits(at(200)), breaker.admits(at(200)))
	if expected := []bool{true, false, true, false, false, true, true, true}; !reflect.DeepEqual(got, expected) {
		t.Error(got)
	}
}

func TestOutagesWithinAMinuteAreToldOfOnce(t *testing.T) {
	var log said
	notices := notices{log: log.log}
	start := time.Now()
	for _, second := range []int{0, 1, 59} {
		notices.failed(Deadline, "late", "pass", start.Add(time.Duration(second)*time.Second))
		notices.answered()
	}
	if len(log.all()) != 2 {
		t.Error(log.all())
	}
	notices.failed(Deadline, "late", "pass", start.Add(time.Minute))
	if len(log.all()) != 3 {
		t.Error(log.all())
	}
}

func TestALogThatPanicsDoesNotFailTheRequest(t *testing.T) {
	client := newClient(t, Options{URL: "http://" + address(t, "STAND_IN_AWAY"), Log: func(string) { panic("disk full") }})
	if !client.Check(context.Background(), Question{Key: []string{"a"}, Limit: "5/m"}).Allowed {
		t.Error("refused")
	}
}

func TestManyGoroutinesAreAnsweredEachForItself(t *testing.T) {
	for _, transport := range []string{"http", "resp"} {
		client, run := newClient(t, Options{URL: realService(t, transport), Connections: 3}), unique()
		var admitted atomic.Int64
		var all sync.WaitGroup
		for i := 0; i < 1000; i++ {
			all.Add(1)
			go func(i int) {
				defer all.Done()
				if client.Check(context.Background(), Question{Key: []string{fmt.Sprint(run, i%10)}, Limit: "60/h"}).Allowed {
					admitted.Add(1)
				}
			}(i)
		}
		all.Wait()
		if admitted.Load() != 600 {
			t.Errorf("%s: %d; %+v", transport, admitted.Load(), client.Stats())
		}
	}
}

func TestPlansHoldsCostsAndTokens(t *testing.T) {
	ctx := context.Background()
	for _, transport := range []string{"http", "resp"} {
		client, key := newClient(t, Options{URL: realService(t, transport)}), []string{unique()}
		if free := client.Check(ctx, Question{Rule: "plans", Key: key, Plan: "free"}); free.Limit != 1 {
			t.Errorf("%s: %+v", transport, free)
		}
		if pro := client.Check(ctx, Question{Rule: "plans", Key: key, Plan: "pro"}); pro.Limited || !pro.Allowed {
			t.Errorf("%s: %+v", transport, pro)
		}
		held := client.Check(ctx, Question{Rule: "slots", Key: key})
		if client.Check(ctx, Question{Rule: "slots", Key: key}).Allowed || !client.Release(ctx, held.Hold) || !client.Check(ctx, Question{Rule: "slots", Key: key}).Allowed {
			t.Errorf("%s: holds", transport)
		}
		client.Check(ctx, Question{Rule: "users", Key: key, Cost: Units(3)})
		if none := client.Check(ctx, Question{Rule: "users", Key: key, Cost: Units(0)}); none.Remaining != 0 {
			t.Errorf("%s: %+v", transport, none)
		}
		if back := client.Check(ctx, Question{Rule: "users", Key: key, Cost: Units(-1)}); back.Remaining != 1 {
			t.Errorf("%s: %+v", transport, back)
		}
		locked := transport + "://" + address(t, "RATEGUARD_LOCKED_"+strings.ToUpper(transport))
		if found := newClient(t, Options{URL: locked, Token: "let-me-in"}).Check(ctx, Question{Key: key, Limit: "5/m"}); found.Failure != "" {
			t.Errorf("%s: %+v", transport, found)
		}
		var log said
		found := newClient(t, Options{URL: locked, Token: "guess", Log: log.log}).Check(ctx, Question{Key: key, Limit: "5/m"})
		if found.Failure != Unauthorized || !strings.Contains(log.all()[0], "Token") || strings.Contains(log.all()[0], "guess") {
			t.Errorf("%s: %+v %q", transport, found, log.all())
		}
	}
}

func TestAQuestionThatTheServiceCallsWrongIsRefusedWhateverOnFailureSays(t *testing.T) {
	client := newClient(t, Options{OnFailure: Open})
	wrong := Question{Key: []string{"a"}, Parameters: Parameters{"algorithm": "gcra", "limit": 0, "window": 1}}
	if found := client.Check(context.Background(), wrong); found.Failure != Malformed || found.Allowed {
		t.Errorf("%+v", found)
	}
	facts := Facts{Path: "/users/1", Headers: map[string]string{}}
	for i := 0; i < 101; i++ {
		facts.Headers[fmt.Sprint("x-", i)] = "a"
	}
	if client.Check(context.Background(), Question{Facts: &facts}).Allowed {
		t.Error("101 fields")
	}
}

func TestAContextThatEndsIsNoOutage(t *testing.T) {
	var log said
	client := newClient(t, Options{URL: "http://" + address(t, "STAND_IN_SLOW"), BreakerFailures: 1, Log: log.log})
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if found := client.Check(ctx, Question{Key: []string{"a"}, Limit: "5/m"}); found.Failure != Caller || !found.Allowed {
		t.Errorf("%+v", found)
	}
	if client.Stats().Failures[Paused] != 0 || strings.Contains(log.all()[0], "until it answers") {
		t.Errorf("%q", log.all())
	}
}

func TestAConnectionThatTheServiceClosedIsNotUsedAgain(t *testing.T) {
	client := newClient(t, Options{Connections: 1})
	ask := func() Failure {
		return client.Check(context.Background(), Question{Key: []string{unique()}, Limit: "5/m"}).Failure
	}
	if failure := ask(); failure != "" {
		t.Fatal(failure)
	}
	client.pool.connection().end(nonsense)
	if failure := ask(); failure != "" {
		t.Error(failure)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	if !client.Ready(ctx) {
		t.Error("not ready")
	}
}
