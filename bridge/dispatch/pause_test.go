package dispatch

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
)

func TestPauseBeginsNothing(t *testing.T) {
	for _, order := range []string{Strict, Session, None} {
		t.Run(order, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, func(p *Policy) { p.Order, p.MaxInFlight = order, 1 }, taken)
				r.sink.took = time.Second
				r.q.add("a", "b", "c")
				r.start()
				time.Sleep(1500 * time.Millisecond)
				r.q.pause(true) // in the middle of b's attempt, which ends
				time.Sleep(time.Hour)
				r.want("a@1 b@2")
				if s := r.w.Stats(); !s.Paused || s.InFlight != 0 {
					t.Errorf("status %+v", s)
				}
				r.q.add("d")
				r.q.pause(false)
				time.Sleep(time.Minute)
				r.stop()
				r.want("a@1 b@2 c@3602.5 d@3603.5")
			})
		})
	}
}

func TestPausedFromTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, taken)
		r.q.add("a")
		r.q.paused = true
		r.run(time.Hour)
		r.want("")
		r.q.paused = false
		r.run(time.Second)
		r.want("a@3600")
	})
}

// TestPauseStopsClocks: an event's clock runs 5 s in all, the pause left out,
// whether the recipient takes others or is down, and over a restart.
func TestPauseStopsClocks(t *testing.T) {
	for name, c := range map[string]struct {
		err     error
		order   string
		restart bool
	}{
		"parked":                {err: errEvent, order: Session},
		"strict":                {err: errEvent, order: Strict},
		"down":                  {err: errDial, order: Session},
		"parked, with restarts": {err: errEvent, order: Session, restart: true},
		"strict, with restarts": {err: errEvent, order: Strict, restart: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, func(p *Policy) { p.Order, p.RetryDuration = c.order, option.Duration(5*time.Second) },
					func(bridge.Event, time.Duration) error { return c.err })
				r.q.add("a")
				r.start()
				time.Sleep(2500 * time.Millisecond)
				r.q.pause(true)
				synctest.Wait()
				if c.restart {
					r.stop()
					r.start()
				}
				time.Sleep(time.Hour)
				if c.restart {
					r.stop()
					r.start()
					synctest.Wait()
				}
				r.q.pause(false)
				time.Sleep(time.Minute)
				r.stop()
				// 2.5 s before the pause (with a restart what was saved: 2 s), the
				// rest of 5 s behind it, in attempts a second apart.
				r.want("a!@0 a!@1 a!@2 a!@3602.5 a!@3603.5 a!@3604.5 a!@3605.5")
				r.wantCount(bridge.Dead, 1)
			})
		})
	}
}

// TestAttemptThatFailsWhilePaused starts no clock.
func TestAttemptThatFailsWhilePaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(p *Policy) { p.RetryDuration = option.Duration(2 * time.Second) }, failing("a"))
		r.sink.took = time.Second
		r.q.add("a")
		r.start()
		time.Sleep(500 * time.Millisecond)
		r.q.pause(true)
		time.Sleep(time.Hour)
		r.q.pause(false)
		time.Sleep(time.Minute)
		r.stop()
		r.want("a!@1 a!@3601.5 a!@3603.5")
		r.wantCount(bridge.Dead, 1)
	})
}
