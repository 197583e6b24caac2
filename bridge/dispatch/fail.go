package dispatch

import (
	"context"
	"errors"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

func classify(err error) *bridge.DeliveryError {
	var de *bridge.DeliveryError
	if errors.As(err, &de) {
		return de
	}
	return &bridge.DeliveryError{Scope: bridge.ThisEvent, Err: err}
}

// failed decides what becomes of a batch that was not taken: it is kept, or
// halved where the failure may lie with one of its events. A single event may
// die.
func (w *Worker) failed(ctx context.Context, r result, now time.Time) error {
	b, de := r.batch, classify(r.err)
	first := false
	for _, e := range b.events {
		first = w.strike(e, r, de, now) || first
	}
	if r.receipt.Partly {
		// One address that is always refused must not take the others' down.
		w.works()
		first = false
	}
	if w.o.Policy.Order == Strict {
		w.health.interval = b.events[0].try.Wait
	}
	wentDown := w.health.bad(de, first, now)
	w.report(r, de, wentDown, now)

	expired := b.expired(w.o.Policy.RetryDuration.D())
	switch {
	case len(b.events) > 1 && (expired || de.Permanent || de.Scope == bridge.ThisEvent):
		return w.halved(ctx, r, de, now)
	case len(b.events) == 1 && (expired || de.Permanent && w.health.mayGiveUp(w.o.Policy.Order == Strict, b.afterGood)):
		buried, err := w.bury(ctx, r, expired, now)
		if buried {
			w.tellAttempt(r, 0, bridge.Attempt{Nth: b.attempts(), Err: de.Error(), Status: de.Status, Dead: true})
		}
		if buried || err != nil {
			return err
		}
	}
	return w.keep(ctx, r, de, []*batch{b}, false, now)
}

// strike notes a failed attempt with an event. It reports whether that is a
// first failure: an event counts as failed first once a process, and never
// again once it was parked for its own failure, or has been a dead letter.
func (w *Worker) strike(e *entry, r result, de *bridge.DeliveryError, now time.Time) (first bool) {
	first = !e.failed && !e.lane.replay && (e.try.Attempts == 0 || !e.parked)
	e.failed, e.tried = true, now
	if e.try.Attempts == 0 && e.try.Since == 0 {
		e.try.Since = now.Unix()
	}
	e.stopClock(now)
	w.startClock(e, now)
	w.noLonger(e.try)
	e.try.Attempts++
	w.fails(e.try)
	e.try.Wait = w.o.Policy.wait(e.try.Attempts)
	e.try.Fault = de.Scope
	if n := r.receipt.Note; len(n) <= bridge.NoteMax {
		e.try.Note = n
	}
	return first
}

// halved makes two batches of one. While the recipient takes others they are
// tried at once: all but one event of them may have nothing to do with it.
func (w *Worker) halved(ctx context.Context, r result, de *bridge.DeliveryError, now time.Time) error {
	first, second := r.batch.halve()
	soon := !w.health.down && w.health.bads <= w.health.slots
	for _, e := range r.batch.events {
		if soon {
			e.try.Wait = 0
		} else {
			e.try.Wait = r.batch.events[0].try.Wait // one wait for all
		}
	}
	return w.keep(ctx, r, de, []*batch{first, second}, soon, now)
}

// keep records a failed attempt. While the recipient takes others, the events
// and what stands behind them in their lanes leave the window. parts is what
// is tried next, soon says that this is now.
func (w *Worker) keep(ctx context.Context, r result, de *bridge.DeliveryError, parts []*batch, soon bool, now time.Time) error {
	b := r.batch
	stays := soon || !b.replay() && (w.o.Policy.Order == Strict || w.health.down && !b.parked())
	if err := w.record(ctx, b, stays); err != nil {
		return err
	}
	for _, p := range parts {
		if err := w.join(ctx, p); err != nil {
			return err
		}
		switch {
		case !p.inFront():
		case stays && (soon || w.health.down):
			w.due.push(p) // while it is down nothing begins but probes
		default:
			w.waiting.wait(p, now.Add(p.events[0].try.Wait))
		}
	}
	for i, e := range b.events {
		w.tellAttempt(r, i, bridge.Attempt{Nth: e.try.Attempts, Err: de.Error(), Status: de.Status, Wait: w.untilNext(e, now)})
	}
	return nil
}

// parked reports whether all of its lanes are.
func (b *batch) parked() bool {
	for _, l := range b.lanes {
		if !l.parked {
			return false
		}
	}
	return true
}

// record records the failed attempt of each event, and parks the lanes if they
// don't stay as they are.
func (w *Worker) record(ctx context.Context, b *batch, stays bool) error {
	var left []*entry // without a record as yet
	for _, e := range b.events {
		if !e.parked && !stays {
			left = append(left, e)
			continue
		}
		if err := w.o.Queue.Fail(ctx, e.number, e.try); err != nil {
			return err
		}
	}
	if stays {
		return nil
	}
	for _, l := range b.lanes {
		if err := w.parkLane(ctx, l); err != nil {
			return err
		}
	}
	for _, e := range left {
		if e.parked {
			continue
		}
		if err := w.o.Queue.Fail(ctx, e.number, e.try); err != nil {
			return err
		}
	}
	return nil
}

// parkLane moves a lane's events out of the window, as far as there is room.
func (w *Worker) parkLane(ctx context.Context, l *lane) error {
	l.parked = true
	for _, e := range l.events {
		if e.parked {
			continue
		}
		if err := w.park(ctx, l, e); err != nil || !e.parked {
			return err
		}
	}
	return nil
}

// bury makes a dead letter of a single event. False: the letter can't be
// written now, and the event is tried on. Events behind one whose clock ran
// out share that clock: they get one attempt each at least.
func (w *Worker) bury(ctx context.Context, r result, expired bool, now time.Time) (bool, error) {
	e := r.batch.events[0]
	letter, err := w.letter(e, r, now)
	if err != nil {
		return false, err
	}
	body, err := letter.Encode()
	if err != nil {
		return false, err
	}
	if err := w.o.Queue.Bury(ctx, e.number, body); err != nil {
		if ctx.Err() != nil {
			return false, err
		}
		return false, nil // the queue has said why
	}
	w.o.Log.Warn().Str("recipient", w.o.Name).Stringer("id", letter.ID).Str("event", letter.Event).
		Int("attempts", letter.Attempts).Str("err", letter.Reason).Msg("dead letter")
	w.board.update(func(s *Stats) { s.Dead++ })
	w.leave(r.batch)
	if !expired || w.o.Policy.Order == Strict || len(e.lane.events) == 0 {
		return true, nil
	}
	next := e.lane.head()
	if next.clock(now) < e.try.Clock {
		next.try.Clock, next.running = e.try.Clock, time.Time{}
		w.startClock(next, now)
		return true, w.o.Queue.Fail(ctx, next.number, next.try)
	}
	return true, nil
}

func (w *Worker) letter(e *entry, r result, now time.Time) (Letter, error) {
	head, err := bridge.ParseHead(r.data[0])
	if err != nil {
		return Letter{}, err
	}
	return Letter{
		Recipient: w.o.Name, Number: e.number, ID: head.ID, Event: string(head.Name), Session: string(head.Session),
		Since: time.Unix(e.try.Since, 0).UTC(), Died: now.UTC().Truncate(time.Second), Attempts: e.try.Attempts,
		Reason: bounded(r.err.Error(), reasonMax), Note: e.try.Note, Data: r.data[0],
	}, nil
}
