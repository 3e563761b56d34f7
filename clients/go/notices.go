package rateguard

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// Between two outages that are told of, so that a service that comes and goes does not fill the log.
	quiet = time.Minute
	// Different mistakes that are told of.
	mistakesMax = 32
)

// notices is what is said to the log: an outage once when it begins and once when it ends, a mistake once.
type notices struct {
	log     func(string)
	service string
	outage  atomic.Bool

	mutex     sync.Mutex
	mistakes  map[string]bool
	told      bool
	toldAt    time.Time
	undecided int
}

func (n *notices) failed(failure Failure, detail, outcome string, now time.Time) {
	n.mutex.Lock()
	text := n.text(failure, detail, outcome, now)
	n.mutex.Unlock()
	n.say(text)
}

func (n *notices) answered() {
	if !n.outage.Load() {
		return
	}
	n.mutex.Lock()
	text := ""
	if n.told {
		text = fmt.Sprintf("answers again; %d requests were decided without it", n.undecided)
	}
	n.outage.Store(false)
	n.told, n.undecided = false, 0
	n.mutex.Unlock()
	n.say(text)
}

// text is empty where nothing is to be said.
func (n *notices) text(failure Failure, detail, outcome string, now time.Time) string {
	switch failure {
	case Unreachable, Deadline, Nonsense, Unavailable:
		n.undecided++
		if n.outage.Swap(true) || !n.toldAt.IsZero() && now.Sub(n.toldAt) < quiet {
			return ""
		}
		n.told, n.toldAt = true, now
		return detail + "; until it answers, " + outcome
	case Paused:
		n.undecided++
		return ""
	}
	text := detail + "; " + outcome
	if n.mistakes[text] || len(n.mistakes) >= mistakesMax {
		return ""
	}
	if n.mistakes == nil {
		n.mistakes = map[string]bool{}
	}
	n.mistakes[text] = true
	return text
}

func (n *notices) say(text string) {
	if text == "" {
		return
	}
	defer func() { _ = recover() }() // a log that fails must not fail the request
	n.log("rateguard: " + n.service + ": " + text)
}
