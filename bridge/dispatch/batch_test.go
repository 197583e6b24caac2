package dispatch

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
)

// TestBatchMembers: what goes into a batch, in each order.
func TestBatchMembers(t *testing.T) {
	for _, c := range []struct {
		name, order string
		most        int
		sessions    []string
		slots       int
		want        string
	}{
		{"strict: a run of consecutive events", Strict, 3, []string{"a", "b", "a", "c", "d"}, 8, "1-3@1 4,5@2"},
		{"session: of many lanes", Session, 3, []string{"a", "b", "c", "d"}, 1, "1-3@1 4@2"},
		{"session: those of a session in a row", Session, 3, []string{"a", "b", "a", "b"}, 1, "1,3,2@1 4@2"},
		{"session: one batch of a session at a time", Session, 2, []string{"a", "a", "a", "a", "b"}, 2, "1,2@1 5@1 3,4@2"},
		{"none: as they come", None, 2, []string{"a", "a", "a", "b", "a"}, 2, "1,2@1 3,4@1 5@2"},
		{"one event a batch", None, 1, []string{"a", "a", "a"}, 2, "1@1 2@1 3@2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newBatchRig(t, c.order, c.most, func(p *Policy) { p.MaxInFlight = c.slots }, allTaken)
				r.sink.took = time.Second
				r.q.add(c.sessions...)
				r.run(time.Minute)
				r.want(c.want)
				r.wantCount(bridge.Delivered, len(c.sessions))
			})
		})
	}
}

// TestNothingWaitsAgainAfterAStart: a bridge that is started again and again
// must not keep events from going.
func TestNothingWaitsAgainAfterAStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newBatchRig(t, Session, 3, func(p *Policy) { p.BatchMaxWait = option.Duration(time.Hour) }, allTaken)
		r.sink.took = time.Second
		r.q.add("a", "b", "c", "d")
		r.start()
		time.Sleep(time.Minute)
		r.q.add("e")
		time.Sleep(time.Minute)
		r.stop()
		r.run(time.Minute)
		r.want("1-3@1 4@1 5@121")
	})
}

func TestBatchWait(t *testing.T) {
	at := func(r *batchRig, d time.Duration, sessions ...string) {
		time.Sleep(d - time.Since(r.sink.start))
		r.q.add(sessions...)
	}
	for _, c := range []struct {
		name  string
		order string
		wait  time.Duration
		feed  func(*batchRig)
		want  string
	}{
		{"no wait: what is there", Session, 0, func(r *batchRig) { at(r, time.Second, "a", "b"); at(r, 2*time.Second, "c") }, "1,2@1 3@2"},
		{"until the oldest has waited so long", Session, 10 * time.Second,
			func(r *batchRig) { at(r, time.Second, "a"); at(r, 5*time.Second, "b"); at(r, 12*time.Second, "c") }, "1,2@11 3@22"},
		{"until it is full", Session, 10 * time.Second,
			func(r *batchRig) { at(r, time.Second, "a", "b"); at(r, 2*time.Second, "c", "a", "d") }, "1,4,2@2 3,5@12"},
		{"strict, until it is full", Strict, 10 * time.Second,
			func(r *batchRig) { at(r, time.Second, "a", "b"); at(r, 2*time.Second, "c", "d") }, "1-3@2 4@12"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newBatchRig(t, c.order, 3, func(p *Policy) { p.BatchMaxWait = option.Duration(c.wait) }, allTaken)
				r.start()
				c.feed(r)
				time.Sleep(time.Minute)
				r.stop()
				r.want(c.want)
			})
		})
	}
}

// TestWaitingBatchIsSentWhenTheWindowIsFull: bytes count, too, and nothing
// waits for events that can't be read.
func TestWaitingBatchIsSentWhenTheWindowIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newBatchRig(t, None, 1000, func(p *Policy) { p.BatchMaxWait = option.Duration(time.Hour) }, allTaken)
		for range 30 {
			r.q.addEvent(bridge.Event{Name: bridge.EventBegin, Version: strings.Repeat("x", 300<<10)})
		}
		r.run(time.Minute)
		for _, c := range r.sink.calls {
			if len(c.numbers) > 4 {
				t.Errorf("a batch of %d events of 300 KiB", len(c.numbers))
			}
		}
		if n := r.q.count(bridge.Delivered); n < 25 {
			t.Errorf("%d of 30 delivered", n)
		}
	})
}

