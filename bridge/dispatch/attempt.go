package dispatch

import (
	"container/heap"
	"context"
	"errors"
	"sort"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// result is how an attempt ended.
type result struct {
	lane    *lane
	data    []byte // what was to be delivered
	probe   bool
	began   time.Time
	event   bridge.Event // what data holds
	damaged error        // the event's bytes can't be decoded
	receipt bridge.Receipt
	err     error
}

// begin starts what may be started now.
func (w *Worker) begin(ctx context.Context, now time.Time) error {
	for l := w.waiting.takeDue(now); l != nil; l = w.waiting.takeDue(now) {
		w.line(l)
	}
	if w.health.holdTill.After(now) || w.limit().After(now) {
		return nil
	}
	if w.health.down {
		if w.probing || now.Before(w.health.probeAt) {
			return nil
		}
		l := w.probe()
		if l == nil { // all that it has is under way
			w.health.probeAt = now.Add(w.health.interval)
			return nil
		}
		w.take(l)
		err := w.start(ctx, l, true, now)
		if !w.probing { // it did not fly
			w.health.probeAt = now.Add(w.health.interval)
		}
		return err
	}
	for w.inFlight < w.o.Policy.slots() && !w.limit().After(now) {
		l := w.pick()
		if l == nil {
			return nil
		}
		if err := w.start(ctx, l, false, now); err != nil {
			return err
		}
	}
	return nil
}

// pick takes from the ready and the due row by turns: failing events don't
// hold up new ones, nor the other way round.
func (w *Worker) pick() *lane {
	if l := w.pickReplay(); l != nil {
		return l
	}
	for l := w.pickLive(); l != nil; l = w.pickLive() {
		if !w.replayFlies(l) {
			return l
		}
		l.behind = true
	}
	return w.takeReplay()
}

// pickLive leaves replays aside.
func (w *Worker) pickLive() *lane {
	w.dueTurn = !w.dueTurn
	first, second := &w.ready, &w.due
	if w.dueTurn {
		first, second = second, first
	}
	if l := first.take(); l != nil {
		return l
	}
	return second.take()
}

// probe chooses what a recipient that is down is tried with: by turns the
// oldest event that was never attempted, and the first event of each of the
// oldest sessions. Poisonous events must not be the only probes.
func (w *Worker) probe() *lane {
	var oldest []*lane
	var fresh *lane
	for _, l := range w.lanes {
		if l.flying || w.replayFlies(l) {
			continue
		}
		oldest = append(oldest, l)
		if l.head().try.Attempts == 0 && (fresh == nil || l.head().number < fresh.head().number) {
			fresh = l
		}
	}
	switch {
	case len(w.lanes) == 0:
		return w.replays.oldest()
	case len(oldest) == 0:
		return nil
	}
	sort.Slice(oldest, func(i, j int) bool { return oldest[i].head().number < oldest[j].head().number })
	oldest = oldest[:min(len(oldest), w.o.Policy.slots())]
	turn := w.health.turn % (len(oldest) + 1)
	w.health.turn++
	if turn == 0 && fresh != nil {
		return fresh
	}
	return oldest[max(0, turn-1)]
}

// take takes a lane out of wherever it stands.
func (w *Worker) take(l *lane) {
	if l.index >= 0 {
		heap.Remove(&w.waiting, l.index)
	}
	if l.queued {
		w.ready.remove(l)
		w.due.remove(l)
		w.replays.row.remove(l)
	}
	if l.replay {
		delete(w.replays.held, l.key)
	}
}

// start begins an attempt of the lane's first event.
func (w *Worker) start(ctx context.Context, l *lane, probe bool, now time.Time) error {
	e := l.head()
	data := e.data
	if data == nil {
		it, err := w.o.Queue.Get(ctx, e.number)
		switch {
		case errors.Is(err, bridge.ErrDamaged):
			if err := w.damaged(ctx, e.number, err); err != nil {
				return err
			}
			w.leave(l)
			return nil
		case err != nil:
			if ctx.Err() != nil {
				return err
			}
			w.o.Log.Error().Str("recipient", w.o.Name).Uint64("number", e.number).Err(err).Msg("reading the spool failed")
			w.waiting.wait(l, now.Add(max(readWait, w.o.Policy.RetryInterval.D())))
			return nil
		}
		data = it.Data
		// Filters are applied when an event's turn comes: they may have
		// changed since it was parked.
		if head, err := bridge.ParseHead(data); err == nil && !w.asks(head) {
			if err := w.o.Queue.Settle(ctx, e.number, bridge.Filtered); err != nil {
				return err
			}
			w.board.update(func(s *Stats) { s.Filtered++ })
			w.leave(l)
			return nil
		}
	}
	if e.try.Attempts == 0 {
		e.afterGood = w.health.lastGood
	}
	l.flying = true
	w.inFlight++
	if l.replay {
		w.replays.inFlight++
	}
	w.probing = w.probing || probe
	w.begun = now
	w.board.update(func(s *Stats) { s.Attempts++; s.Begun = now })
	d := bridge.Delivery{Attempt: e.try.Attempts + 1, Note: e.try.Note}
	go func() { w.results <- w.attempt(result{lane: l, data: data, probe: probe, began: now}, d) }()
	return nil
}

// attempt runs in a goroutine of its own; w.results has room for it.
func (w *Worker) attempt(r result, d bridge.Delivery) result {
	head, err := bridge.ParseHead(r.data)
	if err != nil {
		r.damaged = err
		return r
	}
	if r.event, err = bridge.DecodeEvent(head.JSON); err != nil {
		r.damaged = err
		return r
	}
	d.Events = []bridge.Event{r.event}
	r.receipt, r.err = w.o.Sink.Deliver(w.attempts, d)
	return r
}
