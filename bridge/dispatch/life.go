package dispatch

import (
	"context"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// Retire lets Run end: nothing more is begun, attempts under way end by
// themselves, all is recorded. Another worker may take over then. It may be
// called by any goroutine, at any time.
func (w *Worker) Retire() { w.retired.Do(func() { close(w.retire) }) }

// ending reports whether nothing more is to be begun.
func (w *Worker) ending(ctx context.Context) bool {
	select {
	case <-w.retire:
		return true
	default:
		return ctx.Err() != nil
	}
}

// limit is before when no attempt begins, by rate_limit.
func (w *Worker) limit() time.Time {
	return w.begun.Add(w.o.Policy.RateLimit.Every())
}

// waited is how long an event's clock has run, and how long it still waits.
type waited struct{ clock, wait time.Duration }

// restored is what the queue has kept, and what is known better: by a worker
// that takes over, that all is tried now; by one that gave events up, how long
// they have waited.
func (w *Worker) restored(now time.Time) ([]bridge.Parked, map[uint64]bridge.Try) {
	parked, tries := w.o.Queue.Restored()
	for i := range parked {
		parked[i].Try = w.better(parked[i].Number, parked[i].Try)
	}
	for n, t := range tries {
		tries[n] = w.better(n, t)
	}
	w.carried, w.since = nil, now
	return parked, tries
}

func (w *Worker) better(number uint64, t bridge.Try) bridge.Try {
	c, ok := w.carried[number]
	switch {
	case ok:
		t.Clock, t.Wait = c.clock, c.wait
	case w.o.Fresh && w.carried == nil:
		t.Wait = 0
	}
	return t
}

// gaveUpCalm is how long nothing must have been given up until it is said anew.
const gaveUpCalm = time.Hour

// giveUp makes room in a full spool: the oldest events that wait for this
// recipient are skipped, and what is left is taken up again. Nothing is under
// way.
func (w *Worker) giveUp(ctx context.Context, now time.Time) error {
	carried := make(map[uint64]waited)
	for _, lanes := range []map[uint64]*lane{w.lanes, w.replays.lanes} {
		for _, l := range lanes {
			for _, e := range l.events {
				carried[e.number] = waited{e.clock(now), max(0, e.try.Wait-now.Sub(later(e.tried, w.since)))}
			}
		}
	}
	for number, t := range w.tries { // not come to yet
		carried[number] = waited{t.Clock, max(0, t.Wait-now.Sub(w.since))}
	}
	n, err := w.o.Queue.GiveUp(ctx)
	if err != nil {
		return err
	}
	if n > 0 {
		w.board.update(func(s *Stats) { s.Skipped += n })
		if w.gaveUp.IsZero() || now.Sub(w.gaveUp) >= gaveUpCalm { // else it goes on
			w.o.Log.Warn().Str("recipient", w.o.Name).Int("events", n).Int("since_start", w.Stats().Skipped).Msg("the spool is full: the oldest events that wait for this recipient are given up (on_full)")
		}
		w.gaveUp = now
	}
	w.forgetAll()
	w.carried = carried
	return nil
}

// forgetAll makes the worker hold no event, as it did at first.
func (w *Worker) forgetAll() {
	fresh := New(w.o)
	w.lanes, w.ready, w.due, w.waiting, w.replays = fresh.lanes, fresh.ready, fresh.due, fresh.waiting, fresh.replays
	w.tries, w.members, w.assembled, w.known, w.gatherAt = nil, nil, nil, 0, time.Time{}
	w.window, w.windowBytes, w.parked = 0, 0, 0
	w.caughtUp, w.full, w.readAgain, w.failing, w.asked = false, false, time.Time{}, 0, false
}
