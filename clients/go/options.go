package rateguard

import (
	"fmt"
	"regexp"
	"strings"
)

// OptionError says that an option is wrong. It is returned when a client or a middleware is made.
type OptionError struct {
	// Option is the name of the field.
	Option   string
	Value    any
	Expected string
}

func (e *OptionError) Error() string {
	return fmt.Sprintf("rateguard: option '%s': expected %s, not %.80q", e.Option, e.Expected, fmt.Sprint(e.Value))
}

// OnFailure says what a request gets when the service does not decide.
type OnFailure string

const (
	// Open lets the request pass.
	Open OnFailure = "open"
	// Closed refuses it.
	Closed OnFailure = "closed"
)

// HeaderStyle says which header fields tell a client its limits. Refusals have Retry-After and X-Should-Retry in any case.
type HeaderStyle string

const (
	// IETF is RateLimit and RateLimit-Policy as the service sends them, else as draft-ietf-httpapi-ratelimit-headers-10 has them.
	IETF HeaderStyle = "ietf"
	// Legacy is X-RateLimit-Limit, -Remaining and -Reset, the reset in seconds from now.
	Legacy HeaderStyle = "legacy"
	// Both is IETF and Legacy.
	Both HeaderStyle = "both"
	// Off is none of them.
	Off HeaderStyle = "off"
)

// oneOf is the value, or fallback for an empty one.
func oneOf[T ~string](option string, value, fallback T, choices ...T) (T, error) {
	if value == "" {
		return fallback, nil
	}
	quoted := make([]string, len(choices))
	for i, choice := range choices {
		if value == choice {
			return value, nil
		}
		quoted[i] = "'" + string(choice) + "'"
	}
	return "", &OptionError{option, value, strings.Join(quoted, " or ")}
}

var tokenText = regexp.MustCompile(`^[\x21-\x7e]*$`)
