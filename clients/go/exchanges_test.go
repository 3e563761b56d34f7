package rateguard

import (
	"strings"
	"testing"
	"time"
)

func TestExchangesOfTheTableOfCases(t *testing.T) {
	for _, table := range cases.Exchanges {
		for _, transport := range table.Transports {
			t.Run(table.Name+" "+transport, func(t *testing.T) {
				table := filledIn(table, unique())
				client := newClient(t, Options{URL: realService(t, transport)})
				server := serve(t, client, siteOf(table.Site))
				for i, request := range table.Requests {
					got := send(t, server, request.Method, request.Path, request.Headers)
					if got.status != request.Status || (got.body == "handled") != (got.status == 200) {
						t.Fatalf("request %d: %d %s, expected %d", i+1, got.status, got.body, request.Status)
					}
					checkFields(t, got.header, request.Fields)
					if table.Settle {
						time.Sleep(50 * time.Millisecond) // given back after the answer has gone: a little later than it
					}
				}
				stats := client.Stats()
				if table.Failure != "" && stats.Failures[table.Failure] != int64(len(table.Requests)) || table.Failure == "" && stats.FailedOpen+stats.FailedClosed != 0 {
					t.Errorf("%+v", stats)
				}
			})
		}
	}
}

func TestAFailureIsToldOnceAndNeverAPanic(t *testing.T) {
	for _, table := range cases.Failures {
		t.Run(strings.Join([]string{table.StandIn, table.Transport, string(table.OnFailure)}, " "), func(t *testing.T) {
			where := "STAND_IN_" + table.StandIn
			if table.StandIn == "LOCKED" {
				where = "RATEGUARD_LOCKED_" + strings.ToUpper(table.Transport)
			}
			deadline := patient
			if table.Failure == Deadline {
				deadline = 20 * time.Millisecond
			}
			var log said
			client := newClient(t, Options{URL: table.Transport + "://" + address(t, where), Deadline: deadline, BreakerFailures: 2, BreakerPause: time.Minute, Log: log.log})
			server := serve(t, client, Site{Limit: "5/m", OnFailure: table.OnFailure})
			for i := 0; i < 4; i++ {
				got := send(t, server, "GET", "/", nil)
				if got.status != table.Status || (got.body == "handled") != (got.status == 200) {
					t.Fatalf("%d %s, expected %d", got.status, got.body, table.Status)
				}
				checkFields(t, got.header, table.Fields)
			}
			// A service that costs time or is away is left alone after two; one that answers at once is asked again.
			paused := int64(0)
			if table.Failure == Unreachable || table.Failure == Deadline || table.Failure == Nonsense {
				paused = 2
			}
			stats := client.Stats()
			if stats.Failures[table.Failure] != 4-paused || stats.Failures[Paused] != paused || stats.FailedOpen+stats.FailedClosed != 4 {
				t.Errorf("%+v", stats)
			}
			if messages := log.all(); len(messages) != 1 || !strings.Contains(messages[0], address(t, where)) {
				t.Errorf("%q", messages)
			}
		})
	}
}

func TestAFunctionOfTheOptionsThatPanicsIsAFailureAndNoPanic(t *testing.T) {
	key := func(*View) []string { return []string{unique()} }
	for name, site := range map[string]Site{
		"key":  {Rule: "users", Key: func(*View) []string { panic("no key") }},
		"plan": {Rule: "users", Key: key, Plan: func(*View) string { panic("no plan") }},
		"cost": {Rule: "users", Key: key, Cost: func(*View) int64 { panic("no cost") }},
		"skip": {Rule: "users", Key: key, Skip: func(*View) bool { panic("no skip") }},
	} {
		var log said
		client := newClient(t, Options{Log: log.log})
		if got := send(t, serve(t, client, site), "GET", "/", nil); got.status != 200 {
			t.Errorf("%s: %d", name, got.status)
		}
		if messages := log.all(); client.Stats().Failures[Caller] != 1 || len(messages) != 1 || !strings.Contains(messages[0], "no "+name) {
			t.Errorf("%s: %q", name, messages)
		}
	}
}

func TestWhatIsSkippedIsNotCounted(t *testing.T) {
	client := newClient(t, Options{})
	server := serve(t, client, Site{Limit: "1/h", Name: unique(), Skip: func(view *View) bool { return view.Path == "/health" }})
	for i := 0; i < 3; i++ {
		if got := send(t, server, "GET", "/health", nil); got.status != 200 {
			t.Error(got.status)
		}
	}
	if client.Stats().Asked != 0 {
		t.Error(client.Stats())
	}
}
