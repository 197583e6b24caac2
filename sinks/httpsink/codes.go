package httpsink

import (
	"strconv"
	"strings"

	"github.com/tailpost/tailpost/bridge/option"
)

// codes is a set of HTTP statuses.
type codes [600]bool

// parseCodes reads codes ("200", 100 to 599) and classes ("2xx"). What is
// neither comes back in bad.
func parseCodes(l option.List) (set codes, bad []string) {
	for _, s := range l {
		lo, n := 0, 1
		class, ok := strings.CutSuffix(strings.ToLower(s), "xx")
		v, err := strconv.Atoi(class)
		if lo = v; ok {
			lo, n = v*100, 100
		}
		if err != nil || lo < 100 || lo+n > len(set) || ok && len(class) != 1 {
			bad = append(bad, s)
			continue
		}
		for i := lo; i < lo+n; i++ {
			set[i] = true
		}
	}
	return set, bad
}

func (c *codes) has(status int) bool {
	return status >= 0 && status < len(c) && c[status]
}
