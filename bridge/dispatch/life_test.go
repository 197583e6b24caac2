package dispatch

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
)

// TestDisabledBeginsNothing: it is as if it were paused, but says what it is.
func TestDisabledBeginsNothing(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(p *Policy)
		want   Stats
	}{
		{"disabled", func(p *Policy) { p.Enabled = false }, Stats{Disabled: true}},
		{"paused", func(p *Policy) { p.Paused = true }, Stats{Paused: true}},
		{"both", func(p *Policy) { p.Enabled, p.Paused = false, true }, Stats{Disabled: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, c.change, taken)
				r.q.add("a")
				r.q.paused = true
				r.start()
				synctest.Wait()
				r.q.pause(false) // a person's word doesn't undo the configuration's
				time.Sleep(time.Hour)
				if got := r.w.Stats(); got != c.want {
					t.Errorf("status %+v, want %+v", got, c.want)
				}
				r.stop()
				r.want("")
				r.p.Enabled, r.p.Paused = true, false
				r.run(time.Second)
				r.want("a@3600")
			})
		})
	}
}

// TestDisabledStopsClocks: they stand, over the workers that take turns.
func TestDisabledStopsClocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(p *Policy) { p.RetryDuration = option.Duration(3 * time.Second) }, failing("a"))
		r.q.add("a")
		r.run(1500 * time.Millisecond)
		r.p.Enabled = false
		r.run(time.Hour)
		r.p.Enabled, r.fresh = true, true
		r.run(time.Minute)
		r.want("a!@0 a!@1 a!@3601.5 a!@3602.5 a!@3603.5")
		r.wantCount(bridge.Dead, 1)
	})
}

// TestRetire: the attempt that is under way ends by itself and is recorded,
// nothing more begins, and the next worker goes on at once.
func TestRetire(t *testing.T) {
	for _, order := range []string{Strict, Session, None} {
		t.Run(order, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, func(p *Policy) { p.Order, p.MaxInFlight = order, 1 }, taken)
				r.sink.took = 30 * time.Second // longer than the grace
				r.q.add("a", "b", "c")
				r.start()
				time.Sleep(40 * time.Second)
				begun := time.Now()
				r.w.Retire()
				r.w.Retire()
				if err := <-r.done; err != nil || time.Since(begun) != 20*time.Second {
					t.Errorf("it ends with %v after %v", err, time.Since(begun))
				}
				r.want("a@30 b@60")
				r.run(time.Minute)
				r.want("a@30 b@60 c@90")
				r.wantCount(bridge.Delivered, 3)
			})
		})
	}
}

// TestRetireThenStop: the program's end doesn't wait for longer than the grace.
func TestRetireThenStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, taken)
		r.sink.took = time.Minute
		r.q.add("a")
		r.start()
		synctest.Wait()
		r.w.Retire()
		time.Sleep(10 * time.Second)
		r.stop()
		if took := time.Since(r.sink.start); took != 18*time.Second {
			t.Errorf("it ends after %v", took)
		}
		r.want("")
	})
}

// TestRetireWhileIdle ends a worker that has nothing to do, or is paused.
func TestRetireWhileIdle(t *testing.T) {
	for _, paused := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, func(p *Policy) { p.Paused = paused }, taken)
			r.start()
			synctest.Wait()
			r.w.Retire()
			if err := <-r.done; err != nil {
				t.Error(err)
			}
		})
	}
}

// TestFresh: a worker that takes over tries at once what would have waited,
// by clocks that go on.
func TestFresh(t *testing.T) {
	for _, c := range []struct {
		name, order string
		err         error
		fresh       bool
		want        string
	}{
		{"parked", Session, errEvent, true, "a!@0 a!@1 a!@11 a!@61"},
		{"parked, the same one again", Session, errEvent, false, "a!@0"},
		{"strict", Strict, errEvent, true, "a!@0 a!@1 a!@11 a!@61"},
		{"down", Session, errDial, true, "a!@0 a!@1 a!@11 a!@61"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, func(p *Policy) {
					p.Order, p.RetryInterval, p.RetryDuration = c.order, option.Duration(time.Minute), option.Duration(61*time.Second)
				}, func(bridge.Event, time.Duration) error { return c.err })
				r.fresh = c.fresh
				r.q.add("a")
				r.run(time.Second)
				if c.fresh {
					r.run(10 * time.Second)
				}
				r.run(50 * time.Second)
				if c.fresh {
					r.run(2 * time.Second)
				} else {
					r.run(10 * time.Second)
				}
				got := strings.Join(strings.Fields(r.sink.text()), " ")
				if got != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
			})
		})
	}
}

// TestRateLimit: attempts begin no faster, of whatever kind they are, and the
// loop goes on meanwhile.
func TestRateLimit(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(p *Policy)
		answer func(bridge.Event, time.Duration) error
		want   string
	}{
		{"new events", nil, taken, "a@0 b@2 c@4"},
		{"strict", func(p *Policy) { p.Order = Strict }, taken, "a@0 b@2 c@4"},
		{"a retry among them", nil, until(time.Second, errEvent), "a!@0 b@2 a@4 c@6"},
		{"probes", nil, until(5*time.Second, errDial), "a!@0 b!@2 a!@4 b@6 c@8 a@10"},
		{"longer than the interval", func(p *Policy) { p.Order = Strict }, until(3*time.Second, errBusy), "a!@0 a!@2 a@4 b@6 c@8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, c.change, c.answer)
				r.p.RateLimit = option.Rate{Times: 30, Per: time.Minute}
				r.q.add("a", "b", "c")
				r.run(time.Minute)
				r.want(c.want)
			})
		})
	}
}

