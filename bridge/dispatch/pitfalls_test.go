package dispatch

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
)

// Cases that a simple reading of the rules gets wrong.

func strictOrder(p *Policy) { p.Order = Strict }

func (r *rig) wantAttempts(most int) {
	r.t.Helper()
	if n := len(r.sink.attempts()); n > most {
		r.t.Errorf("%d attempts, want %d at most", n, most)
	}
}

func TestStrictWaitsAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, strictOrder, failing("a"))
		r.sink.took = time.Millisecond
		r.q.add("a", "b")
		r.run(5500 * time.Millisecond)
		r.run(5500 * time.Millisecond)
		r.wantAttempts(12)
	})
}

func TestStrictWaitsAfterAPartlyTakenMail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, strictOrder, failing("a"))
		r.sink.took, r.sink.partly = time.Millisecond, true
		r.q.add("a", "b")
		r.run(5500 * time.Millisecond)
		r.wantAttempts(6)
	})
}

// A restart into an outage: events that failed before count as first failures
// of this process, so that it is seen as down.
func TestRestartIntoAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(p *Policy) { p.MaxInFlight = 2 }, func(bridge.Event, time.Duration) error { return errBusy })
		r.sink.took = time.Millisecond
		r.q.add("a", "b", "c")
		r.run(20 * time.Second)
		r.run(20 * time.Second)
		r.wantAttempts(2 * 25)
	})
}

// 404, which is in give_up, for 40 s: to what is parked behind a failing
// event, and to the failing events of many sessions.
func TestParkedEventsSurviveARedeploy(t *testing.T) {
	gone := &bridge.DeliveryError{Scope: bridge.ThisRecipient, Permanent: true, Err: errors.New("404")}
	for name, add := range map[string]func(q *memQueue, i int){
		"one session":   func(q *memQueue, _ int) { q.add("s") },
		"many sessions": func(q *memQueue, i int) { q.add(fmt.Sprint("good", i), fmt.Sprint("s", i)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, nil, func(e bridge.Event, at time.Duration) error {
					switch {
					case e.Session[0] == 'g' && at < 10*time.Second, at > 50*time.Second:
						return nil
					case at < 10*time.Second:
						return errEvent
					}
					return gone
				})
				r.sink.took = time.Millisecond
				r.q.add("good")
				r.start()
				for i := range 500 {
					add(r.q, i)
				}
				time.Sleep(2 * time.Minute)
				r.stop()
				if n := r.q.count(bridge.Dead); n > r.p.MaxInFlight {
					t.Errorf("%d dead letters", n)
				}
			})
		})
	}
}

func TestStrictGivesUpAfterAnotherFailureOrARestart(t *testing.T) {
	busyOnce := true
	for name, restart := range map[string]bool{"another failure": false, "a restart": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				busyOnce = !restart
				r := newRig(t, strictOrder, func(e bridge.Event, _ time.Duration) error {
					switch {
					case e.Session != "bad":
						return nil
					case busyOnce:
						busyOnce = false
						return errBusy
					}
					return errPermanent
				})
				r.q.add("good")
				if restart {
					r.run(time.Second)
				}
				r.q.add("bad", "next")
				r.run(time.Minute)
				r.wantCount(bridge.Dead, 1)
				r.wantCount(bridge.Delivered, 2)
			})
		})
	}
}

// max_parked is shared: room that another recipient leaves lets it go on.
func TestRoomForParkedEventsComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, failing("bad"))
		r.q.room = 1
		r.start()
		synctest.Wait()
		r.q.mu.Lock()
		r.q.parked[999] = bridge.Parked{Number: 999}
		r.q.mu.Unlock()
		r.q.add("good")
		time.Sleep(time.Second)
		r.q.add("bad")
		time.Sleep(10 * time.Second)
		r.q.mu.Lock()
		delete(r.q.parked, 999)
		r.q.mu.Unlock()
		r.q.add("later", "later still")
		time.Sleep(10 * time.Second)
		r.stop()
		r.wantCount(bridge.Delivered, 3)
	})
}

// An event that found no room must not be overtaken by a later one of its
// session that did, when both are taken up again.
func TestNoEventIsParkedPastOneThatFoundNoRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := true
		r := newRig(t, nil, func(e bridge.Event, _ time.Duration) error {
			if (e.Session == "s" || e.Session == "p") && bad {
				return errEvent
			}
			return nil
		})
		r.q.room = 1
		r.start()
		r.q.add("good", "p")
		time.Sleep(10 * time.Millisecond)
		r.q.add("slow", "s") // finds no room
		time.Sleep(10 * time.Millisecond)
		r.q.mu.Lock()
		r.q.room = 2
		r.q.mu.Unlock()
		r.q.add("x", "s", "y")
		time.Sleep(20 * time.Millisecond)
		bad = false
		r.stop()
		r.run(time.Minute)
		r.wantCount(bridge.Delivered, 7)
		checkOrder(t, r.sink.attempts())
	})
}

// brokenQueue fails at what the disk may fail at.
type brokenQueue struct {
	*memQueue
	gets int
}

func (q *brokenQueue) Bury(context.Context, uint64, []byte) error { return errors.New("ENOSPC") }

func (q *brokenQueue) Get(context.Context, uint64) (bridge.Item, error) {
	q.gets++
	return bridge.Item{}, errors.New("EMFILE")
}

func (r *rig) startWith(q Queue) {
	r.w = New(Options{Name: "r", Policy: r.p, Queue: q, Sink: r.sink, Grace: time.Second})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.w.Run(ctx) }()
	r.stop = func() {
		cancel()
		<-done
	}
}

func TestLetterThatCantBeWrittenHoldsUpNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(p *Policy) { p.RetryDuration = option.Duration(time.Second) }, failing("bad"))
		r.p.RetryDuration = 0
		r.startWith(&brokenQueue{memQueue: r.q})
		r.q.add("good", "bad")
		time.Sleep(10 * time.Second)
		r.q.add("x")
		time.Sleep(10 * time.Second)
		r.stop()
		r.wantCount(bridge.Delivered, 2)
		r.wantCount(bridge.Dead, 0)
	})
}

func TestReadsThatFailWhileDownAreProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, func(bridge.Event, time.Duration) error { return errDial })
		r.q.add("a")
		for n := range uint64(7) {
			r.q.parked[100+n] = bridge.Parked{Number: 100 + n, Session: n, Try: bridge.Try{Attempts: 1, Wait: time.Second}}
		}
		q := &brokenQueue{memQueue: r.q}
		r.startWith(q)
		r.q.add("b")
		time.Sleep(20 * time.Second)
		r.stop()
		if q.gets > 45 {
			t.Errorf("%d reads in 20 s", q.gets)
		}
	})
}

func TestFiltersHoldForParkedEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, func(e bridge.Event, at time.Duration) error {
			if e.Session == "bad" && at < 10*time.Second {
				return errEvent
			}
			return nil
		})
		r.q.add("good", "bad", "bad")
		r.run(5 * time.Second)
		r.p.Events = option.List{bridge.EventEnd}
		r.run(time.Hour)
		r.wantCount(bridge.Delivered, 1)
		r.wantCount(bridge.Filtered, 2)
	})
}