// TestPoisonInABatch: it is found by halving, and the rest is delivered at
// once; alone it waits, and dies.
func TestPoisonInABatch(t *testing.T) {
	for _, order := range []string{Session, None} {
		t.Run(order, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newBatchRig(t, order, 100, func(p *Policy) { p.RetryDuration = option.Duration(5 * time.Second) }, refuse(errEvent, 157))
				r.addMany(300, 300)
				r.run(500 * time.Millisecond)
				r.wantCount(bridge.Delivered, 299)
				if n := len(r.sink.calls); n > 3+2*7 {
					t.Errorf("%d calls:\n%s", n, r.sink.text())
				}
				if len(r.q.parked) != 1 {
					t.Errorf("%d are parked", len(r.q.parked))
				}
				r.run(time.Minute)
				r.wantCount(bridge.Dead, 1)
				for _, c := range r.sink.calls[len(r.sink.calls)-4:] {
					if len(c.numbers) != 1 {
						t.Errorf("what failed alone is tried with others: %v", c.numbers)
					}
				}
			})
		})
	}
}

// TestPoisonInStrictOrder holds up all behind it, and nothing before it.
func TestPoisonInStrictOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newBatchRig(t, Strict, 8, func(p *Policy) { p.RetryDuration = option.Duration(10 * time.Second) }, refuse(errEvent, 6))
		r.addMany(10, 3)
		r.run(time.Minute)
		r.want("1-8!@0 1-4@1 5-8!@1 5,6!@1 5@2 6!@2 6!@3 6!@4 6!@5 6!@6 6!@7 6!@8 6!@9 6!@10 7,8@10 9,10@10")
		r.wantCount(bridge.Dead, 1)
	})
}

// TestPoisonInASession: its session waits behind it, others don't.
func TestPoisonInASession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newBatchRig(t, Session, 8, func(p *Policy) { p.RetryDuration = option.Duration(3 * time.Second) }, refuse(errEvent, 3))
		r.q.add("a", "a", "a", "a", "a", "b")
		r.run(500 * time.Millisecond)
		r.q.add("a", "b")
		r.run(time.Minute)
		// The call with 6 alone may be anywhere among the others.
		got := strings.Replace(r.sink.text(), " 6@0", "", 1)
		if want := "1-6!@0 1-5!@0 1,2@0 3-5!@0 3!@0 8@0.5 3!@1.5 3!@2.5 3!@3.5 4,5@3.5 7@3.5"; got != want {
			t.Errorf("calls\n got %s\nwant %s", got, want)
		}
		r.wantCount(bridge.Delivered, 7)
	})
}

// TestGiveUpInABatch: the one event that its receiver will never take dies,
// alone, at once.
func TestGiveUpInABatch(t *testing.T) {
	for _, order := range []string{Strict, Session, None} {
		for _, poison := range []int64{11, 15, 20} { // the first of its batch, too
			t.Run(fmt.Sprint(order, poison), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newBatchRig(t, order, 10, nil, refuse(errPermanent, poison))
					r.addMany(30, 30)
					r.run(time.Minute)
					r.wantCount(bridge.Dead, 1)
					r.wantCount(bridge.Delivered, 29)
					if r.q.letters[0].Number != uint64(poison) {
						t.Errorf("%d died", r.q.letters[0].Number)
					}
				})
			})
		}
	}
}

// TestRefusingReceiverKillsFew: a receiver that refuses everything for a while
// must not turn batches into dead letters.
func TestRefusingReceiverKillsFew(t *testing.T) {
	for order, most := range map[string]int{Strict: 1, Session: 8} {
		t.Run(order, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newBatchRig(t, order, 100, func(p *Policy) { p.RetryInterval = option.Duration(30 * time.Second) },
					func(_ []bridge.Event, at time.Duration) error {
						if at > 500*time.Millisecond && at < 40*time.Second {
							return errPermanent
						}
						return nil
					})
				r.addMany(1, 1)
				r.start()
				time.Sleep(time.Second)
				r.addMany(1000, 1000)
				time.Sleep(2 * time.Hour)
				r.stop()
				if n := r.q.count(bridge.Dead); n > most {
					t.Errorf("%d are dead", n)
				}
				if n := r.q.count(bridge.Dead) + r.q.count(bridge.Delivered); n != 1001 {
					t.Errorf("%d of 1001 are done", n)
				}
			})
		})
	}
}

