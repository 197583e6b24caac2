package dispatch

import (
	"cmp"
	"slices"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// replays are the events that were dead letters and wait again. They stand in
// lanes of their own, a lane a session, and one begins only while nothing live
// of its session is known to wait (in strict order: nothing live at all). At
// most one in four of the slots is theirs, and one always. A live event waits
// for the end of an attempt of its session that is under way, and for nothing
// else of them.
type replays struct {
	lanes    map[uint64]*lane
	row      row[*lane]      // those that could begin at once, but for live events
	held     map[uint64]bool // those that wait for live events of their session
	inFlight int
	turn     bool // a replay is next, where it is one or the other
}

// revive takes up what became live again.
func (w *Worker) revive(now time.Time) {
	for _, p := range w.o.Queue.Revived() {
		if l, added := w.addReplay(p, now); added && len(l.events) == 1 {
			w.line(l)
		}
	}
}

// addReplay puts an event into its lane, unless it is there: a queue may tell
// of what it has restored. A lane that is new stands nowhere yet.
func (w *Worker) addReplay(p bridge.Parked, now time.Time) (l *lane, added bool) {
	l = w.replays.lanes[p.Session]
	if l == nil {
		l = &lane{key: p.Session, parked: true, replay: true}
		w.replays.lanes[p.Session] = l
	}
	// In the order of numbers, but behind one that has begun.
	begun := 0
	if len(l.events) > 0 && (l.flying || l.head().try.Attempts > 0) {
		begun = 1
		if l.head().number == p.Number {
			return l, false
		}
	}
	at, there := slices.BinarySearchFunc(l.events[begun:], p.Number, func(e *entry, n uint64) int { return cmp.Compare(e.number, n) })
	if there {
		return l, false
	}
	e := &entry{number: p.Number, lane: l, try: p.Try, parked: true}
	if e.try.Attempts > 0 || e.try.Clock > 0 {
		w.startClock(e, now)
	}
	if e.try.Attempts > 0 {
		alone(e)
	}
	l.events = slices.Insert(l.events, begun+at, e)
	w.parked++
	return l, true
}

// pickReplay takes a replay where it is their turn.
func (w *Worker) pickReplay() *lane {
	if w.replays.row.len() == 0 {
		return nil
	}
	if w.replays.turn = !w.replays.turn; !w.replays.turn {
		return nil
	}
	return w.takeReplay()
}

// takeReplay takes the next replay that may begin, if a slot is left for it.
func (w *Worker) takeReplay() *lane {
	r := &w.replays
	if r.inFlight >= max(1, w.o.Policy.slots()/4) {
		return nil
	}
	for l := r.row.take(); l != nil; l = r.row.take() {
		if w.lanes[w.liveKey(l)] == nil {
			return l
		}
		if r.held == nil {
			r.held = map[uint64]bool{}
		}
		r.held[l.key] = true
	}
	return nil
}

// replayFlies reports whether an attempt of a replay of a live lane's session
// is under way. In strict order nothing else is.
func (w *Worker) replayFlies(l *lane) bool {
	r := w.replays.lanes[l.key]
	return r != nil && r.flying && w.o.Policy.Order != Strict
}

// waitsForReplay reports whether a batch has to wait for the end of a replay of
// one of its sessions, and lets it do so.
func (w *Worker) waitsForReplay(b *batch) bool {
	for _, l := range b.lanes {
		if w.replayFlies(l) {
			l.behind = true
			return true
		}
	}
	return false
}

// replayEnds takes note of the end of a replay's attempt.
func (w *Worker) replayEnds(l *lane) {
	w.replays.inFlight--
	if live := w.lanes[l.key]; live != nil && live.behind {
		live.behind = false
		w.line(live)
	}
}

// liveKey is the key of the live lane that a replay waits for.
func (w *Worker) liveKey(l *lane) uint64 {
	if w.o.Policy.Order == Strict {
		return 0
	}
	return l.key
}

// freeReplays lets replays go on whose session has no live events any longer.
func (w *Worker) freeReplays(live uint64) {
	r := &w.replays
	if w.o.Policy.Order != Strict {
		if r.held[live] {
			delete(r.held, live)
			w.line(r.lanes[live])
		}
		return
	}
	for key := range r.held {
		w.line(r.lanes[key])
	}
	clear(r.held)
}

// oldest gives what a recipient that is down is tried with when it has nothing
// live.
func (r *replays) oldest() *lane {
	var out *lane
	for _, l := range r.lanes {
		if !l.flying && (out == nil || l.head().number < out.head().number) {
			out = l
		}
	}
	return out
}