// TestRateLimitHoldsUpNothing: results and pauses are heeded between attempts
// that are an hour apart; the next worker knows when the last one began.
func TestRateLimitHoldsUpNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, taken)
		r.p.RateLimit = option.Rate{Times: 1, Per: time.Hour}
		r.sink.took = time.Second
		r.q.add("a", "b", "c")
		r.start()
		time.Sleep(1500 * time.Millisecond)
		r.wantCount(bridge.Delivered, 1)
		r.q.pause(true)
		synctest.Wait()
		if !r.w.Stats().Paused {
			t.Error("the pause waits")
		}
		r.q.pause(false)
		time.Sleep(time.Minute)
		r.w.Retire()
		if err := <-r.done; err != nil {
			t.Error(err)
		}
		r.begun = r.w.Stats().Begun
		r.run(time.Second) // one that begins nothing hands it on
		r.begun = r.w.Stats().Begun
		r.run(2 * time.Hour)
		r.want("a@1 b@3601 c@7201")
	})
}

// TestGiveUp: what is asked for is given up once the attempts under way have
// ended; what is left goes on as it was, in order, with its clocks and waits.
func TestGiveUp(t *testing.T) {
	for _, c := range []struct {
		name  string
		order string
		err   func(e bridge.Event) error
		ask   []uint64
		want  string
	}{
		{"parked ones stay", Session, func(e bridge.Event) error {
			if e.Session == "a" {
				return errEvent
			}
			return nil
		}, []uint64{2, 3}, "a!@1 b@1 c@2 d@2 a!@12 a!@23"},
		{"a parked one goes", Session, func(e bridge.Event) error {
			if e.Session == "a" {
				return errEvent
			}
			return nil
		}, []uint64{1}, "a!@1 b@1 c@2 d@2"},
		{"in strict order the first ones go", Strict, func(e bridge.Event) error {
			if e.Session == "a" {
				return errBusy
			}
			return nil
		}, []uint64{1, 2}, "a!@1 c@12 d@13"},
		{"down, it stays so", Session, func(e bridge.Event) error { return errDial }, []uint64{1}, "a!@1 b!@1 c!@12 b!@23"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, func(p *Policy) {
					p.Order, p.MaxInFlight, p.RetryInterval, p.RetryDuration = c.order, 2, option.Duration(10*time.Second), option.Duration(21*time.Second)
				}, func(e bridge.Event, _ time.Duration) error { return c.err(e) })
				r.sink.took = time.Second
				r.q.add("a", "b", "c", "d")
				r.start()
				time.Sleep(4500 * time.Millisecond)
				r.q.ask(c.ask...)
				synctest.Wait()
				time.Sleep(2 * time.Second)
				r.q.ask() // nothing is left to give up
				time.Sleep(17 * time.Second)
				r.stop()
				r.sink.sort()
				r.want(c.want)
			})
		})
	}
}

// TestGiveUpWhilePaused: a full spool doesn't wait for a person.
func TestGiveUpWhilePaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(p *Policy) { p.Paused = true }, taken)
		r.q.add("a", "b")
		r.start()
		synctest.Wait()
		r.q.ask(1)
		time.Sleep(time.Second)
		r.wantCount(bridge.Skipped, 1)
		s := r.w.Stats()
		if s.Skipped != 1 || !s.Paused {
			t.Errorf("status %+v", s)
		}
		r.stop()
		r.want("")
	})
}

// TestGiveUpWaitsForAttempts: what is under way is not given up in the middle.
func TestGiveUpWaitsForAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, taken)
		r.sink.took = time.Minute
		r.q.add("a", "b")
		r.start()
		synctest.Wait()
		r.q.ask(1)
		r.q.add("c")
		time.Sleep(30 * time.Second)
		if n := r.q.count(bridge.Skipped); n != 0 {
			t.Errorf("%d given up in the middle of their attempts", n)
		}
		time.Sleep(3 * time.Minute)
		r.stop()
		r.sink.sort()
		r.want("a@60 b@60 c@120")
		r.wantCount(bridge.Skipped, 0)
	})
}

// sort puts attempts that ended at once into the order of their sessions.
func (s *fakeSink) sort() {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.SortStableFunc(s.got, func(a, b attempt) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.event.Session, b.event.Session))
	})
}

// TestGiveUpIsSaidWhenItBegins: not of each segment, but anew after an hour
// without.
func TestGiveUpIsSaidWhenItBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		q := newMemQueue()
		q.reopen()
		q.add("a", "b", "c", "d", "e")
		p := Defaults("")
		p.Paused = true
		w := New(Options{Name: "r", Policy: p, Queue: q, Sink: &fakeSink{}, Log: zerolog.New(&log)})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- w.Run(ctx) }()
		for i, wait := range []time.Duration{0, time.Minute, 30 * time.Minute, time.Hour} {
			time.Sleep(wait)
			q.ask(uint64(i + 1))
			synctest.Wait()
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if n := strings.Count(log.String(), "given up"); n != 2 || !strings.Contains(log.String(), `"events":1,"since_start":4`) {
			t.Errorf("said %d times:\n%s", n, log.String())
		}
	})
}
