// Package rateguard asks a RateGuard service for rate limits: a client, and middleware for net/http.
package rateguard

import (
	"context"
	"crypto/tls"
	"fmt"
	"log"
	"net"
	"net/url"
	"runtime"
	"sync/atomic"
	"time"
)

// Options of a client. The zero value asks http://127.0.0.1:8080.
type Options struct {
	// URL is "http://127.0.0.1:8080", "https://...", "resp://127.0.0.1:6380" or "resps://..." (the Redis protocol, with TLS).
	URL string
	// Transport is "http" or "resp"; where empty the URL says it.
	Transport string
	// Token is one of the service's `listen.tokens`.
	Token string
	// Deadline is how long to wait for a decision, connecting included; 5 ms where 0.
	Deadline time.Duration
	// OnFailure is Open where empty; each call site may have its own.
	OnFailure OnFailure
	// BreakerFailures in a row keep from asking for BreakerPause: 5 and 1 s where 0. NoBreaker asks always.
	BreakerFailures int
	BreakerPause    time.Duration
	NoBreaker       bool
	// Connections are pipelined; half of GOMAXPROCS where 0, at least 1.
	Connections int
	// TLS is for https and resps.
	TLS *tls.Config
	// Log is where failures are told of, once each; log.Print where nil.
	Log func(message string)
}

// Stats are how many questions ended how, since the client was made.
type Stats struct {
	Asked, Allowed, Refused, FailedOpen, FailedClosed int64
	Failures                                          map[Failure]int64
}

// Client asks the service within a deadline, and always answers with a decision. Any goroutine.
type Client struct {
	options Options
	target  target
	pool    *pool
	breaker breaker
	notices notices

	asked, allowed, refused, failedOpen, failedClosed atomic.Int64
	failures                                          [len(failureNames)]atomic.Int64
}

var failureNames = [...]Failure{Unreachable, Deadline, Nonsense, Unauthorized, Misconfigured, Unavailable, Paused, Malformed, Caller}

// Call is what one call site says differently from the client.
type Call struct {
	OnFailure OnFailure
	Deadline  time.Duration
}

const keyBytesMax = 1024

// New fails with an OptionError for a wrong option. It connects in the background.
func New(options Options) (*Client, error) {
	to, service, err := targetOf(options)
	if err != nil {
		return nil, err
	}
	if options.OnFailure, err = oneOf("OnFailure", options.OnFailure, Open, Open, Closed); err != nil {
		return nil, err
	}
	for _, bound := range []struct {
		name     string
		value    *time.Duration
		fallback time.Duration
	}{{"Deadline", &options.Deadline, 5 * time.Millisecond}, {"BreakerPause", &options.BreakerPause, time.Second}} {
		if *bound.value < 0 {
			return nil, &OptionError{bound.name, *bound.value, "a duration above 0"}
		}
		if *bound.value == 0 {
			*bound.value = bound.fallback
		}
	}
	for _, bound := range []struct {
		name     string
		value    *int
		fallback int
	}{{"BreakerFailures", &options.BreakerFailures, 5}, {"Connections", &options.Connections, max(1, runtime.GOMAXPROCS(0)/2)}} {
		if *bound.value < 0 || *bound.value > 65_535 {
			return nil, &OptionError{bound.name, *bound.value, "a whole number from 1 to 65535"}
		}
		if *bound.value == 0 {
			*bound.value = bound.fallback
		}
	}
	if options.Log == nil {
		options.Log = func(message string) { log.Print(message) }
	}
	client := &Client{options: options, target: to, pool: newPool(to, options.Connections)}
	client.notices.log, client.notices.service = options.Log, service
	client.breaker.failures, client.breaker.pause = int32(options.BreakerFailures), options.BreakerPause
	if options.NoBreaker {
		client.breaker.failures = 0
	}
	client.pool.connection()
	return client, nil
}

// Check asks. It always gives a decision: where the service makes none, OnFailure does, and Failure says why.
func (c *Client) Check(ctx context.Context, question Question, call ...Call) Decision {
	var site Call
	if len(call) > 0 {
		site = call[0]
	}
	c.asked.Add(1)
	if wrongKey(question) {
		return c.counted(missingIdentity("key"))
	}
	message, read, err := c.target.codec.encode(question)
	if err != nil {
		return c.fail(Malformed, err.Error(), site)
	}
	if !c.breaker.admits(time.Now()) {
		return c.fail(Paused, "", site)
	}
	within := site.Deadline
	if within <= 0 {
		within = c.options.Deadline
	}
	found := c.pool.ask(ctx, message, read, within)
	switch found.failure {
	case "":
		c.breaker.succeeded()
		c.notices.answered()
		return c.counted(found.decision)
	case Deadline, Unreachable, Nonsense:
		c.breaker.failed(time.Now())
	case Caller:
		c.breaker.unknown()
	default: // what was answered at once costs no waiting, so that there is no reason to pause
		c.breaker.succeeded()
	}
	return c.fail(found.failure, found.detail, site)
}

