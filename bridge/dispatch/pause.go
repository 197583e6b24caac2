package dispatch

import "time"

// heedPause does what a person or the configuration said: while the recipient
// is paused or disabled nothing is read or begun, attempts under way end, and
// no clock runs. Afterwards what waited for a time is tried at once.
func (w *Worker) heedPause(now time.Time) {
	p := &w.o.Policy
	paused := w.o.Queue.Paused() || p.Paused || !p.Enabled
	if paused == w.paused {
		return
	}
	w.paused = paused
	w.o.Log.Info().Str("recipient", w.o.Name).Bool("paused", paused).Bool("enabled", p.Enabled).Msg("pause")
	for _, lanes := range []map[uint64]*lane{w.lanes, w.replays.lanes} {
		for _, l := range lanes {
			for _, e := range l.events {
				if paused {
					e.stopClock(now)
				} else if e.try.Attempts > 0 || e.try.Clock > 0 {
					w.startClock(e, now)
				}
			}
		}
	}
	if paused {
		return
	}
	w.health.probeAt = now
	for n, t := range w.tries {
		t.Wait = 0
		w.tries[n] = t
	}
	for _, b := range w.waiting {
		b.index = -1
		w.again(b)
	}
	clear(w.waiting)
	w.waiting = w.waiting[:0]
}

// startClock makes an event's clock run from now on, if it doesn't yet and may.
func (w *Worker) startClock(e *entry, now time.Time) {
	if e.running.IsZero() && !w.paused {
		e.running = now
	}
}
