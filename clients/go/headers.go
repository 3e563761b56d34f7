package rateguard

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	// JavaScript clients set a timer for Retry-After, and beyond 2^31 ms a timer ends at once.
	retryAfterEnd = 24 * 24 * time.Hour
	// Clients that retry by themselves sleep for as long as they are told; above this they should not.
	worthWaiting = time.Minute
	// Structured fields have integers of at most 15 digits (RFC 9651).
	integerMax = 999_999_999_999_999
)

// Field is one header field.
type Field struct{ Name, Value string }

func seconds(wait time.Duration) int64 {
	return int64((wait + time.Second - 1) / time.Second)
}

func quoted(name string) string {
	var text strings.Builder
	text.WriteByte('"')
	for _, character := range name {
		switch {
		case character == '"' || character == '\\':
			text.WriteByte('\\')
			text.WriteRune(character)
		case character < ' ' || character > '~':
			text.WriteByte('?')
		default:
			text.WriteRune(character)
		}
	}
	text.WriteByte('"')
	return text.String()
}

// Headers are the fields for a decision. name and windowSeconds (0: unknown) are those of a limit of the call site's own.
func (d Decision) Headers(style HeaderStyle, name string, windowSeconds int64) []Field {
	fields := make([]Field, 0, 6)
	if style == IETF || style == Both {
		fields = append(fields, d.ietf(name, windowSeconds)...)
	}
	if (style == Legacy || style == Both) && d.Limited {
		fields = append(fields,
			Field{"X-RateLimit-Limit", strconv.FormatInt(d.Limit, 10)},
			Field{"X-RateLimit-Remaining", strconv.FormatInt(d.Remaining, 10)},
			Field{"X-RateLimit-Reset", strconv.FormatInt(d.renewal(), 10)})
	}
	if d.Allowed {
		return fields
	}
	return append(fields, d.refusal()...)
}

// renewal is the seconds until there is more: the wait of a refusal, the full reset of an admission.
func (d Decision) renewal() int64 {
	if d.Allowed || d.RetryAfter == Never {
		return seconds(d.ResetAfter)
	}
	return seconds(d.RetryAfter)
}

func (d Decision) ietf(name string, windowSeconds int64) []Field {
	if d.policy != "" && d.rateLimit != "" {
		policy, limit := d.policy, d.rateLimit
		if d.Rule == "" && name != adHoc {
			policy, limit = strings.Replace(policy, `"ad_hoc"`, quoted(name), 1), strings.Replace(limit, `"ad_hoc"`, quoted(name), 1)
		}
		return []Field{{"RateLimit-Policy", policy}, {"RateLimit", limit}}
	}
	if !d.Limited {
		return nil
	}
	window := ""
	if d.Rule != "" {
		name = d.Rule
	} else if windowSeconds > 0 {
		window = fmt.Sprintf(";w=%d", windowSeconds)
	}
	return []Field{
		{"RateLimit-Policy", fmt.Sprintf("%s;q=%d%s", quoted(name), min(d.Limit, integerMax), window)},
		{"RateLimit", fmt.Sprintf("%s;r=%d;t=%d", quoted(name), min(d.Remaining, integerMax), d.renewal())},
	}
}

func (d Decision) refusal() []Field {
	if d.Failure == Malformed {
		return nil
	}
	if d.Failure != "" {
		return []Field{{"Retry-After", "1"}}
	}
	var fields []Field
	if d.RetryAfter != Never && d.RetryAfter < retryAfterEnd {
		fields = append(fields, Field{"Retry-After", strconv.FormatInt(max(1, seconds(d.RetryAfter)), 10)})
	}
	if d.RetryAfter == Never || d.RetryAfter > worthWaiting {
		fields = append(fields, Field{"X-Should-Retry", "false"})
	}
	return fields
}

// RefusalStatus is 429; 403 where the request lacks what is counted by; 503 where nothing could be decided; 400.
func (d Decision) RefusalStatus() int {
	switch {
	case d.Failure == Malformed:
		return 400
	case d.Failure != "" || d.Undecided:
		return 503
	case d.Reason != "":
		return 403
	}
	return 429
}

type problemDocument struct {
	Type             string   `json:"type"`
	Title            string   `json:"title"`
	Status           int      `json:"status"`
	Detail           string   `json:"detail,omitempty"`
	ViolatedPolicies []string `json:"violated-policies,omitempty"`
}

// Problem is the problem document (RFC 9457) of a refusal.
func (d Decision) Problem(name string) []byte {
	const problems = "https://iana.org/assignments/http-problem-types#"
	document := problemDocument{Type: "about:blank", Title: "Bad Request", Status: d.RefusalStatus()}
	switch document.Status {
	case 429:
		document.Type, document.Title = problems+"quota-exceeded", "Request cannot be satisfied as assigned quota has been exceeded"
		document.Detail = "waiting does not help: the request asks for more than the limit holds"
		if d.RetryAfter != Never {
			document.Detail = fmt.Sprintf("try again in %d s", max(1, seconds(d.RetryAfter)))
		}
		if d.Rule != "" {
			name = d.Rule
		}
		document.ViolatedPolicies = []string{name}
	case 503:
		document.Type, document.Title = problems+"temporary-reduced-capacity", "Service Unavailable"
	case 403:
		document.Title = "Forbidden"
		document.Detail = "the request lacks what limits count by"
		if d.Missing != "" {
			document.Detail = "the request lacks " + d.Missing
		}
	}
	text, _ := json.Marshal(document)
	return text
}