// Release gives a hold of a concurrency limit back. False: the service did not take it; the hold then ends by itself.
func (c *Client) Release(ctx context.Context, hold string) bool {
	message, read := c.target.codec.encodeRelease(hold)
	return c.pool.ask(ctx, message, read, max(c.options.Deadline, time.Second)).failure == ""
}

// Ready says whether the service answers before ctx ends; for tests and readiness checks, not needed before Check.
func (c *Client) Ready(ctx context.Context) bool {
	message, read := c.target.codec.encodeRelease("0000000000000000000000000000000000000000")
	return c.pool.ask(ctx, message, read, time.Minute).failure == ""
}

// Close ends the connections.
func (c *Client) Close() { c.pool.close() }

// Stats are a snapshot.
func (c *Client) Stats() Stats {
	stats := Stats{c.asked.Load(), c.allowed.Load(), c.refused.Load(), c.failedOpen.Load(), c.failedClosed.Load(), map[Failure]int64{}}
	for i, name := range failureNames {
		stats.Failures[name] = c.failures[i].Load()
	}
	return stats
}

// fail is the decision where the service made none; it is counted, and told to the log once.
func (c *Client) fail(failure Failure, detail string, site Call) Decision {
	onFailure := site.OnFailure
	if onFailure == "" {
		onFailure = c.options.OnFailure
	}
	// A question that the service calls wrong may be the caller's doing, who must not be able to switch limits off.
	open := failure != Malformed && onFailure == Open
	for i, name := range failureNames {
		if name == failure {
			c.failures[i].Add(1)
		}
	}
	outcome := "requests pass (OnFailure 'open')"
	decision := Decision{Allowed: open, Degraded: true, Failure: failure}
	if open {
		c.failedOpen.Add(1)
	} else {
		c.failedClosed.Add(1)
		decision.RetryAfter = Never
		outcome = "requests are refused (OnFailure 'closed')"
	}
	if failure == Malformed {
		outcome = "the request is refused"
	}
	c.notices.failed(failure, detail, outcome, time.Now())
	return decision
}

func (c *Client) counted(decision Decision) Decision {
	if decision.Allowed {
		c.allowed.Add(1)
	} else {
		c.refused.Add(1)
	}
	return decision
}

// wrongKey says whether no counter may have the key.
func wrongKey(question Question) bool {
	if len(question.Key) == 0 {
		return question.Limit != "" || question.Parameters != nil
	}
	for _, part := range question.Key {
		if part == "" || len(part) > keyBytesMax {
			return true
		}
	}
	return false
}

// targetOf gives the service's name for the log, too.
func targetOf(options Options) (target, string, error) {
	text := options.URL
	if text == "" {
		text = "http://127.0.0.1:8080"
		if options.Transport == "resp" {
			text = "resp://127.0.0.1:6380"
		}
	}
	parsed, err := url.Parse(text)
	if err != nil || parsed.Hostname() == "" {
		return target{}, "", &OptionError{"URL", text, "a URL that begins with http://, https://, resp:// or resps://"}
	}
	if parsed.User != nil {
		return target{}, "", &OptionError{"URL", parsed.Scheme + "://...", "a URL without user and password; use the option 'Token'"}
	}
	kinds := map[string]struct{ kind, port string }{"http": {"http", "80"}, "https": {"http", "443"}, "resp": {"resp", "6380"}, "resps": {"resp", "6380"}}
	scheme, known := kinds[parsed.Scheme]
	if !known {
		return target{}, "", &OptionError{"URL", text, "a URL that begins with http://, https://, resp:// or resps://"}
	}
	if _, err := oneOf("Transport", options.Transport, "", "http", "resp"); err != nil {
		return target{}, "", err
	}
	if options.Transport != "" && options.Transport != scheme.kind {
		return target{}, "", &OptionError{"Transport", options.Transport, fmt.Sprintf("'%s', as the option 'URL' says", scheme.kind)}
	}
	if !tokenText.MatchString(options.Token) {
		return target{}, "", &OptionError{"Token", "...", "visible ASCII characters"}
	}
	port := parsed.Port()
	if port == "" {
		port = scheme.port
	}
	to := target{address: net.JoinHostPort(parsed.Hostname(), port)}
	if parsed.Scheme == "https" || parsed.Scheme == "resps" {
		to.tls = &tls.Config{}
		if options.TLS != nil {
			to.tls = options.TLS.Clone()
		}
		if to.tls.ServerName == "" {
			to.tls.ServerName = parsed.Hostname()
		}
	}
	if scheme.kind == "http" {
		to.codec = newHTTPCodec(parsed, options.Token)
	} else {
		to.codec = respCodec{options.Token}
	}
	return to, parsed.Scheme + "://" + parsed.Host, nil
}
