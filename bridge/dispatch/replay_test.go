package dispatch

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
)

// died gives a rig of which the events of some sessions are dead letters.
func died(t *testing.T, change func(*Policy), answer func(bridge.Event, time.Duration) error, sessions ...string) (r *rig, dead []uint64) {
	t.Helper()
	r = newRig(t, change, answer)
	r.q.add(sessions...)
	for i := range sessions {
		dead = append(dead, uint64(i+1))
		r.q.settled[uint64(i+1)] = bridge.Dead
	}
	return r, dead
}

func TestReplayIsSentOnce(t *testing.T) {
	for _, order := range []string{Strict, Session, None} {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprint(order, restart), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					third := "a"
					if order == None {
						third = "c"
					}
					r, dead := died(t, func(p *Policy) { p.Order = order }, taken, "a", "b", third)
					r.sink.took = time.Second
					r.start()
					time.Sleep(time.Second)
					if restart {
						r.stop()
					}
					r.q.replay(order, dead...)
					if restart {
						r.q.Revived() // of the process before
						r.start()
					}
					time.Sleep(time.Minute)
					r.stop()
					r.wantCount(bridge.Delivered, 3)
					if n := len(r.sink.attempts()); n != 3 {
						t.Errorf("%d attempts, want 3", n)
					}
					checkOrder(t, r.sink.attempts())
				})
			})
		}
	}
}

// TestReplayWaitsForLiveEvents: of its session, in strict order for all.
func TestReplayWaitsForLiveEvents(t *testing.T) {
	for order, want := range map[string]string{
		Session: "a!@0 a!@1 a!@2 a@3 a@3",
		Strict:  "a!@0 a!@1 a!@2 a@3 b@3 a@3",
	} {
		t.Run(order, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, dead := died(t, func(p *Policy) { p.Order = order }, func(e bridge.Event, at time.Duration) error {
					if e.Session == "a" && e.Timestamp > 2 && at < 3*time.Second {
						return errEvent
					}
					return nil
				}, "a")
				if order == Session {
					r.q.add("x", "a")
				} else {
					r.q.add("x", "a", "b")
				}
				r.q.settled[2] = bridge.Delivered
				r.q.replay(order, dead...)
				r.run(time.Minute)
				r.want(want)
				if last := r.sink.attempts(); last[len(last)-1].event.Timestamp != 1 {
					t.Error("the replay was not last")
				}
			})
		})
	}
}

// TestLiveEventWaitsForAReplayUnderWay: never two of a session at once (the
// sink would panic).
func TestLiveEventWaitsForAReplayUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, dead := died(t, nil, taken, "a", "a")
		r.sink.took = 10 * time.Second
		r.q.replay(Session, dead...)
		r.start()
		time.Sleep(time.Second)
		r.q.add("a", "b")
		time.Sleep(time.Minute)
		r.stop()
		r.want("a@10 b@11 a@20 a@30")
		if got := r.sink.attempts(); len(got) != 4 || got[2].event.Timestamp != 3 || got[3].event.Timestamp != 2 {
			t.Error("the live event has to come before the next replay")
		}
	})
}

// TestReplaysTakeOneSlotOfFour, also against a backlog, which goes on beside
// them; one slot is theirs by turns where there are few.
func TestReplaysTakeOneSlotOfFour(t *testing.T) {
	for slots, want := range map[int]int{1: 1, 2: 1, 4: 1, 8: 2, 32: 8} {
		t.Run(fmt.Sprint(slots), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var sessions []string
				for i := range 100 {
					sessions = append(sessions, fmt.Sprint("dead", i))
				}
				r, dead := died(t, func(p *Policy) { p.MaxInFlight = slots }, taken, sessions...)
				for i := range 1000 {
					r.q.add(fmt.Sprint("live", i))
				}
				r.sink.took = time.Second
				r.q.replay(Session, dead...)
				r.run(25500 * time.Millisecond)
				old, live := atOnce(r.sink.attempts(), 100)
				if old != want {
					t.Errorf("%d replays at once, want %d", old, want)
				}
				if live < slots-want {
					t.Errorf("%d live events at once beside them, want %d", live, slots-want)
				}
				if n := r.q.count(bridge.Delivered); n != slots*26 {
					t.Errorf("%d delivered, want all slots used: %d", n, slots*26)
				}
			})
		})
	}
}

