package dispatch

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
)

func poison(e bridge.Event, _ time.Duration) error {
	if strings.HasPrefix(e.Session, "poison") {
		return errEvent
	}
	return nil
}

// Retries of failing events take all there is of the receiver's time: new
// events get half of it.
func TestRetriesDoNotHoldUpNewEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(p *Policy) { p.MaxInFlight = 2 }, poison)
		for i := range 200 {
			r.q.add(fmt.Sprint("good", i), fmt.Sprint("poison", i))
		}
		r.sink.took = 20 * time.Millisecond // 100 a second, and 200 retries a second
		r.start()
		time.Sleep(20 * time.Second)
		synctest.Wait()
		begun := time.Since(r.sink.start)
		for i := range 100 {
			r.q.add(fmt.Sprint("late", i))
		}
		time.Sleep(5 * time.Second)
		r.stop()
		late := time.Duration(0)
		n := 0
		for _, a := range r.sink.attempts() {
			if strings.HasPrefix(a.event.Session, "late") {
				late, n = max(late, a.at-begun), n+1
			}
		}
		if n != 100 || late > 3*time.Second {
			t.Errorf("%d of 100 new events were sent, the last after %v", n, late)
		}
	})
}

// New events take all there is of the receiver's time: retries get half of it.
func TestNewEventsDoNotHoldUpRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(p *Policy) { p.MaxInFlight = 2 }, func(e bridge.Event, at time.Duration) error {
			if e.Session == "once" && at < 100*time.Millisecond {
				return errEvent
			}
			return nil
		})
		r.sink.took = 20 * time.Millisecond
		r.q.add("good", "once")
		for i := range 2000 {
			r.q.add(fmt.Sprint("s", i))
		}
		r.run(2 * time.Second)
		for _, a := range r.sink.attempts() {
			if a.event.Session == "once" && a.ok {
				return
			}
		}
		t.Error("the event that failed once was not tried again")
	})
}

func TestRetriesOfParkedEventsDoNotTakeItDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, poison)
		for i := range 20 {
			r.q.add(fmt.Sprint("good", i), fmt.Sprint("poison", i))
		}
		r.start()
		time.Sleep(time.Minute)
		synctest.Wait()
		if s := r.w.Stats(); s.Down || s.Parked != 20 {
			t.Errorf("stats %+v, want 20 parked and not down", s)
		}
		r.stop()
	})
}

func TestEventsBehindAFailingOneLeaveTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, poison)
		r.q.add("good", "poison")
		r.start()
		time.Sleep(100 * time.Millisecond)
		for range 10 * windowEvents {
			r.q.add("poison")
		}
		r.q.add("late")
		time.Sleep(100 * time.Millisecond)
		r.stop()
		r.wantCount(bridge.Delivered, 2)
		if n := len(r.q.parked); n != 10*windowEvents+1 {
			t.Errorf("%d parked", n)
		}
	})
}

func TestUpAgainRetriesWhatFailedByItsFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(p *Policy) {
			p.RetryBackoff = Exponential
			p.RetryInterval, p.MaxRetryInterval = option.Duration(10*time.Second), option.Duration(10*time.Hour)
		}, func(e bridge.Event, at time.Duration) error {
			switch {
			case e.Session == "first", at > 5*time.Hour+5*time.Second:
				return nil
			case at > 5*time.Hour:
				return errDial
			}
			return errBusy
		})
		r.q.add("first")
		r.start()
		time.Sleep(time.Second)
		for i := range 7 { // one less than would make it down
			r.q.add(fmt.Sprint("s", i))
		}
		time.Sleep(5 * time.Hour)
		synctest.Wait()
		if s := r.w.Stats(); s.Parked != 7 || s.Down {
			t.Errorf("stats %+v, want 7 parked and not down", s)
		}
		r.q.add("late") // finds it down; a probe or two later it is up
		time.Sleep(30 * time.Second)
		r.stop()
		r.wantCount(bridge.Delivered, 9)
	})
}

func TestRestoredWaitIsNoLongerThanTheInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(p *Policy) { p.RetryInterval = option.Duration(time.Hour) }, poison)
		r.q.add("good", "poison")
		r.run(time.Second)
		r.p.RetryInterval = option.Duration(time.Second)
		r.sink.answer = taken
		r.run(1500 * time.Millisecond)
		r.wantCount(bridge.Delivered, 2)
	})
}

func TestPartlyTakenIsNoSignOfBeingDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, func(bridge.Event, time.Duration) error { return errEvent })
		r.sink.partly = true
		for i := range 100 {
			r.q.add(fmt.Sprint("s", i))
		}
		r.start()
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		if s := r.w.Stats(); s.Down || s.Attempts != 100 {
			t.Errorf("stats %+v, want 100 attempts and not down", s)
		}
		r.stop()
	})
}
