package dispatch

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// mayGather reports whether a batch of new events may be made now: there is
// enough for a full one, or the oldest has waited long enough.
func (w *Worker) mayGather(now time.Time) bool {
	p := &w.o.Policy
	if p.BatchMaxWait == 0 || w.windowFull() {
		return true
	}
	n, bytes, oldest := 0, 0, now
	for _, l := range w.ready.all[w.ready.first:] {
		if t := l.head().arrived; t.Before(oldest) {
			oldest = t
		}
		for _, e := range l.events {
			if e.batch != nil {
				break
			}
			bytes += len(e.data)
			if n++; n >= p.most() || bytes >= batchBytes {
				return true
			}
		}
	}
	if n == 0 {
		return false
	}
	w.gatherAt = oldest.Add(p.BatchMaxWait.D())
	return !now.Before(w.gatherAt)
}

// gather makes a batch of new events: the first ones of as many lanes as are
// needed to fill it. nil: there are none.
func (w *Worker) gather() *batch {
	b := &batch{index: -1}
	w.gatherInto(b, 0)
	if len(b.events) == 0 {
		return nil
	}
	return b
}

// gatherFrom makes one that begins with a lane's first events.
func (w *Worker) gatherFrom(l *lane) *batch {
	b := &batch{index: -1}
	w.gatherInto(b, b.draw(l, w.o.Policy.most()))
	return b
}

// gatherInto fills a batch that has so many bytes.
func (w *Worker) gatherInto(b *batch, bytes int) {
	most := w.o.Policy.most()
	for len(b.events) < most && bytes < batchBytes {
		l := w.ready.take()
		if l == nil {
			break
		}
		if w.replayFlies(l) {
			l.behind = true
			continue
		}
		bytes += b.draw(l, most-len(b.events))
	}
}

// load gets the bytes of a batch that is about to begin. What is not asked
// for any longer, or can't be read, leaves it. False: nothing is left of it,
// or it has to wait.
func (w *Worker) load(ctx context.Context, b *batch, now time.Time) (bool, error) {
	b.data = make([][]byte, 0, len(b.events))
	room, left := batchBytes, false
	for i := 0; i < len(b.events); {
		e := b.events[i]
		data, gone, err := w.fetch(ctx, e)
		switch {
		case errors.Is(err, errWait):
			if left {
				w.relane(b)
			}
			w.waiting.wait(b, now.Add(max(readWait, w.o.Policy.RetryInterval.D())))
			return false, nil
		case err != nil:
			return false, err
		case gone:
			w.remove(e)
			b.events = slices.Delete(b.events, i, i+1)
			left = true
			continue
		}
		if room -= len(data); room < 0 && i > 0 && !b.joined {
			for _, e := range b.events[i:] {
				e.batch = nil
			}
			b.events, left = b.events[:i], true
			break
		}
		b.data = append(b.data, data)
		i++
	}
	if left {
		w.relane(b)
	}
	return len(b.events) > 0, nil
}

// errWait says that the event can't be read now.
var errWait = errors.New("not now")

// fetch gives an event's bytes. gone: its outcome is recorded instead.
func (w *Worker) fetch(ctx context.Context, e *entry) (data []byte, gone bool, err error) {
	if e.data != nil {
		return e.data, false, nil
	}
	it, err := w.o.Queue.Get(ctx, e.number)
	switch {
	case errors.Is(err, bridge.ErrDamaged):
		return nil, true, w.damaged(ctx, e.number, err)
	case err != nil && ctx.Err() != nil:
		return nil, false, err
	case err != nil:
		w.o.Log.Error().Str("recipient", w.o.Name).Uint64("number", e.number).Err(err).Msg("reading the spool failed")
		return nil, false, errWait
	}
	e.accepted = it.Accepted
	// Filters are applied when an event's turn comes: they may have changed
	// since it was parked.
	if head, err := bridge.ParseHead(it.Data); err == nil && !w.asks(head) {
		if err := w.o.Queue.Settle(ctx, e.number, bridge.Filtered); err != nil {
			return nil, false, err
		}
		w.board.update(func(s *Stats) { s.Filtered++ })
		return nil, true, nil
	}
	return it.Data, false, nil
}
