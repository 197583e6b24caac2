//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/cmd/tailpost/trial"
)

// tally is what became of a site's lines.
type tally struct {
	lines    int // sent to rsyslog
	lost     int // lines that stand in a file and in no event
	repeated int // lines that are in two events, or delivered twice by one life of the bridge
	dropped  int // lines that are in no file: rotation itself dropped them
	saved    int // of them: those that were taken before that
	again    int // delivered by two lives, because of a kill
}

// mostUnderWay is how many events a recipient can have under way at a kill.
const mostUnderWay = 256

// lastLines ends the feeding, and returns when all lines that stand in the
// files are delivered.
func (s *rotatedSite) lastLines(t *testing.T, p *trial.Program) {
	t.Helper()
	s.enough()
	if err := <-s.fed; err != nil {
		t.Fatal(err)
	}
	s.written(t)
	left := missing(s.standing(t), s.delivered)
	defer func() {
		if len(left) > 0 {
			t.Logf("stand in a file and were not delivered: %s", ranges(left))
		}
	}()
	eventually(t, time.Minute, "delivered: all lines of the files", func() bool {
		p.MustRun()
		s.look(t)
		left = slices.DeleteFunc(left, func(n int) bool { return s.delivered[n] > 0 })
		return len(left) == 0
	})
}

// judge compares the files, the spool and what was delivered. The bridge is
// stopped.
func (s *rotatedSite) judge(t *testing.T, p *trial.Program) tally {
	t.Helper()
	c := tally{lines: int(s.sent.Load())}
	standing, spooled := s.standing(t), events(t, strings.NewReader(p.Command("spool", "cat")))
	for n := range c.lines {
		if !standing[n] {
			c.dropped++
			c.saved += min(spooled[n], 1)
		}
	}
	s.look(t)
	for n := range spooled {
		if n >= c.lines || s.delivered[n] == 0 {
			t.Errorf("line %d is in the spool, of %d that were sent, and was delivered by %d lives", n, c.lines, s.delivered[n])
		}
		c.again += max(0, s.delivered[n]-1)
	}
	lost, twice := missing(standing, spooled), s.twice(spooled)
	c.lost, c.repeated = len(lost), len(twice)
	if c.lost > 0 || c.repeated > 0 {
		t.Errorf("lost: %s; repeated: %s", ranges(lost), ranges(twice))
	}
	if c.again > mostUnderWay*len(s.lives) {
		t.Errorf("%d lines were delivered by two of %d lives: more than can have been under way", c.again, len(s.lives))
	}
	return c
}

// twice gives the lines that the bridge took twice, or delivered twice without
// a kill between.
func (s *rotatedSite) twice(spooled map[int]int) []int {
	var out []int
	for n, times := range spooled {
		if times > 1 || slices.ContainsFunc(s.lives, func(l *life) bool { return l.got[n] > 1 }) {
			out = append(out, n)
		}
	}
	return out
}

// missing gives the lines that stand in a file and in no event, in order.
func missing(standing map[int]bool, got map[int]int) []int {
	var out []int
	for n := range standing {
		if got[n] == 0 {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// ranges tells numbers in few words.
func ranges(of []int) string {
	slices.Sort(of)
	var out []string
	for i := 0; i < len(of); i++ {
		first := of[i]
		for i+1 < len(of) && of[i+1] == of[i]+1 {
			i++
		}
		out = append(out, fmt.Sprintf("%d-%d", first, of[i]))
	}
	return strings.Join(out, " ")
}
