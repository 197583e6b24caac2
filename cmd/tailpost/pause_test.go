package main

import (
	"strings"
	"sync/atomic"
	"testing"
)

// TestPause: nothing is sent to a paused recipient, over a restart too, and all
// of it once it is resumed; another recipient goes on.
func TestPause(t *testing.T) {
	t.Parallel()
	for name, running := range map[string]bool{"running": true, "stopped": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			desk, other := newCounter(t, always(200)), newCounter(t, always(200))
			s := newSite(t, recipientAt("desk", desk.URL, "")+recipientAt("other", other.URL, ""))
			p := s.run()
			command := func(args ...string) string {
				t.Helper()
				if !running {
					p.stop()
				}
				out := s.says(0, "", args...)
				if !running {
					p = s.run()
				}
				return out
			}
			s.appendLines(1, func(int) string { return "a" })
			wait(t, "the first event", func() bool { return desk.distinct() == 1 && other.distinct() == 1 })
			s.says(1, "recipient nobody: no such recipient; tailpost audit lists", "pause", "nobody")
			s.says(1, `recipient no\x1b[31mbody: no such`, "pause", "no\x1b[31mbody")
			if out := command("pause", "desk"); out != "desk is paused: what is accepted for it waits until it is resumed\n" {
				t.Errorf("pause: %q", out)
			}
			s.appendLines(3, func(int) string { return "a" })
			wait(t, "the other recipient's", func() bool { return other.distinct() == 4 })
			p.stop()
			if out := s.says(0, "all sums fit", "audit"); !strings.Contains(out, "desk (paused)  4       1          3 ") {
				t.Errorf("audit:\n%s", out)
			}
			if out := s.says(0, "", "spool", "cat", "--recipient", "desk"); strings.Count(out, `"lsid":"a"`) != 3 || strings.Contains(out, `"timestamp":1,`) {
				t.Errorf("waiting for desk:\n%s", out)
			}
			if out := s.says(0, "", "spool", "cat", "--recipient", "other"); out != "" {
				t.Errorf("waiting for the other:\n%s", out)
			}
			s.says(1, "recipient nobody: no such recipient", "spool", "cat", "--recipient", "nobody")
			p = s.run()
			s.appendLines(1, func(int) string { return "b" })
			wait(t, "the other recipient's", func() bool { return other.distinct() == 5 })
			if n := desk.distinct(); n != 1 {
				t.Errorf("%d events came to the paused one, want that before alone", n)
			}
			if out := command("resume", "desk"); !strings.HasPrefix(out, "desk is resumed: ") {
				t.Errorf("resume: %q", out)
			}
			wait(t, "what was kept", func() bool { return desk.distinct() == 5 })
			p.stop()
			if n := desk.repeated(); n != 0 {
				t.Errorf("%d events came again", n)
			}
			checkSessionOrder(t, desk.all())
		})
	}
}

// TestDeadReplay: dead letters are sent once more, with their ids, by the bridge
// that runs and by one that is started later.
func TestDeadReplay(t *testing.T) {
	t.Parallel()
	for name, running := range map[string]bool{"running": true, "stopped": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var good atomic.Bool
			c := newCounter(t, func(a arrival) int {
				if a.timestamp%2 == 0 && !good.Load() {
					return 500
				}
				return 200
			})
			s := newSite(t, recipientAt("desk", c.URL, `retry_duration = "100ms"`))
			s.appendLines(6, func(int) string { return "one" })
			p := s.run()
			wait(t, "three dead letters", func() bool { return strings.Count(p.log.String(), `"message":"dead letter"`) == 3 })
			wait(t, "the others", func() bool { return c.distinct() == 3 })
			good.Store(true)
			if !running {
				p.stop()
			}
			s.says(0, "3 dead letters wait again", "dead", "replay", "--recipient", "desk")
			if out := s.says(0, "", "dead", "ls"); strings.Contains(out, "desk") {
				t.Errorf("they are listed still:\n%s", out)
			}
			if !running {
				p = s.run()
			}
			wait(t, "the dead ones", func() bool { return c.distinct() == 6 })
			p.stop()
			s.says(0, "all sums fit", "audit")
			p = s.run()
			p.stop()
			if n := c.repeated(); n != 0 {
				t.Errorf("%d events came again", n)
			}
			checkIDs(t, c.all())
		})
	}
}

// TestResumeAgainstTheConfiguration: what the configuration pauses, a person
// doesn't resume, and is told so.
func TestResumeAgainstTheConfiguration(t *testing.T) {
	t.Parallel()
	s := newSite(t, recipientAt("desk", "http://127.0.0.1:1/", "paused = true\n")+recipientAt("off", "http://127.0.0.1:1/", "enabled = false\n"))
	s.run().stop()
	s.says(0, "desk is paused in the configuration (paused = true): resume it there", "resume", "desk")
	s.says(0, "off is disabled in the configuration (enabled = false): enable it there", "resume", "off")
	s.says(0, "desk is paused; it is paused in the configuration, too", "pause", "desk")
}
