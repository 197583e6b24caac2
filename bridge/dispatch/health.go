package dispatch

import (
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// health is what a worker thinks of its recipient. It is owned by the worker.
//
// A recipient is down after one failure that the sink says shows it, or after
// first failures of as many different events as may be in flight, with no
// success between them. Retries of parked events don't count: poisonous events
// must not take a recipient down. While it is down nothing new is begun but
// one probe at a time, and nothing dies by give_up; one success ends it.
type health struct {
	slots    int // as many first failures in a row mean down
	interval time.Duration

	down     bool
	fails    int       // first failures since the last success
	bads     int       // failures of any kind since the last success
	taking   bool      // it has taken an event since the start, or since it was last down
	lastGood bool      // its last answer was a success
	holdTill time.Time // nothing begins before: Retry-After
	probeAt  time.Time // while down: nothing begins before
	turn     int       // which probe is next, see Worker.probe
}

// good takes note of a success and reports whether the recipient was down.
func (h *health) good() (wasDown bool) {
	wasDown = h.down
	h.down, h.fails, h.bads, h.taking, h.lastGood = false, 0, 0, true, true
	return wasDown
}

// bad takes note of a failed attempt and reports whether the recipient is down
// from now on. first says that it was the first attempt of an event in the
// window.
func (h *health) bad(de *bridge.DeliveryError, first bool, now time.Time) (wentDown bool) {
	h.lastGood = false
	h.bads++
	if first {
		h.fails++
	}
	if de.After > 0 {
		h.holdTill = later(h.holdTill, now.Add(de.After))
	}
	was := h.down
	if de.Down || h.fails >= h.slots {
		h.down, h.taking = true, false
	}
	if h.down {
		wait := max(h.interval, de.AtLeast)
		if de.After > 0 {
			wait = max(de.After, de.AtLeast)
		}
		h.probeAt = now.Add(wait)
	}
	return h.down && !was
}

// mayGiveUp reports whether an event that its receiver will never take may die
// at once: only while the recipient takes others, with no more failures since
// the last one than attempts may be in flight. In strict order it must have
// taken the one before.
func (h *health) mayGiveUp(strict, afterGood bool) bool {
	if strict {
		return afterGood
	}
	return h.taking && !h.down && h.bads <= h.slots
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
