package rateguard

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"
)

const adHoc = "ad_hoc"

// Site has the options of a call site. At most one of Rule, Limit and Parameters; without them, every configured rule that matches
// the request is asked (transport http).
type Site struct {
	// Rule is a configured rule by its name, for whom Key names.
	Rule string
	// Limit is a limit of this call site's own: "100/m", "100/10s burst 20".
	Limit string
	// Parameters are those of such a limit as POST /check takes them (transport http).
	Parameters Parameters
	// Key says whom a rule or a limit counts by; by the caller's address where nil.
	Key KeyFunc
	// Plan is the caller's plan, for rules by plan.
	Plan func(*View) string
	// Facts adds what is known beyond method, path, host, address and headers; without Rule, Limit and Parameters.
	Facts func(*View, *Facts)
	// Cost is the units that a request takes; 1 where nil.
	Cost func(*View) int64
	// Skip says which requests are not counted.
	Skip func(*View) bool
	// TrustedProxies are those whose word about addresses is believed, such as "10.0.0.0/8"; nobody's by default.
	TrustedProxies []string
	// IPv6Prefix is how many bits IPv6 callers count by; 64 where 0.
	IPv6Prefix int
	// Headers is IETF where empty.
	Headers HeaderStyle
	// Name is that of Limit or Parameters in header fields and refusals ("ad_hoc"); also the beginning of its keys, so that two limits
	// are two counters.
	Name string
	// OnFailure and Deadline are the client's where empty.
	OnFailure OnFailure
	Deadline  time.Duration
}

// Verdict is what to do with a request.
type Verdict struct {
	Decision Decision
	Headers  []Field
	// Status and Body are those of a refusal.
	Status int
	Body   []byte
}

// Gate is a call site that is ready: what every middleware is made of.
type Gate struct {
	client        *Client
	site          Site
	own, byFacts  bool
	simple        *simpleLimit
	name, prefix  string
	finder        addressFinder
	windowSeconds int64
}

var siteName = regexp.MustCompile(`^[\x20-\x7e]{0,64}$`)

// Gate fails with an OptionError for a wrong option.
func (c *Client) Gate(site Site) (*Gate, error) {
	gate := &Gate{client: c, site: site, own: site.Limit != "" || site.Parameters != nil, name: adHoc}
	gate.byFacts = site.Rule == "" && !gate.own
	if err := gate.checkCombination(); err != nil {
		return nil, err
	}
	var err error
	question := Question{Rule: site.Rule, Limit: site.Limit, Parameters: site.Parameters}
	if gate.byFacts {
		question.Facts = &Facts{}
	}
	if err = c.target.codec.validate(question); err != nil {
		return nil, err
	}
	if site.Limit != "" {
		simple, err := parseLimit(site.Limit)
		if err != nil {
			return nil, err
		}
		gate.simple, gate.windowSeconds = &simple, simple.seconds()
	}
	if site.Name != "" {
		gate.name = site.Name
		if gate.own {
			gate.prefix = site.Name + ":"
		}
	}
	if gate.site.Headers, err = oneOf("Headers", site.Headers, IETF, IETF, Legacy, Both, Off); err != nil {
		return nil, err
	}
	if gate.site.OnFailure, err = oneOf("OnFailure", site.OnFailure, c.options.OnFailure, Open, Closed); err != nil {
		return nil, err
	}
	gate.finder, err = newAddressFinder(site.TrustedProxies, site.IPv6Prefix)
	return gate, err
}

func (g *Gate) checkCombination() error {
	site := g.site
	switch {
	case site.Rule != "" && site.Limit != "", site.Parameters != nil && site.Limit != "":
		return &OptionError{"Limit", site.Limit, "nothing beside 'Rule' or 'Parameters'"}
	case site.Rule != "" && site.Parameters != nil:
		return &OptionError{"Parameters", site.Parameters, "nothing beside 'Rule'"}
	case site.Facts != nil && !g.byFacts:
		return &OptionError{"Facts", "a function", "nothing beside 'Rule', 'Limit' and 'Parameters'"}
	case site.Key != nil && g.byFacts:
		return &OptionError{"Key", "a function", "nothing without 'Rule', 'Limit' or 'Parameters': the matching rules say whom they count by"}
	case !siteName.MatchString(site.Name):
		return &OptionError{"Name", site.Name, "at most 64 ASCII characters"}
	case site.Deadline < 0:
		return &OptionError{"Deadline", site.Deadline, "a duration above 0"}
	}
	return nil
}

// Decide gives nil for a request that is not counted. A function of the options that panics is a failure, and no panic.
func (g *Gate) Decide(view *View) *Verdict {
	decision, counted := g.decision(view)
	if !counted {
		return nil
	}
	verdict := &Verdict{Decision: decision, Headers: decision.Headers(g.site.Headers, g.name, g.windowSeconds)}
	if !decision.Allowed {
		verdict.Status, verdict.Body = decision.RefusalStatus(), decision.Problem(g.name)
	}
	return verdict
}

// Done gives the hold of an admitted request back, if it has one.
func (g *Gate) Done(verdict *Verdict) {
	if verdict != nil && verdict.Decision.Hold != "" {
		g.client.Release(context.Background(), verdict.Decision.Hold)
	}
}

func (g *Gate) call() Call { return Call{g.site.OnFailure, g.site.Deadline} }

func (g *Gate) decision(view *View) (decision Decision, counted bool) {
	question, lacks, skipped, failed := g.question(view)
	switch {
	case skipped:
		return Decision{}, false
	case failed != "":
		return g.client.fail(Caller, failed, g.call()), true
	case lacks:
		return g.client.counted(missingIdentity("key")), true
	}
	ctx := view.Context
	if ctx == nil {
		ctx = context.Background()
	}
	return g.client.Check(ctx, question, g.call()), true
}

// question calls the functions of the options, whose panics are in failed.
func (g *Gate) question(view *View) (question Question, lacks, skipped bool, failed string) {
	defer func() {
		if panicked := recover(); panicked != nil {
			failed = fmt.Sprintf("a function of the middleware's options panicked: %v", panicked)
		}
	}()
	site := &g.site
	if site.Skip != nil && site.Skip(view) {
		return question, false, true, ""
	}
	question = Question{Rule: site.Rule, Limit: site.Limit, Parameters: site.Parameters, simple: g.simple}
	if site.Cost != nil {
		question.Cost = Units(site.Cost(view))
	}
	if g.byFacts {
		question.Facts = g.facts(view)
		return question, false, false, ""
	}
	if site.Plan != nil {
		question.Plan = site.Plan(view)
	}
	if site.Key != nil {
		question.Key = site.Key(view)
	} else if address, ok := g.finder.find(view); ok {
		question.Key = []string{countedBy(address, g.finder.ipv6Prefix)}
	}
	lacks = len(question.Key) == 0
	for _, part := range question.Key {
		lacks = lacks || part == ""
	}
	if g.own && !lacks {
		question.Key = []string{g.prefix + strings.Join(question.Key, ",")}
	}
	return question, lacks, false, ""
}

func (g *Gate) facts(view *View) *Facts {
	facts := &Facts{Method: view.Method, Path: view.Path, Host: view.Host, Headers: view.all()}
	// Read here already: the service must not believe them once more.
	delete(facts.Headers, "x-forwarded-for")
	delete(facts.Headers, "forwarded")
	if address, ok := g.finder.find(view); ok {
		facts.IP = countedBy(address, 128)
	}
	if g.site.Facts != nil {
		g.site.Facts(view, facts)
	}
	return facts
}
