package spool_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

// TestOldest: when the oldest event that waits was accepted, wherever it
// stands, and after a kill.
func TestOldest(t *testing.T) {
	// Event i is accepted at i hours; two in one record at hour 2.
	settle := func(t *testing.T, q *spool.Queue, n uint64) {
		t.Helper()
		if err := q.Settle(t.Context(), n, bridge.Delivered); err != nil {
			t.Fatal(err)
		}
	}
	park := func(t *testing.T, q *spool.Queue, n uint64) {
		t.Helper()
		if ok, err := q.Park(t.Context(), n, 7, bridge.Try{}); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	read := func(t *testing.T, q *spool.Queue, most int) (ns []uint64) {
		t.Helper()
		for range most {
			it, ok, err := q.Next()
			if err != nil || !ok {
				t.Fatal(ok, err)
			}
			ns = append(ns, it.Number)
		}
		return ns
	}
	for _, c := range []struct {
		name string
		do   func(t *testing.T, s *running, q *spool.Queue)
		want time.Duration // since the test began; -1: nothing waits
	}{
		{"nothing is read", func(*testing.T, *running, *spool.Queue) {}, 0},
		{"it is given out", func(t *testing.T, _ *running, q *spool.Queue) { read(t, q, 3) }, 0},
		{"the first is done", func(t *testing.T, _ *running, q *spool.Queue) { settle(t, q, read(t, q, 1)[0]) }, time.Hour},
		{"all but the last, which is not read", func(t *testing.T, _ *running, q *spool.Queue) {
			for _, n := range read(t, q, 4) {
				settle(t, q, n)
			}
		}, 3 * time.Hour},
		{"within a record", func(t *testing.T, _ *running, q *spool.Queue) {
			for _, n := range read(t, q, 3) {
				settle(t, q, n)
			}
		}, 2 * time.Hour},
		{"parked, and later ones are taken", func(t *testing.T, _ *running, q *spool.Queue) {
			ns := read(t, q, 5)
			settle(t, q, ns[0])
			park(t, q, ns[1])
			for _, n := range ns[2:] {
				settle(t, q, n)
			}
		}, time.Hour},
		{"not asked for", func(t *testing.T, _ *running, q *spool.Queue) { q.Pass(read(t, q, 1)[0]) }, time.Hour},
		{"all are taken", func(t *testing.T, _ *running, q *spool.Queue) {
			for _, n := range read(t, q, 5) {
				settle(t, q, n)
			}
		}, -1},
		{"a dead letter that is replayed waits anew", func(t *testing.T, s *running, q *spool.Queue) {
			ns := read(t, q, 5)
			for _, n := range ns[1:] {
				settle(t, q, n)
			}
			if err := q.Bury(t.Context(), ns[0], []byte("letter")); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
			replayAll(t, s)
		}, 5 * time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fs := spooltest.New(0)
				s := open(t, options(fs))
				q := s.queue("r")
				begun := time.Now()
				s.add("a", "0")
				time.Sleep(time.Hour)
				s.add("a", "1")
				time.Sleep(time.Hour)
				s.add("a", "2", "2 too")
				time.Sleep(time.Hour)
				s.add("a", "3")
				time.Sleep(time.Hour)
				equal(t, "before", s.Oldest("r"), begun)
				c.do(t, s, q)
				time.Sleep(time.Second) // all is durable
				check := func(when string) {
					t.Helper()
					got := time.Duration(-1)
					if at := s.Oldest("r"); !at.IsZero() {
						got = at.Sub(begun)
					}
					if got != c.want {
						t.Errorf("%s: %v, want %v", when, got, c.want)
					}
				}
				check("at first")
				check("once more")
				s, _ = restarted(t, s, fs, true)
				if c.name != "not asked for" { // which is not written down
					check("after a kill, nothing is read yet")
					s.queue("r")
					check("after a kill")
				}
			})
		})
	}
}

func replayAll(t *testing.T, s *running) {
	t.Helper()
	_, _, err := s.ReviseDead(t.Context(), func(spool.DeadLetter) (spool.Verdict, error) {
		return spool.Verdict{Replay: true, Session: 1, Event: []byte("again")}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestOldestMoved: it is known of parked events that were moved out of their
// segment, too; and an item that is read back has it.
func TestOldestMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		o := options(fs)
		o.Keep = 0
		s := open(t, o)
		q := s.queue("r")
		begun := time.Now()
		time.Sleep(time.Hour)
		s.fill(0, 1)
		time.Sleep(time.Hour)
		s.fill(1, 40)
		deliverAll(t, q, func(i int) bool { return i == 0 || i == 13 })
		s.fill(40, 41)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if n := s.Status().Segments; n > 2 { // of five
			t.Fatalf("%d segments: nothing was moved", n)
		}
		equal(t, "oldest", s.Oldest("r").Sub(begun), time.Hour)
		s, _ = restarted(t, s, fs, true)
		q = s.queue("r")
		equal(t, "oldest after a kill", s.Oldest("r").Sub(begun), time.Hour)
		parked, _ := q.Restored()
		for i, p := range parked[:2] {
			it, err := q.Get(t.Context(), p.Number)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "item", time.Unix(0, it.Accepted).Sub(begun), time.Duration(i+1)*time.Hour)
		}
		equal(t, "nobody", s.Oldest("nobody"), time.Time{})
	})
}
