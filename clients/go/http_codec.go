package rateguard

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

const (
	headBytesMax = 16_384
	// An answer has a few hundred bytes; more than this is none of RateGuard's.
	bodyBytesMax = 65_536
)

type httpCodec struct {
	check, release string // heads, up to the length of the body
}

func newHTTPCodec(target *url.URL, token string) httpCodec {
	fields := "Host: " + target.Host + "\r\nContent-Type: application/json\r\n"
	if token != "" {
		fields += "Authorization: Bearer " + token + "\r\n"
	}
	base := strings.TrimSuffix(target.EscapedPath(), "/")
	head := func(path string) string { return "POST " + base + path + " HTTP/1.1\r\n" + fields + "Content-Length: " }
	return httpCodec{head("/check"), head("/v1/release")}
}

func (httpCodec) greeting() []byte { return nil }

func (httpCodec) parser() parser { return httpParser{} }

func (httpCodec) validate(q Question) error {
	if q.Limit != "" {
		_, err := parseLimit(q.Limit)
		return err
	}
	if q.Parameters != nil {
		return q.Parameters.validate()
	}
	return nil
}

func (c httpCodec) encode(q Question) ([]byte, readReply, error) {
	members := map[string]any{"cost": q.cost()}
	if q.Limit != "" {
		limit, err := q.simpleLimit()
		if err != nil {
			return nil, nil, err
		}
		members = limit.parameters()
		members["cost"] = q.cost()
	}
	for name, value := range q.Parameters {
		members[name] = value
	}
	if len(q.Key) == 1 {
		members["key"] = q.Key[0]
	} else if len(q.Key) > 1 {
		members["key"] = q.Key
	}
	if q.Rule != "" {
		members["rule"] = q.Rule
	}
	if q.Plan != "" {
		members["plan"] = q.Plan
	}
	if q.Facts != nil {
		members["facts"] = q.Facts
	}
	text, err := json.Marshal(members)
	if err != nil {
		return nil, nil, err
	}
	return message(c.check, text), readCheck, nil
}

func (c httpCodec) encodeRelease(hold string) ([]byte, readReply) {
	text, _ := json.Marshal(map[string]string{"hold": hold})
	return message(c.release, text), func(reply any) answer {
		response := reply.(response)
		if response.status == 200 || response.status == 404 {
			return released
		}
		return response.undecided()
	}
}

func message(head string, body []byte) []byte {
	text := make([]byte, 0, len(head)+len(body)+16)
	text = append(text, head...)
	text = strconv.AppendInt(text, int64(len(body)), 10)
	text = append(text, "\r\n\r\n"...)
	return append(text, body...)
}

type response struct {
	status            int
	policy, rateLimit string
	closes            bool
	body              []byte
}

type httpParser struct{}

func (httpParser) next(data []byte) (any, int, error) {
	const version = "HTTP/1."
	if !strings.HasPrefix(version, string(data[:min(len(data), len(version))])) {
		return nil, 0, errNotProtocol
	}
	end := bytes.Index(data, []byte("\r\n\r\n"))
	if end < 0 {
		if len(data) > headBytesMax {
			return nil, 0, errNotProtocol
		}
		return nil, 0, nil
	}
	lines := strings.Split(string(data[:end]), "\r\n")
	words := strings.SplitN(lines[0], " ", 3)
	found := response{}
	length := -1
	if len(words) > 1 {
		found.status, _ = strconv.Atoi(words[1])
	}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "content-length":
			length = number(value)
		case "connection":
			found.closes = strings.EqualFold(value, "close")
		case "ratelimit-policy":
			found.policy = value
		case "ratelimit":
			found.rateLimit = value
		}
	}
	if length < 0 || length > bodyBytesMax || found.status < 100 {
		return nil, 0, errNotProtocol
	}
	if len(data) < end+4+length {
		return nil, 0, nil
	}
	found.body = bytes.Clone(data[end+4 : end+4+length])
	return found, end + 4 + length, nil
}

// number is -1 for what is no number of decimal digits.
func number(text string) int {
	value, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return -1
	}
	return int(value)
}

func readCheck(reply any) answer {
	response := reply.(response)
	if response.status != 200 && response.status != 429 && response.status != 503 {
		return response.undecided()
	}
	decision, ok := decisionOf(response.body)
	if !ok && response.status == 503 {
		return response.undecided()
	}
	if !ok || decision.Allowed != (response.status == 200) {
		return nonsense
	}
	decision.policy, decision.rateLimit = response.policy, response.rateLimit
	decision.Undecided = response.status == 503
	return answer{decision: decision}
}

func (r response) undecided() answer {
	var problem struct {
		Detail *string `json:"detail"`
	}
	detail := fmt.Sprintf("answered %d", r.status)
	isProblem := json.Unmarshal(r.body, &problem) == nil && problem.Detail != nil
	if isProblem {
		detail += ": " + clipped(*problem.Detail)
	}
	switch {
	case r.status == 401 || r.status == 403:
		return unauthorized(detail)
	case !isProblem:
		return nonsense
	case r.status == 404:
		return answer{failure: Misconfigured, detail: detail}
	case r.status == 503:
		return answer{failure: Unavailable, detail: detail}
	case r.status == 400 || r.status == 413 || r.status == 431:
		return answer{failure: Malformed, detail: detail}
	}
	return answer{failure: Nonsense, detail: detail}
}
