package main

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
)

// TestFullSpoolStopsReadingAndGoesOn: while a receiver is down the spool fills
// up to max_bytes; reading stops without losing its place, and says whom it
// waits for. When the receiver takes events again all of them arrive.
func TestFullSpoolStopsReadingAndGoesOn(t *testing.T) {
	t.Parallel()
	const lines = 2_000 // twice what 1 MiB holds
	var up atomic.Bool
	c := newCounter(t, func(arrival) int {
		if up.Load() {
			return 200
		}
		return 503
	})
	s := newSite(t, fmt.Sprintf(`[spool]
max_bytes = "1MiB"
[[recipients.http]]
name           = "desk"
url            = "%s/"
retry_interval = "100ms"
[[recipients.file]]
name = "file"
path = "out.jsonl"
`, c.URL))
	long := strings.Repeat("x", 200)
	s.appendLines(lines, func(n int) string { return fmt.Sprint(long, n%100) })
	p := s.run()
	wait(t, "the spool to be full", func() bool { return contains(p.log, "the spool is full") })
	if !contains(p.log, `"desk"`) {
		t.Error("it doesn't say who holds the oldest segment")
	}
	p.kill() // a full spool can be started again, too
	p = s.run()
	wait(t, "the spool to be full again", func() bool { return contains(p.log, "the spool is full") })
	up.Store(true)
	wait(t, "all events", func() bool { return c.distinct() == lines })
	p.stop()
	if n := c.repeated(); n > 0 {
		t.Errorf("%d were sent twice", n)
	}
	checkSessionOrder(t, c.all())
}
