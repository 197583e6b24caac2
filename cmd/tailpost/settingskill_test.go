package main

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/tailpost/tailpost/bridge/app"
)

// TestKillWithSettings kills the bridge again and again while one recipient is
// disabled and enabled in turns, and another one, which is down, gives up what
// finds no room. The first gets what was accepted while it was enabled, and
// nothing else; the other the rest, once it is up; and every sum fits after
// each kill.
func TestKillWithSettings(t *testing.T) {
	t.Parallel()
	const kills, inFlight = 6, 4
	// In long lives the journal is written anew. In short ones it isn't: what
	// was said of settings stands in its facts alone when they end.
	lines := [kills]int{1400, 200, 1400, 200, 200, 200}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	luck := rand.New(rand.NewPCG(seed, 1))
	always200 := newCounter(t, always(200))
	var fails atomic.Int64
	turns := newCounter(t, func(arrival) int {
		if fails.Add(1)%7 == 0 {
			return 503
		}
		return 200
	})
	var up atomic.Bool
	yields := newCounter(t, func(arrival) int {
		if up.Load() {
			return 200
		}
		return 503
	})
	recipients := func(on bool) string {
		more := fmt.Sprintf("max_in_flight = %d\n", inFlight)
		return "[spool]\nmax_bytes = \"1MiB\"\nkeep = \"0s\"\n" + recipientAt("always", always200.URL, more) +
			recipientAt("turns", turns.URL, more+fmt.Sprintf("enabled = %v\n", on)) +
			recipientAt("yields", yields.URL, more+"on_full = \"skip\"\n")
	}
	session := func(n int) string { return fmt.Sprint("s", n%300) }
	s := newSite(t, recipients(true))
	balance := func() map[string]app.RecipientBalance {
		t.Helper()
		b, err := app.Audit(filepath.Join(s.dir, "state"))
		if err != nil || len(b.Problems) > 0 {
			t.Fatalf("audit: %v, %+v", err, b)
		}
		out := make(map[string]app.RecipientBalance)
		for _, r := range b.Recipients {
			out[r.Recipient] = r
		}
		return out
	}

	off := make(map[int]bool) // lines that are not for turns
	for life := range kills {
		on := life%2 == 0
		s.rewrite(recipients(on))
		p := s.run()
		before := s.lines
		for s.lines < before+lines[life] { // in parts, so that kills fall anywhere
			s.appendLines(min(1+luck.IntN(1000), before+lines[life]-s.lines), session)
		}
		for n := before + 1; n <= s.lines && !on; n++ {
			off[n] = true
		}
		wait(t, "all to be accepted", func() bool { return always200.distinct() == s.lines })
		p.kill()
		balance()
	}
	s.rewrite(recipients(true))
	up.Store(true)
	p := s.run()
	wait(t, "nothing to wait", func() bool {
		for _, r := range balance() {
			if r.Waiting > 0 {
				return false
			}
		}
		return true
	})
	p.stop()

	end := balance()
	for _, c := range []struct {
		name        string
		got         *counter
		wantSkipped uint64
	}{
		{"always", always200, 0},
		{"turns", turns, uint64(len(off))},
		{"yields", yields, end["yields"].Skipped},
	} {
		b := end[c.name]
		if b.Events != uint64(s.lines) || b.Skipped != c.wantSkipped || b.Delivered != b.Events-b.Skipped || c.got.distinct() != int(b.Delivered) {
			t.Errorf("%s: %+v, it took %d", c.name, b, c.got.distinct())
		}
		if n := c.got.repeated(); n > kills*inFlight {
			t.Errorf("%s: %d came twice", c.name, n)
		}
		checkIDs(t, c.got.all())
		checkSessionOrder(t, c.got.all())
	}
	for _, a := range turns.all() {
		if off[a.timestamp] {
			t.Fatalf("%d was accepted while turns was disabled, and is sent", a.timestamp)
		}
	}
	if end["yields"].Skipped == 0 {
		t.Error("nothing was given up")
	}
	t.Logf("%d lines, %d kills: turns skipped %d, yields %d", s.lines, kills, end["turns"].Skipped, end["yields"].Skipped)
}
