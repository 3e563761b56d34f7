package rateguard

import (
	"errors"
)

// Question is a limit to ask and for whom. At most one of Rule, Limit and Parameters; Facts without them.
type Question struct {
	// Rule is a configured rule, for whom Key names; several keys for a rule by several things.
	Rule string
	Key  []string
	// Plan picks a limit where the rule goes by plan.
	Plan string
	// Limit is a limit of the question's own: "100/m", "100/10s burst 20".
	Limit string
	// Parameters are those of such a limit as POST /check takes them (transport http).
	Parameters Parameters
	// Facts are what is known of a request: every configured rule that matches it is asked (transport http).
	Facts *Facts
	// Cost is the units to take; 1 where nil. 0 looks, a negative number gives back.
	Cost *int64

	simple *simpleLimit // of Limit, where it was read already
}

func (q Question) simpleLimit() (simpleLimit, error) {
	if q.simple != nil {
		return *q.simple, nil
	}
	return parseLimit(q.Limit)
}

// Facts are what is known of a request.
type Facts struct {
	Method    string            `json:"method,omitempty"`
	Path      string            `json:"path,omitempty"`
	Host      string            `json:"host,omitempty"`
	IP        string            `json:"ip,omitempty"`
	Headers   map[string]string `json:"headers,omitempty"`
	User      string            `json:"user,omitempty"`
	APIKey    string            `json:"api_key,omitempty"`
	Workspace string            `json:"workspace,omitempty"`
	Plan      string            `json:"plan,omitempty"`
}

// Units makes the Cost of a Question.
func Units(cost int64) *int64 { return &cost }

func (q Question) cost() int64 {
	if q.Cost == nil {
		return 1
	}
	return *q.Cost
}

// readReply makes an answer of what a codec's parser found.
type readReply func(reply any) answer

// codec is a protocol in which questions are asked. Bytes in, bytes out: sockets are somebody else's.
type codec interface {
	// greeting is what a connection begins with; its answer is nobody's.
	greeting() []byte
	// validate fails for a question that cannot be asked, whatever its key.
	validate(Question) error
	encode(Question) ([]byte, readReply, error)
	encodeRelease(hold string) ([]byte, readReply)
	parser() parser
}

// parser finds replies in a stream of bytes.
type parser interface {
	// next is the first reply of data and the bytes that it took; 0 bytes: it is not all there.
	next(data []byte) (reply any, taken int, err error)
}

var errNotProtocol = errors.New("it does not speak the protocol that was asked in")

func unauthorized(detail string) answer {
	return answer{failure: Unauthorized, detail: detail + "; set the option 'Token' to one of its tokens"}
}

func clipped(text string) string {
	if len(text) > 300 {
		return text[:300]
	}
	return text
}