// TestBatchHalfFiltered: filters are applied when an event's turn comes; the
// rest of the batch goes out.
func TestBatchHalfFiltered(t *testing.T) {
	for name, err := range map[string]error{"in the window": errDial, "parked": errBusy} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newBatchRig(t, Session, 6, nil, down(1500*time.Millisecond, err))
				for i := range 6 {
					e := bridge.Event{Name: bridge.EventBegin, Session: fmt.Sprint("s", i%4), Version: "1"}
					if i%2 == 1 {
						e.ExternalKey = "K"
					}
					r.q.addEvent(e)
				}
				r.run(500 * time.Millisecond)
				r.p.RequireExternalKey = true
				r.run(time.Minute)
				if last := r.sink.calls[len(r.sink.calls)-1]; numberText(last.numbers) != "2,6,4" || last.err != nil {
					t.Errorf("calls %s", r.sink.text())
				}
				r.wantCount(bridge.Delivered, 3)
			})
		})
	}
}

// TestExpiredBatchDiesOneByOne: each event has its own attempt before.
func TestExpiredBatchDiesOneByOne(t *testing.T) {
	for _, order := range []string{Strict, Session, None} {
		t.Run(order, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newBatchRig(t, order, 4, func(p *Policy) { p.RetryDuration = option.Duration(3 * time.Second) }, down(time.Hour, errBusy))
				r.addMany(4, 4)
				r.run(time.Minute)
				r.wantCount(bridge.Dead, 4)
				if got := r.sink.text(); !strings.HasPrefix(got, "1-4!@0 1-4!@1 1-4!@2 1-4!@3 ") {
					t.Errorf("calls %s", got)
				}
				for n := int64(1); n <= 4; n++ {
					if !slices.ContainsFunc(r.sink.calls, func(c call) bool { return slices.Equal(c.numbers, []int64{n}) }) {
						t.Errorf("%d died without an attempt of its own", n)
					}
				}
			})
		})
	}
}

// TestProbesOfBatches: while it is down one attempt an interval: a new event
// alone, or what was attempted, whole.
func TestProbesOfBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newBatchRig(t, Session, 3, nil, down(3500*time.Millisecond, errDial))
		r.addMany(3, 3)
		r.start()
		time.Sleep(500 * time.Millisecond)
		r.q.add("x", "y", "z")
		time.Sleep(time.Minute)
		r.stop()
		if got, want := r.sink.text(), "1-3!@0 4!@1 1-3!@2 4!@3 5@4 "; !strings.HasPrefix(got, want) {
			t.Errorf("calls\n got %s\nwant %s…", got, want)
		}
		r.wantCount(bridge.Delivered, 6)
	})
}

// TestDamagedEventLeavesItsBatch: the others go on.
func TestDamagedEventLeavesItsBatch(t *testing.T) {
	for name, spoil := range map[string]func(q *memQueue){
		"can't be decoded":   func(q *memQueue) { q.events[2] = append(q.events[2][:40:40], "no json"...) },
		"can't be read back": func(q *memQueue) { q.events[2] = nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newBatchRig(t, Session, 3, nil, down(500*time.Millisecond, errBusy))
				r.addMany(3, 2)
				r.start()
				time.Sleep(100 * time.Millisecond)
				r.q.mu.Lock()
				spoil(r.q)
				r.q.mu.Unlock()
				time.Sleep(time.Minute)
				r.stop()
				r.want("1,3,2!@0 1,3@1")
				r.wantCount(bridge.Damaged, 1)
				r.wantCount(bridge.Delivered, 2)
			})
		})
	}
}

