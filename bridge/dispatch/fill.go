package dispatch

import (
	"context"
	"encoding/binary"
	"hash/fnv"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// restore takes up what an earlier run left parked. Into strict order, parked
// events go first, lowest number first.
func (w *Worker) restore(ctx context.Context, now time.Time) error {
	w.health.interval = w.o.Policy.RetryInterval.D()
	parked, tries := w.restored(now)
	w.tries = tries
	for n, t := range tries {
		w.fails(t)
		w.known = max(w.known, n)
	}
	w.health.lastGood = w.o.Queue.Taken() && len(tries) == 0
	w.restoreBatches()
	for _, p := range parked {
		w.fails(p.Try)
		if p.Replay {
			w.addReplay(p, now)
			continue
		}
		w.restoreParked(p, now)
	}
	for _, lanes := range []map[uint64]*lane{w.lanes, w.replays.lanes} {
		for _, l := range lanes {
			w.place(l, now)
		}
	}
	w.assembled = w.assembled[:0] // they are placed
	return nil
}

func (w *Worker) restoreParked(p bridge.Parked, now time.Time) {
	key := p.Session
	if w.o.Policy.Order == Strict {
		key = 0
	}
	e := &entry{number: p.Number, try: p.Try, parked: true}
	if e.try.Clock > 0 || e.try.Attempts > 0 {
		w.startClock(e, now)
	}
	l := w.lanes[key]
	if l == nil {
		l = &lane{key: key, parked: w.o.Policy.Order != Strict}
		w.lanes[key] = l
	}
	l.add(e)
	w.enroll(e)
	w.parked++
}

// fill reads events into the window. more says that it stopped early, to let
// results through, and that there may be more to read.
func (w *Worker) fill(ctx context.Context, now time.Time) (more bool, err error) {
	if now.Before(w.readAgain) {
		return false, nil
	}
	w.readAgain = time.Time{}
	for range fillMost {
		if w.windowFull() {
			w.passKnown(now)
			return false, nil
		}
		it, ok, err := w.o.Queue.Next()
		if err != nil {
			w.o.Log.Error().Str("recipient", w.o.Name).Err(err).Msg("reading the spool failed")
			w.readAgain = now.Add(readWait)
			w.unreadable = bounded(err.Error(), reasonMax)
			return false, nil
		}
		w.unreadable = ""
		if !ok {
			w.caughtUp = true
			w.forgetTries()
			w.passKnown(now)
			return false, nil
		}
		if err := w.admit(ctx, it, now); err != nil {
			return false, err
		}
	}
	return true, nil
}

// admit gives an event its lane, or passes over it.
func (w *Worker) admit(ctx context.Context, it bridge.Item, now time.Time) error {
	if it.Number > w.known {
		w.forgetTries()
		w.passKnown(now)
	}
	try := w.tries[it.Number]
	delete(w.tries, it.Number)
	head, err := bridge.ParseHead(it.Data)
	switch {
	case err != nil:
		w.noLonger(try)
		err = w.damaged(ctx, it.Number, err)
	case !w.asks(head):
		w.noLonger(try)
		w.o.Queue.Pass(it.Number)
		w.board.update(func(s *Stats) { s.Filtered++ })
	default:
		err = w.enter(ctx, it, head, try, now)
	}
	w.placeAssembled(now)
	return err
}

// enter puts an event into its lane.
func (w *Worker) enter(ctx context.Context, it bridge.Item, head bridge.Head, try bridge.Try, now time.Time) error {
	e := &entry{number: it.Number, data: it.Data, try: try, accepted: it.Accepted}
	if w.caughtUp {
		e.arrived = now
	}
	if try.Attempts > 0 || try.Clock > 0 {
		w.startClock(e, now)
	}
	key := w.key(it.Number, head.Session)
	l := w.lanes[key]
	if l == nil {
		l = &lane{key: key}
		w.lanes[key] = l
	}
	l.add(e)
	_, member := w.members[e.number]
	w.enroll(e)
	w.window++
	w.windowBytes += len(e.data)
	switch {
	case l.parked && !l.events[len(l.events)-2].parked:
		// One before it found no room: it must not be parked past that one.
		w.full = true
	case l.parked:
		return w.park(ctx, l, e)
	case len(l.events) == 1 && !member:
		w.place(l, now)
	}
	return nil
}

// forgetTries drops the restored tries of events that Next left out: they
// can't be had any more.
func (w *Worker) forgetTries() {
	for _, t := range w.tries {
		w.noLonger(t)
	}
	clear(w.tries)
}

func (w *Worker) damaged(ctx context.Context, number uint64, cause error) error {
	w.o.Log.Error().Str("recipient", w.o.Name).Uint64("number", number).Err(cause).Msg("event can't be read back")
	w.board.update(func(s *Stats) { s.Damaged++ })
	return w.o.Queue.Settle(ctx, number, bridge.Damaged)
}

// key names the lane of an event.
func (w *Worker) key(number uint64, session []byte) uint64 {
	if w.o.Policy.Order == Strict {
		return 0
	}
	return ParkKey(w.o.Policy.Order, number, session)
}

// ParkKey gives the hash under which an event of that session is parked, for a
// recipient with that order (in strict order, where nothing is parked but what
// was so under another order: as in session order). It is saved with parked
// events: its meaning must not change. An event without a session waits for
// nobody.
func ParkKey(order string, number uint64, session []byte) uint64 {
	if order == None || len(session) == 0 {
		var b [9]byte
		b[0] = 1
		binary.BigEndian.PutUint64(b[1:], number)
		return sum64(b[:])
	}
	return sum64(append([]byte{2}, session...))
}

func sum64(b []byte) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(b)
	return h.Sum64()
}

// fullQuiet lies between two words about too many parked events: at the bound
// one more finds room with each that is settled, and the next finds none.
const fullQuiet = time.Minute

// park moves an event out of the window. Where there is no room for that, it
// stays, and nothing more is read until one event is settled.
func (w *Worker) park(ctx context.Context, l *lane, e *entry) error {
	ok, err := w.o.Queue.Park(ctx, e.number, l.key, e.try)
	if err != nil {
		return err
	}
	if !ok {
		if now := time.Now(); !w.full && now.Sub(w.fullLog) >= fullQuiet {
			w.fullLog = now
			w.o.Log.Warn().Str("recipient", w.o.Name).Int("sessions", len(w.lanes)).Int("parked", w.parked).
				Msg("too many events are parked: nothing more is read until one is settled")
		}
		w.full = true
		return nil
	}
	w.window--
	w.windowBytes -= len(e.data)
	w.parked++
	e.parked, e.data = true, nil
	w.full = false
	return nil
}
