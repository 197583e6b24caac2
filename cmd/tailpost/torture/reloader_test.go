//go:build torture

package torture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"time"
)

// reloader changes the configuration of a bridge that runs, in ways that must
// make no difference to the oracle: who gets what, in which order, how often.
type reloader struct {
	s    *site
	rng  *rand.Rand
	made map[string]int
}

// reload makes changes until ctx ends, some time apart, once the bridge runs.
func (r *reloader) reload(ctx context.Context, run int) {
	for runs := false; r.pause(ctx, 10+r.rng.IntN(200)); {
		if runs = runs || r.s.p.Running(); !runs { // a signal would end it
			continue
		}
		r.s.p.Configure(r.change(r.s.config(run)))
		if r.rng.IntN(4) > 0 {
			r.s.p.Signal(syscall.SIGHUP)
		}
	}
}

func (r *reloader) pause(ctx context.Context, ms int) bool {
	select {
	case <-time.After(time.Duration(ms) * time.Millisecond):
		return true
	case <-ctx.Done():
		return false
	}
}

// change gives the configuration with a few changes. Those before are undone.
func (r *reloader) change(text string) string {
	tables := strings.Split(text, "\n\n")
	for range 1 + r.rng.IntN(3) {
		i := 1 + r.rng.IntN(len(tables)-1)
		name := "refused"
		switch t := tables[i]; {
		case r.rng.IntN(12) == 0:
			tables[i] += "\nno toml"
		case strings.HasPrefix(t, "[[recipients"):
			name, tables[i] = r.recipient(t)
		case strings.HasPrefix(t, "[[sources"):
			name, tables[i] = r.source(t)
		case strings.HasPrefix(t, "[defaults"):
			name, tables[i] = "all http recipients changed", strings.Replace(t, `"50ms"`, fmt.Sprintf(`"%dms"`, 50+r.rng.IntN(20)), 1)
		}
		r.made[name]++
	}
	return strings.Join(tables, "\n\n")
}

func (r *reloader) recipient(t string) (what, changed string) {
	switch r.rng.IntN(4) {
	case 0:
		return "recipient removed", ""
	case 1:
		return "recipient paused", t + "\npaused = true\n"
	case 2:
		return "recipient changed", t + "\nmax_retry_interval = \"2h\"\n"
	default:
		return "recipient changed", t + fmt.Sprintf("\nretry_duration = \"%dh\"\n", 24+r.rng.IntN(5))
	}
}

func (r *reloader) source(t string) (what, changed string) {
	if r.rng.IntN(4) == 0 {
		return "source removed", ""
	}
	return "source changed", t + fmt.Sprintf("\nmax_line = \"%dKiB\"\n", 512+r.rng.IntN(5))
}
