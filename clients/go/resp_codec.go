package rateguard

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// No answer to our commands comes near these; beyond them it is something else that speaks.
const (
	lineBytesMax = 4096
	bulkBytesMax = 65_536
	elementsMax  = 256
	depthMax     = 4
)

// respCodec asks with commands of the Redis protocol (RESP2).
type respCodec struct{ token string }

func (c respCodec) greeting() []byte {
	if c.token == "" {
		return nil
	}
	return command("AUTH", c.token)
}

func (respCodec) parser() parser { return respParser{} }

func (respCodec) validate(q Question) error {
	if q.Facts != nil {
		return &OptionError{"Facts", "facts", "no facts with the transport 'resp': ask a rule by its name, or use 'http'"}
	}
	if q.Parameters != nil {
		return &OptionError{"Parameters", q.Parameters, "no parameters with the transport 'resp': use Limit, or 'http'"}
	}
	if q.Limit == "" {
		return nil
	}
	limit, err := parseLimit(q.Limit)
	if err == nil {
		_, err = limit.throttle()
	}
	return err
}

func (c respCodec) encode(q Question) ([]byte, readReply, error) {
	cost := strconv.FormatInt(q.cost(), 10)
	key := ""
	if len(q.Key) > 0 {
		key = q.Key[0]
	}
	if q.Limit != "" {
		limit, err := q.simpleLimit()
		if err != nil {
			return nil, nil, err
		}
		arguments, err := limit.throttle()
		return command("THROTTLE", key, arguments[0], arguments[1], arguments[2], cost), readThrottle, err
	}
	if err := c.validate(q); err != nil {
		return nil, nil, err
	}
	words := []string{"RG.CHECK", q.Rule, key, cost}
	if q.Plan != "" {
		words = append(words, "PLAN", q.Plan)
	}
	if len(q.Key) > 1 {
		words = append(append(words, "AND"), q.Key[1:]...)
	}
	return command(words...), readRuleCheck, nil
}

func (respCodec) encodeRelease(hold string) ([]byte, readReply) {
	return command("RG.RELEASE", hold), func(reply any) answer {
		if _, ok := reply.(int64); ok {
			return released
		}
		return undecidedReply(reply)
	}
}

func command(words ...string) []byte {
	text := make([]byte, 0, 128)
	text = append(strconv.AppendInt(append(text, '*'), int64(len(words)), 10), "\r\n"...)
	for _, word := range words {
		text = append(strconv.AppendInt(append(text, '$'), int64(len(word)), 10), "\r\n"...)
		text = append(append(text, word...), "\r\n"...)
	}
	return text
}

type replyError string

// respParser finds int64, string, replyError, nil and []any.
type respParser struct{}

func (respParser) next(data []byte) (any, int, error) { return replyOf(data, 0) }

func replyOf(data []byte, depth int) (any, int, error) {
	if len(data) == 0 {
		return nil, 0, nil
	}
	if strings.IndexByte("+-:$*", data[0]) < 0 {
		return nil, 0, errNotProtocol
	}
	end := bytes.Index(data[:min(len(data), lineBytesMax)], []byte("\r\n"))
	if end < 0 {
		if len(data) >= lineBytesMax {
			return nil, 0, errNotProtocol
		}
		return nil, 0, nil
	}
	line := string(data[1:end])
	switch data[0] {
	case '+':
		return line, end + 2, nil
	case '-':
		return replyError(line), end + 2, nil
	}
	number, err := strconv.ParseInt(line, 10, 64)
	switch {
	case err != nil || line[0] == '+':
		return nil, 0, errNotProtocol
	case data[0] == ':':
		return number, end + 2, nil
	case number == -1:
		return nil, end + 2, nil
	case data[0] == '$':
		return bulkOf(data, end+2, number)
	}
	return arrayOf(data, end+2, number, depth)
}

func bulkOf(data []byte, start int, length int64) (any, int, error) {
	if length < 0 || length > bulkBytesMax {
		return nil, 0, errNotProtocol
	}
	end := start + int(length)
	if len(data) < end+2 {
		return nil, 0, nil
	}
	return string(data[start:end]), end + 2, nil
}

func arrayOf(data []byte, start int, length int64, depth int) (any, int, error) {
	if length < 0 || length > elementsMax || depth >= depthMax {
		return nil, 0, errNotProtocol
	}
	elements := make([]any, length)
	for i := range elements {
		element, taken, err := replyOf(data[start:], depth+1)
		if err != nil || taken == 0 {
			return nil, 0, err
		}
		elements[i] = element
		start += taken
	}
	return elements, start, nil
}

func readThrottle(reply any) answer {
	elements, ok := reply.([]any)
	if !ok || len(elements) != 5 {
		return undecidedReply(reply)
	}
	var numbers [5]int64
	for i, element := range elements {
		if numbers[i], ok = element.(int64); !ok {
			return nonsense
		}
	}
	decision := Decision{Allowed: numbers[0] == 1, Limited: true, Limit: numbers[1], Remaining: numbers[2], ResetAfter: milliseconds(numbers[3] * 1000)}
	if !decision.Allowed {
		// It says 0 both when admitted and when waiting does not help.
		decision.RetryAfter = Never
		if numbers[4] > 0 {
			decision.RetryAfter = time.Duration(numbers[4]) * time.Second
		}
	}
	return answer{decision: decision}
}

func readRuleCheck(reply any) answer {
	elements, ok := reply.([]any)
	if !ok || len(elements)%2 != 0 {
		return undecidedReply(reply)
	}
	var members body
	texts := map[string]*string{"hold": &members.Hold, "reason": &members.Reason, "missing": &members.Missing}
	counts := map[string]**int64{"limit": &members.Limit, "remaining": &members.Remaining, "retry_after_ms": &members.RetryAfterMS, "reset_after_ms": &members.ResetAfterMS}
	for i := 0; i < len(elements); i += 2 {
		name, _ := elements[i].(string)
		switch value := elements[i+1].(type) {
		case int64:
			switch flag := value == 1; name {
			case "allowed":
				members.Allowed = &flag
			case "degraded":
				members.Degraded = flag
			case "delay_ms":
				members.DelayMS = value
			default:
				if count := counts[name]; count != nil {
					*count = &value
				}
			}
		case string:
			if name == "rule" {
				members.Rule = &value
			} else if text := texts[name]; text != nil {
				*text = value
			}
		}
	}
	decision, ok := members.decision()
	if !ok {
		return nonsense
	}
	return answer{decision: decision}
}

func undecidedReply(reply any) answer {
	text, ok := reply.(replyError)
	if !ok {
		return nonsense
	}
	detail := "answered: " + clipped(string(text))
	word, _, _ := strings.Cut(string(text), " ")
	switch {
	case word == "NOAUTH" || word == "WRONGPASS" || word == "NOPERM":
		return unauthorized(detail)
	case word == "UNAVAILABLE":
		return answer{decision: Decision{RetryAfter: time.Second, Degraded: true, Undecided: true}}
	case strings.HasPrefix(string(text), "ERR there is no rule"):
		return answer{failure: Misconfigured, detail: detail}
	case strings.HasPrefix(string(text), "ERR unknown command"), strings.HasPrefix(string(text), "ERR Protocol error"):
		return answer{failure: Nonsense, detail: detail + "; is it the right address?"}
	}
	return answer{failure: Malformed, detail: detail}
}
