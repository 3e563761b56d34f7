package rateguard

import (
	"encoding/json"
	"time"
)

// Failure says why the service did not decide.
type Failure string

const (
	// Unreachable: no connection, or it was lost.
	Unreachable Failure = "unreachable"
	// Deadline: no answer in time.
	Deadline Failure = "deadline"
	// Nonsense: an answer that is not RateGuard's.
	Nonsense Failure = "nonsense"
	// Unauthorized: 401 or 403.
	Unauthorized Failure = "unauthorized"
	// Misconfigured: there is no such rule.
	Misconfigured Failure = "misconfigured"
	// Unavailable: the service refuses to serve (503).
	Unavailable Failure = "unavailable"
	// Paused: the breaker is open after failures.
	Paused Failure = "paused"
	// Malformed: the service calls this one question wrong. It is refused whatever OnFailure says.
	Malformed Failure = "question"
	// Caller: a function of the options panicked, or the context of the question ended.
	Caller Failure = "caller"
)

// Never is the RetryAfter of a refusal where waiting does not help.
const Never time.Duration = -1

// Decision is what the service decided, or what was decided in its place.
type Decision struct {
	// Allowed: the request may pass.
	Allowed bool
	// Limited: a limit applies, and Limit and Remaining are its.
	Limited          bool
	Limit, Remaining int64
	// RetryAfter is 0 when admitted, Never when waiting does not help.
	RetryAfter time.Duration
	// ResetAfter is the time until the counter is as if never used.
	ResetAfter time.Duration
	// Rule is the deciding rule; empty for a limit of the question's own.
	Rule string
	// Degraded: the service decided without its store.
	Degraded bool
	// Undecided: the service could not reach its counters, and the rule says `on_store_failure: deny`.
	Undecided bool
	// Delay is how long the request waits for its turn in a leaky bucket.
	Delay time.Duration
	// Hold is to be given to Client.Release.
	Hold string
	// Reason and Missing: the request lacks what the rule counts by ("missing_identity"), or has an unknown plan.
	Reason, Missing string
	// Failure is empty where the service decided; else Allowed is what OnFailure says.
	Failure Failure

	policy, rateLimit string // RateLimit-Policy and RateLimit as the service sent them
}

// answer is what a transport brings back: a decision, or why there is none, with a detail for the log.
type answer struct {
	decision Decision
	failure  Failure
	detail   string
}

var (
	nonsense = answer{failure: Nonsense, detail: "its answer is not that of a RateGuard; is it the right address?"}
	released = answer{decision: Decision{Allowed: true}}
)

// body has the members of an answer of /check.
type body struct {
	Allowed      *bool   `json:"allowed"`
	Limit        *int64  `json:"limit"`
	Remaining    *int64  `json:"remaining"`
	RetryAfterMS *int64  `json:"retry_after_ms"`
	ResetAfterMS *int64  `json:"reset_after_ms"`
	Rule         *string `json:"rule"`
	Degraded     bool    `json:"degraded"`
	DelayMS      int64   `json:"delay_ms"`
	Hold         string  `json:"hold"`
	Reason       string  `json:"reason"`
	Missing      string  `json:"missing"`
}

// decision is false where the members are not those of a decision.
func (b body) decision() (Decision, bool) {
	for _, count := range []*int64{b.Limit, b.Remaining, b.RetryAfterMS, b.ResetAfterMS, &b.DelayMS} {
		if count != nil && *count < 0 {
			return Decision{}, false
		}
	}
	if b.Allowed == nil || b.ResetAfterMS == nil || (b.Limit == nil) != (b.Remaining == nil) {
		return Decision{}, false
	}
	decision := Decision{
		Allowed: *b.Allowed, Limited: b.Limit != nil, RetryAfter: Never, ResetAfter: milliseconds(*b.ResetAfterMS), Degraded: b.Degraded,
		Delay: milliseconds(b.DelayMS), Hold: b.Hold, Reason: b.Reason, Missing: b.Missing,
	}
	if b.Limit != nil {
		decision.Limit, decision.Remaining = *b.Limit, *b.Remaining
	}
	if b.RetryAfterMS != nil {
		decision.RetryAfter = milliseconds(*b.RetryAfterMS)
	}
	if b.Rule != nil {
		decision.Rule = *b.Rule
	}
	return decision, true
}

func decisionOf(text []byte) (Decision, bool) {
	var members body
	if json.Unmarshal(text, &members) != nil {
		return Decision{}, false
	}
	return members.decision()
}

func milliseconds(number int64) time.Duration {
	if number > int64(windowMax/time.Millisecond)*100 { // a century is for ever
		return windowMax * 100
	}
	return time.Duration(number) * time.Millisecond
}

// missingIdentity is the refusal of a request that lacks what the call site counts by.
func missingIdentity(missing string) Decision {
	return Decision{RetryAfter: Never, Reason: "missing_identity", Missing: missing}
}