// atOnce gives how many attempts of events up to a number, and of those behind
// it, ended at most at one time; each took as long as any other.
func atOnce(got []attempt, upTo int64) (old, live int) {
	olds, lives := map[time.Duration]int{}, map[time.Duration]int{}
	for _, a := range got {
		if a.event.Timestamp <= upTo {
			olds[a.at]++
			old = max(old, olds[a.at])
		} else {
			lives[a.at]++
			live = max(live, lives[a.at])
		}
	}
	return old, live
}

// TestReplayThatFailsAgain has a clock of its own, waits its interval, holds up
// no other replay and takes nothing down.
func TestReplayThatFailsAgain(t *testing.T) {
	for _, order := range []string{Strict, Session} {
		t.Run(order, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var sessions []string
				for i := range 20 {
					sessions = append(sessions, fmt.Sprint("dead", i))
				}
				r, dead := died(t, func(p *Policy) { p.Order, p.RetryDuration = order, option.Duration(3*time.Second) },
					func(e bridge.Event, _ time.Duration) error {
						if e.Timestamp <= 20 && e.Timestamp > 1 {
							return errEvent
						}
						return nil
					}, sessions...)
				r.q.replay(order, dead...)
				r.start()
				time.Sleep(500 * time.Millisecond)
				r.q.add("live")
				time.Sleep(500 * time.Millisecond)
				if n := r.q.count(bridge.Delivered); n != 2 {
					t.Errorf("%d delivered, want the one good replay and the live event", n)
				}
				time.Sleep(time.Minute)
				if s := r.w.Stats(); s.Down || s.Parked != 0 {
					t.Errorf("status %+v", s)
				}
				r.stop()
				r.wantCount(bridge.Dead, 19)
				for _, l := range r.q.letters {
					if l.Attempts != 4 {
						t.Errorf("letter %d after %d attempts, want 4", l.Number, l.Attempts)
					}
				}
			})
		})
	}
}

// TestReplaysAreProbesWhereNothingLiveWaits: a recipient that is down is found
// to be up again.
func TestReplaysAreProbesWhereNothingLiveWaits(t *testing.T) {
	for _, order := range []string{Strict, Session} {
		t.Run(order, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, dead := died(t, func(p *Policy) { p.Order = order }, func(_ bridge.Event, at time.Duration) error {
					if at < 3*time.Second {
						return errDial
					}
					return nil
				}, "a", "b", "c")
				r.q.replay(order, dead...)
				r.run(10 * time.Second)
				r.wantCount(bridge.Delivered, 3)
				if n := len(r.sink.attempts()); n > 8 {
					t.Errorf("%d attempts: more than a probe an interval", n)
				}
			})
		})
	}
}

// TestReplayedLaterStandsBehind: letters of a session go in the order of their
// numbers, whenever they are replayed.
func TestReplayedLaterStandsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, dead := died(t, nil, taken, "a", "a", "a")
		r.sink.took = time.Second
		r.q.replay(Session, dead[2])
		r.start()
		r.q.replay(Session, dead[1])
		r.q.replay(Session, dead[0])
		time.Sleep(time.Minute)
		r.stop()
		got := ""
		for _, a := range r.sink.attempts() {
			got += fmt.Sprint(a.event.Timestamp, " ")
		}
		if got != "1 2 3 " && got != "3 1 2 " { // the first may be under way already
			t.Errorf("order %s", got)
		}
	})
}
