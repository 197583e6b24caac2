package dispatch

import (
	"container/heap"
	"context"
	"errors"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// finish records how an attempt ended and decides what comes next.
func (w *Worker) finish(ctx context.Context, r result, now time.Time) error {
	l := r.lane
	l.flying = false
	w.inFlight--
	if l.replay {
		w.replayEnds(l)
	}
	if r.probe {
		w.probing = false
	}
	switch {
	case r.damaged != nil:
		if err := w.damaged(ctx, l.head().number, r.damaged); err != nil {
			return err
		}
		w.leave(l)
	case r.err == nil:
		if err := w.delivered(ctx, l, r, now); err != nil {
			return err
		}
	case w.attempts.Err() != nil:
		return nil // we ended it ourselves: no attempt that counts
	default:
		if err := w.failed(ctx, l, r, now); err != nil {
			return err
		}
	}
	w.tellFailing()
	return nil
}

func (w *Worker) delivered(ctx context.Context, l *lane, r result, now time.Time) error {
	e := l.head()
	if err := w.o.Queue.Settle(ctx, e.number, bridge.Delivered); err != nil {
		return err
	}
	w.leave(l)
	w.tellAttempt(r, e.number, bridge.Attempt{Nth: e.try.Attempts + 1})
	w.works()
	w.lastError = ""
	w.board.update(func(s *Stats) {
		s.Delivered++
		s.LastGood, s.Status, s.LastError = now, "", ""
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

// leave takes the first event off a lane, whose outcome is recorded.
func (w *Worker) leave(l *lane) {
	e := l.head()
	l.pop()
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
		w.line(l)
	case l.replay:
		delete(w.replays.lanes, l.key)
	default:
		delete(w.lanes, l.key)
		w.freeReplays(l.key)
	}
}

// line puts a lane into the row of those that could begin at once.
func (w *Worker) line(l *lane) {
	switch {
	case l.replay:
		w.replays.row.push(l)
	case l.head().try.Attempts > 0:
		w.due.push(l)
	default:
		w.ready.push(l)
	}
}

// retryAll lets everything that failed by the recipient's fault be tried now.
func (w *Worker) retryAll() {
	rest := w.waiting[:0]
	for _, l := range w.waiting {
		if l.head().try.Fault == bridge.ThisRecipient {
			l.index = -1
			w.line(l)
			continue
		}
		l.index = len(rest)
		rest = append(rest, l)
	}
	clear(w.waiting[len(rest):])
	w.waiting = rest
	heap.Init(&w.waiting)
}

func (w *Worker) failed(ctx context.Context, l *lane, r result, now time.Time) error {
	e := l.head()
	de := classify(r.err)
	// An event counts as failed first once a process, and never again once it
	// was parked for its own failure, or has been a dead letter.
	first := !e.failed && !l.replay && (e.try.Attempts == 0 || !e.parked)
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

	if r.receipt.Partly {
		// One address that is always refused must not take the others' down.
		w.works()
		first = false
	}
	if w.o.Policy.Order == Strict {
		w.health.interval = e.try.Wait
	}
	wentDown := w.health.bad(de, first, now)
	w.report(de, wentDown, now)

	expired := e.try.Clock >= w.o.Policy.RetryDuration.D()
	if expired || de.Permanent && w.health.mayGiveUp(w.o.Policy.Order == Strict, e.afterGood) {
		buried, err := w.bury(ctx, l, r, expired, now)
		if err != nil {
			return err
		}
		if buried {
			w.tellAttempt(r, e.number, bridge.Attempt{Nth: e.try.Attempts, Err: de.Error(), Status: de.Status, Dead: true})
			return nil
		}
	}
	if err := w.keep(ctx, l, now); err != nil {
		return err
	}
	w.tellAttempt(r, e.number, bridge.Attempt{Nth: e.try.Attempts, Err: de.Error(), Status: de.Status, Wait: w.untilNext(e, now)})
	return nil
}

func classify(err error) *bridge.DeliveryError {
	var de *bridge.DeliveryError
	if errors.As(err, &de) {
		return de
	}
	return &bridge.DeliveryError{Scope: bridge.ThisEvent, Err: err}
}

// keep records a failed attempt. While the recipient takes others, the event
// and what stands behind it in its lane leave the window.
func (w *Worker) keep(ctx context.Context, l *lane, now time.Time) error {
	e := l.head()
	inWindow := !l.replay && (w.o.Policy.Order == Strict || w.health.down && !l.parked)
	if e.parked || inWindow {
		if err := w.o.Queue.Fail(ctx, e.number, e.try); err != nil {
			return err
		}
	}
	switch {
	case inWindow && w.health.down:
		w.due.push(l) // nothing begins now but probes
		return nil
	case inWindow:
		w.waiting.wait(l, now.Add(e.try.Wait))
		return nil
	}
	l.parked = true
	for _, e := range l.events {
		if e.parked {
			continue
		}
		if err := w.park(ctx, l, e); err != nil {
			return err
		}
		if !e.parked {
			break
		}
	}
	if !e.parked {
		if err := w.o.Queue.Fail(ctx, e.number, e.try); err != nil {
			return err
		}
	}
	w.waiting.wait(l, now.Add(e.try.Wait))
	return nil
}

// bury makes a dead letter of the lane's first event. False: the letter can't
// be written now, and the event is tried on. Events behind one whose clock ran
// out share that clock: they get one attempt each at least.
func (w *Worker) bury(ctx context.Context, l *lane, r result, expired bool, now time.Time) (bool, error) {
	e := l.head()
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
	w.leave(l)
	if !expired || w.o.Policy.Order == Strict || len(l.events) == 0 {
		return true, nil
	}
	next := l.head()
	if next.clock(now) < e.try.Clock {
		next.try.Clock, next.running = e.try.Clock, time.Time{}
		w.startClock(next, now)
		return true, w.o.Queue.Fail(ctx, next.number, next.try)
	}
	return true, nil
}

func (w *Worker) letter(e *entry, r result, now time.Time) (Letter, error) {
	head, err := bridge.ParseHead(r.data)
	if err != nil {
		return Letter{}, err
	}
	return Letter{
		Recipient: w.o.Name, Number: e.number, ID: head.ID, Event: string(head.Name), Session: string(head.Session),
		Since: time.Unix(e.try.Since, 0).UTC(), Died: now.UTC().Truncate(time.Second), Attempts: e.try.Attempts,
		Reason: bounded(r.err.Error(), reasonMax), Note: e.try.Note, Data: r.data,
	}, nil
}

// report says what changed: not each repetition.
func (w *Worker) report(de *bridge.DeliveryError, wentDown bool, now time.Time) {
	text := bounded(de.Error(), reasonMax)
	status := de.Status
	if status == "" {
		status = "failing"
	}
	w.board.update(func(s *Stats) { s.Failed++; s.Status, s.LastError = status, text })
	const quiet = 10 * time.Second
	switch {
	case wentDown:
		w.o.Log.Warn().Str("recipient", w.o.Name).Str("status", status).Str("err", text).Msg("recipient is down")
	case text != w.lastError && now.Sub(w.lastLog) >= quiet:
		w.o.Log.Warn().Str("recipient", w.o.Name).Str("status", status).Str("err", text).Msg("attempt failed")
		w.lastLog = now
	}
	w.lastError = text
}
