package main

import (
	"flag"
	"fmt"
	"sync"
	"testing"
	"time"
)

// TestOutage: a receiver that answers 503 for five seconds gets every event,
// in the order of its session, with the same id at each attempt.
func TestOutage(t *testing.T) {
	t.Parallel()
	begin := sync.OnceValue(time.Now) // with the first attempt
	c := newCounter(t, func(arrival) int {
		if time.Since(begin()) < 5*time.Second {
			return 503
		}
		return 200
	})
	s := newSite(t, fmt.Sprintf(`[[recipients.http]]
name           = "r"
url            = "%s/"
retry_interval = "1s"
`, c.URL))
	const lines = 500
	s.appendLines(lines, func(n int) string { return fmt.Sprint("s", n%20) })
	p := s.run()
	wait(t, "all events", func() bool { return c.distinct() == lines })
	p.stop()

	refused := 0
	for _, a := range c.all() {
		if a.status != 200 {
			refused++
		}
	}
	if refused == 0 {
		t.Error("nothing was refused: the test shows nothing")
	}
	if n := c.repeated(); n != 0 {
		t.Errorf("%d taken twice", n)
	}
	checkIDs(t, c.all()) // the timestamp tells the events apart, so it is the origin's
	checkSessionOrder(t, c.all())
}

// How long something takes on a machine that does other things, too, says
// little: make crashes, where nothing else runs, wants two seconds.
var poisonWithin = flag.Duration("poison.within", 0, "the longest that a good event may take in TestPoisonHoldsUpNobodyElse; 0: any time")

// TestPoisonHoldsUpNobodyElse: of 1,000 sessions every third is answered 500
// for ever, and tried again only after an hour; the events of the others
// arrive meanwhile.
func TestPoisonHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	const sessions, chunk = 1000, 25 // more poison than the window of 256 events holds
	c := newCounter(t, func(a arrival) int {
		if a.timestamp%3 == 0 {
			return 500
		}
		return 200
	})
	s := newSite(t, fmt.Sprintf(`[[recipients.http]]
name           = "r"
url            = "%s/"
retry_interval = "1h"
`, c.URL))
	p := s.run()
	written := make([]time.Time, sessions+1)
	pace := time.NewTicker(100 * time.Millisecond)
	defer pace.Stop()
	for n := 0; n < sessions; n += chunk {
		<-pace.C
		for i := n + 1; i <= n+chunk; i++ {
			written[i] = time.Now()
		}
		s.appendLines(chunk, func(n int) string { return fmt.Sprint("s", n) })
	}
	good := sessions - sessions/3
	wait(t, "the good events", func() bool { return c.distinct() == good })
	p.stop()

	latest := time.Duration(0)
	for _, a := range c.all() {
		if a.status == 200 {
			latest = max(latest, a.at.Sub(written[a.timestamp]))
		}
	}
	t.Logf("the latest of %d good events came %v after its line", good, latest)
	if *poisonWithin > 0 && latest > *poisonWithin {
		t.Errorf("a good event took %v", latest)
	}
}
