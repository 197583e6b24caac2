package option

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a time.Duration that is written with d, h, m, s or ms: "30d",
// "1h30m", "250ms". A bare number is an error: it has no unit.
type Duration time.Duration

// D gives the standard library's type.
func (d Duration) D() time.Duration { return time.Duration(d) }

func (d Duration) String() string {
	const day = 24 * time.Hour
	t := time.Duration(d)
	if t >= day && t%day == 0 {
		return strconv.FormatInt(int64(t/day), 10) + "d"
	}
	s := t.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

const durationUnits = `([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)`

// DurationPattern is what ParseDuration reads.
const DurationPattern = `\s*([0-9]+d(0|(` + durationUnits + `)*)|0|(` + durationUnits + `)+)\s*`

// ParseDuration reads what String writes. It takes no signs.
func ParseDuration(s string) (Duration, error) {
	days, rest := int64(0), strings.TrimSpace(s)
	if strings.ContainsAny(rest, "+-") {
		return 0, fmt.Errorf("%q is no duration; use one like \"30s\", \"10m\" or \"7d\"", s)
	}
	if i := strings.IndexByte(rest, 'd'); i > 0 {
		n, err := strconv.ParseInt(rest[:i], 10, 64)
		if err != nil || n < 0 || n > 100_000 {
			return 0, fmt.Errorf("%q is no duration; use one like \"30s\", \"10m\" or \"7d\"", s)
		}
		days, rest = n, rest[i+1:]
		if rest == "" {
			return Duration(time.Duration(days) * 24 * time.Hour), nil
		}
	}
	if rest != "0" && strings.Trim(rest, "0123456789") == "" && rest != "" {
		return 0, fmt.Errorf("%q has no unit; use \"%ss\"", s, strings.TrimSpace(s))
	}
	t, err := time.ParseDuration(rest)
	if err != nil || t < 0 || t > math.MaxInt64-time.Duration(days)*24*time.Hour {
		return 0, fmt.Errorf("%q is no duration; use one like \"30s\", \"10m\" or \"7d\"", s)
	}
	return Duration(time.Duration(days)*24*time.Hour + t), nil
}

// UnmarshalTOML takes a string with units.
func (d *Duration) UnmarshalTOML(v any) error {
	s, ok := v.(string)
	if n, whole := v.(int64); whole && n >= 0 {
		return fmt.Errorf("%d has no unit; use \"%ds\"", n, n)
	}
	if !ok {
		return errors.New("not a duration; use a string with a unit, such as \"30s\"")
	}
	p, err := ParseDuration(s)
	if err != nil {
		return err
	}
	*d = p
	return nil
}
