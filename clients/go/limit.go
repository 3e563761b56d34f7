package rateguard

import (
	"encoding/json"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"time"
)

// simpleLimit is limit units per window, at most burst at once (GCRA): both transports know it.
type simpleLimit struct {
	limit, burst int64
	window       time.Duration
}

const (
	unitsMax  = 1<<53 - 1
	windowMax = 366 * 24 * time.Hour
	wanted    = `a limit such as "100/m", "5/10s" or "100/10s burst 20"`
)

var (
	limitText = regexp.MustCompile(`^\s*([0-9]{1,16})\s*/\s*([0-9]{1,10}(?:\.[0-9]{1,3})?)?\s*([a-z]+)(?:\s+burst\s+([0-9]{1,16}))?\s*$`)
	units     = map[string]time.Duration{}
)

func init() {
	for unit, words := range map[time.Duration][]string{
		time.Millisecond: {"ms"},
		time.Second:      {"s", "sec", "second", "seconds"},
		time.Minute:      {"m", "min", "minute", "minutes"},
		time.Hour:        {"h", "hour", "hours"},
		24 * time.Hour:   {"d", "day", "days"},
		168 * time.Hour:  {"w", "week", "weeks"},
	} {
		for _, word := range words {
			units[word] = unit
		}
	}
}

// parseLimit reads "100/10s burst 20": 100 per 10 seconds, at most 20 at once; without a burst, the whole limit at once.
func parseLimit(text string) (simpleLimit, error) {
	wrong := &OptionError{"Limit", text, wanted}
	found := limitText.FindStringSubmatch(text)
	if found == nil || units[found[3]] == 0 {
		return simpleLimit{}, wrong
	}
	limit, _ := strconv.ParseInt(found[1], 10, 64)
	window, ok := exactWindow(found[2], units[found[3]])
	burst := limit
	if found[4] != "" {
		burst, _ = strconv.ParseInt(found[4], 10, 64)
	}
	if !ok || limit < 1 || limit > unitsMax || burst < 1 || burst > unitsMax {
		return simpleLimit{}, wrong
	}
	return simpleLimit{limit, burst, window}, nil
}

// exactWindow is count times unit, where that is whole milliseconds from 1 ms to 366 days.
func exactWindow(count string, unit time.Duration) (time.Duration, bool) {
	if count == "" {
		return unit, true
	}
	times, _ := new(big.Rat).SetString(count)
	milliseconds := new(big.Rat).Mul(times, new(big.Rat).SetInt64(int64(unit/time.Millisecond)))
	if !milliseconds.IsInt() || !milliseconds.Num().IsInt64() {
		return 0, false
	}
	number := milliseconds.Num().Int64()
	return time.Duration(number) * time.Millisecond, number >= 1 && number <= int64(windowMax/time.Millisecond)
}

// parameters are those of POST /check.
func (l simpleLimit) parameters() map[string]any {
	return map[string]any{
		"algorithm": "gcra", "limit": l.limit, "window": strconv.FormatInt(int64(l.window/time.Millisecond), 10) + "ms", "burst": l.burst,
	}
}

// throttle is burst, count and seconds of the command THROTTLE, which knows GCRA in whole seconds.
func (l simpleLimit) throttle() ([3]string, error) {
	if l.window%time.Second != 0 || l.limit > math.MaxUint32 || l.burst > math.MaxUint32 {
		return [3]string{}, &OptionError{"Limit", l, "whole seconds and at most 4294967295 units with the transport 'resp'"}
	}
	return [3]string{strconv.FormatInt(l.burst, 10), strconv.FormatInt(l.limit, 10), strconv.FormatInt(int64(l.window/time.Second), 10)}, nil
}

// seconds in which the limit renews itself, for RateLimit-Policy.
func (l simpleLimit) seconds() int64 {
	product := new(big.Int).Mul(big.NewInt(l.burst), big.NewInt(int64(l.window/time.Millisecond)))
	divisor := new(big.Int).Mul(big.NewInt(l.limit), big.NewInt(1000))
	quotient, rest := new(big.Int).QuoRem(product, divisor, new(big.Int))
	if rest.Sign() > 0 || quotient.Sign() == 0 {
		quotient.Add(quotient, big.NewInt(1))
	}
	return quotient.Int64()
}

// Parameters of a limit as POST /check takes them: {"algorithm": "fixed_window", "limit": 5, "window": "1m"}. Transport http.
type Parameters map[string]any

func (p Parameters) validate() error {
	if _, ok := p["algorithm"].(string); !ok {
		return &OptionError{"Parameters", p, "parameters with 'algorithm'"}
	}
	if _, err := json.Marshal(p); err != nil {
		return &OptionError{"Parameters", p, "parameters that are JSON"}
	}
	return nil
}