// TestDamagedEventInTheMiddleOfALane: those behind it go on, too.
func TestDamagedEventInTheMiddleOfALane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newBatchRig(t, Session, 5, nil, down(500*time.Millisecond, errBusy))
		r.addMany(4, 1)
		r.start()
		time.Sleep(100 * time.Millisecond)
		r.q.mu.Lock()
		r.q.events[2] = nil // parked
		r.q.mu.Unlock()
		time.Sleep(time.Minute)
		r.stop()
		r.want("1-4!@0 1,3,4@1")
		r.wantCount(bridge.Damaged, 1)
		r.wantCount(bridge.Delivered, 3)
	})
}

// TestReplaysGoAlone, and no live event of their session with others.
func TestReplaysGoAlone(t *testing.T) {
	for _, order := range []string{Strict, Session, None} {
		t.Run(order, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newBatchRig(t, order, 10, nil, allTaken)
				r.sink.took = time.Second
				r.addMany(3, 2)
				for n := range 3 {
					r.q.settled[uint64(n+1)] = bridge.Dead
				}
				r.q.replay(order, 1, 2, 3)
				r.start()
				time.Sleep(100 * time.Millisecond)
				r.q.add("s0", "s1", "s0", "x")
				time.Sleep(time.Minute)
				r.stop()
				for _, c := range r.sink.calls {
					if len(c.numbers) > 1 && slices.Min(c.numbers) <= 3 {
						t.Errorf("a replay in a batch: %v", c.numbers)
					}
				}
				r.wantCount(bridge.Delivered, 7)
			})
		})
	}
}

// TestWatcherOfBatches is told of each event of a batch.
func TestWatcherOfBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newBatchRig(t, Session, 3, nil, func(events []bridge.Event, at time.Duration) error {
			if at < 500*time.Millisecond && len(events) > 1 {
				return errEvent
			}
			return nil
		})
		n := &notebook{q: r.q}
		r.watcher = n
		r.q.add("a", "a", "a") // one lane: one after the other
		r.run(time.Minute)
		want := "=0; a #1: 500, again in 1ns; a #1: 500, again in 1ns; a #1: 500, again in 1ns; =3; " +
			"a #2: ok; =2; a #2: 500, again in 1ns; a #2: 500, again in 1ns; a #3: ok; =1; a #3: ok; =0"
		if got := n.text(); got != want {
			t.Errorf("told\n got %s\nwant %s", got, want)
		}
		for _, wrong := range n.wrong {
			t.Error(wrong)
		}
	})
}

// TestWindowTakesFullBatches for every slot, within its bounds.
func TestWindowTakesFullBatches(t *testing.T) {
	for _, c := range []struct {
		name                  string
		order                 string
		most, slots           int
		wantEvents, wantBytes int
	}{
		{"single events", Session, 1, 8, 256, 256 << 10},
		{"small batches", Session, 10, 8, 256, 256 << 10},
		{"batches of 100", Session, 100, 8, 1600, 1600 << 10},
		{"strict", Strict, 1000, 8, 2000, 2000 << 10},
		{"the most", Session, 1000, 256, 16384, 4 << 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := Defaults("")
			p.Order, p.BatchMaxEvents, p.MaxInFlight = c.order, c.most, c.slots
			if events, bytes := p.window(); events != c.wantEvents || bytes != c.wantBytes {
				t.Errorf("%d events, %d bytes", events, bytes)
			}
		})
	}
}

// TestBatchPolicy reports what is wrong with the settings.
func TestBatchPolicy(t *testing.T) {
	for _, c := range []struct {
		name      string
		most      int
		wait      time.Duration
		wantWrong string
	}{
		{"one", 1, 0, ""},
		{"the most", 1000, time.Hour, ""},
		{"none", 0, 0, "batch_max_events"},
		{"too many", 1001, 0, "batch_max_events"},
		{"nothing to wait for", 1, time.Second, "batch_max_wait"},
		{"too long", 2, time.Hour + 1, "batch_max_wait"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := Defaults("")
			p.BatchMaxEvents, p.BatchMaxWait = c.most, option.Duration(c.wait)
			wrong := ""
			for _, pr := range p.Check("") {
				wrong += pr.Key
			}
			if wrong != c.wantWrong {
				t.Errorf("wrong is %q, want %q", wrong, c.wantWrong)
			}
		})
	}
}
