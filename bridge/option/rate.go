package option

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Rate is how often something may happen: "50/s", "100/m", "1/h". Its zero
// value is no limit; the text for that is empty.
type Rate struct {
	Times int           // 1 to 1,000,000
	Per   time.Duration // a second, a minute or an hour
}

const rateMost = 1_000_000

// RatePattern is what UnmarshalText reads.
const RatePattern = `(\s*\+?[0-9]+\s*/\s*[smh]\s*)?`

// UnmarshalText reads a rate.
func (r *Rate) UnmarshalText(text []byte) error {
	*r = Rate{}
	if len(text) == 0 {
		return nil
	}
	times, unit, ok := strings.Cut(string(text), "/")
	n, err := strconv.Atoi(strings.TrimSpace(times))
	per := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}[strings.TrimSpace(unit)]
	switch {
	case !ok || err != nil || per == 0:
		return fmt.Errorf(`%q is no rate; use a number of times a second, minute or hour, such as "50/s", "100/m" or "1/h"`, text)
	case n < 1 || n > rateMost:
		return fmt.Errorf("%q is out of range: use 1 to %d times", text, rateMost)
	}
	*r = Rate{Times: n, Per: per}
	return nil
}

func (r Rate) String() string {
	if r.Times == 0 {
		return ""
	}
	unit := map[time.Duration]string{time.Second: "s", time.Minute: "m", time.Hour: "h"}[r.Per]
	return fmt.Sprintf("%d/%s", r.Times, unit)
}

// Every is the time from one to the next; 0: no limit.
func (r Rate) Every() time.Duration {
	if r.Times == 0 {
		return 0
	}
	n := time.Duration(r.Times)
	return (r.Per + n - 1) / n
}
