package dispatch

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// finish records how an attempt ended and decides what comes next.
func (w *Worker) finish(ctx context.Context, r result, now time.Time) error {
	for _, l := range r.batch.lanes {
		l.flying = false
	}
	w.inFlight--
	if r.batch.replay() {
		w.replayEnds(r.batch.lanes[0])
	}
	if r.probe {
		w.probing = false
	}
	var err error
	switch {
	case len(r.damaged) > 0:
		err = w.undecodable(ctx, r)
	case r.err == nil:
		err = w.delivered(ctx, r, now)
	case w.attempts.Err() != nil:
		return nil // we ended it ourselves: no attempt that counts
	case len(r.batch.events) > 1 && errors.Is(r.err, bridge.ErrTooLarge):
		err = w.tooLarge(ctx, r)
	default:
		err = w.failed(ctx, r, now)
	}
	if err == nil {
		w.tellFailing()
	}
	return err
}

// undecodable takes what is damaged out of a batch; the rest is tried at once.
func (w *Worker) undecodable(ctx context.Context, r result) error {
	b := r.batch
	for i := len(r.damaged) - 1; i >= 0; i-- {
		d := r.damaged[i]
		e := b.events[d.at]
		if err := w.damaged(ctx, e.number, d.err); err != nil {
			return err
		}
		w.remove(e)
		b.events = slices.Delete(b.events, d.at, d.at+1)
	}
	w.relane(b)
	if len(b.events) > 0 {
		w.again(b)
	}
	return nil
}

// tooLarge makes two batches of one that the sink doesn't take at once, to be
// tried now. Nothing was sent, so that it counts for no rate, and as no failure.
func (w *Worker) tooLarge(ctx context.Context, r result) error {
	if w.begun.Equal(r.began) {
		w.begun = r.before
	}
	w.board.update(func(s *Stats) { s.Begun = w.begun })
	first, second := r.batch.halve()
	for _, p := range []*batch{first, second} {
		if err := w.join(ctx, p); err != nil {
			return err
		}
		if p.inFront() {
			w.again(p)
		}
	}
	return nil
}

func (w *Worker) delivered(ctx context.Context, r result, now time.Time) error {
	b := r.batch
	if err := w.o.Queue.SettleAll(ctx, b.numbers(), bridge.Delivered); err != nil {
		return err
	}
	w.leave(b)
	for i, e := range b.events {
		w.tellAttempt(r, i, bridge.Attempt{Nth: e.try.Attempts + 1})
	}
	w.works()
	w.lastError = ""
	w.board.update(func(s *Stats) {
		s.Delivered += len(b.events)
		s.Accepted++
		s.LastGood, s.Status = now, ""
		if w.failing > 0 { // the error is that of others
			s.Status = statusFailing
		} else {
			s.LastError = ""
		}
		s.Took.Add(r.took(now))
		for _, e := range b.events {
			if e.accepted != 0 {
				s.Latency.Add(time.Duration(now.UnixNano() - e.accepted))
			}
		}
	})
	return nil
}

// works takes note that the recipient takes events.
func (w *Worker) works() {
	if w.health.good() {
		w.o.Log.Info().Str("recipient", w.o.Name).Msg("recipient is up again")
		w.retryAll()
	}
}

// leave takes the events of a batch off their lanes, whose outcome is
// recorded, and lets the lanes go on.
func (w *Worker) leave(b *batch) {
	for _, e := range b.events {
		w.remove(e)
	}
	for _, l := range b.lanes {
		if len(l.events) > 0 {
			w.line(l)
		}
	}
}

// remove takes an event off its lane, whose outcome is recorded.
func (w *Worker) remove(e *entry) {
	l := e.lane
	l.remove(e)
	w.full = false
	w.noLonger(e.try)
	if e.parked {
		w.parked--
	} else {
		w.window--
		w.windowBytes -= len(e.data)
	}
	switch {
	case len(l.events) > 0:
	case l.replay:
		delete(w.replays.lanes, l.key)
	default:
		delete(w.lanes, l.key)
		w.freeReplays(l.key)
	}
}

// line puts a lane where its front could begin at once.
func (w *Worker) line(l *lane) {
	switch b := l.head().batch; {
	case l.replay:
		w.replays.row.push(l)
	case b == nil:
		w.ready.push(l)
	case b.missing == 0:
		w.due.push(b)
	}
}

// again puts a batch where it could begin at once.
func (w *Worker) again(b *batch) {
	if b.replay() {
		w.replays.row.push(b.lanes[0])
		return
	}
	w.due.push(b)
}

// retryAll lets everything that failed by the recipient's fault be tried now.
func (w *Worker) retryAll() {
	rest := w.waiting[:0]
	for _, b := range w.waiting {
		if b.events[0].try.Fault == bridge.ThisRecipient {
			b.index = -1
			w.again(b)
			continue
		}
		b.index = len(rest)
		rest = append(rest, b)
	}
	clear(w.waiting[len(rest):])
	w.waiting = rest
	heap.Init(&w.waiting)
}

// report says what changed: not each repetition.
func (w *Worker) report(r result, de *bridge.DeliveryError, wentDown bool, now time.Time) {
	text := bounded(de.Error(), reasonMax)
	status := cmp.Or(de.Status, statusFailing)
	w.board.update(func(s *Stats) {
		s.Failed++
		s.Status, s.LastError, s.LastBad = status, text, now
		s.Took.Add(r.took(now))
	})
	const quiet = 10 * time.Second
	state := status // as tailpost status has it
	if de.Status == "" && w.health.down {
		state = "down"
	}
	switch {
	case wentDown:
		w.o.Log.Warn().Str("recipient", w.o.Name).Str("state", state).Str("err", text).Msg("recipient is down")
	case text != w.lastError && now.Sub(w.lastLog) >= quiet:
		w.o.Log.Warn().Str("recipient", w.o.Name).Str("state", state).Str("err", text).Msg("attempt failed")
		w.lastLog = now
	}
	w.lastError = text
}
