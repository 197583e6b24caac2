package spool

import (
	"context"
	"maps"
	"slices"

	"github.com/tailpost/tailpost/bridge"
)

// Queue is one recipient's way through the spool. It is used by one
// goroutine, but for Wake and Stats.
//
// Methods that take a context write to the journal. They return nil once the
// fact stands there, and try until then, every RetryEvery, or until ctx ends:
// what can't be recorded hasn't happened. A kill afterwards costs nothing, a
// power cut the facts of the last 50 ms.
type Queue struct {
	s    *Spool
	p    *progress // guarded by the journal's mutex
	c    *cursor
	wake chan struct{}

	revived    []bridge.Parked       // not taken yet; guarded by the spool's mutex
	yields     bool                  // it gives up its oldest events when the spool is full
	asked      uint64                // the segment that it is to give up; 0: none. Guarded by the spool's mutex
	unreadable map[uint64]unreadable // events that Get was asked for and could not read
}

// Queue gives the queue of a recipient with what was saved of it. A name that
// is not known is registered: its first number is the next one to be given,
// and durable when Queue returns. (Where the journal was lost it is the
// oldest number there is, because the name may have been known once.)
//
// Asked for once more, it gives a new queue that begins at the frontier; the
// old one must not be used any longer. While the name is forgotten it waits.
// What the journal keeps of the recipient's settings stays as it is; see
// Serve.
func (s *Spool) Queue(name string) (*Queue, error) {
	defer s.reserve(name)()
	j := &s.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	p := j.byName[name]
	if p == nil {
		var err error
		if p, err = s.registerLocked(name, standing{}, false); err != nil {
			return nil, err
		}
	}
	return s.queueLocked(p), nil
}

// queueLocked makes a queue; the journal's mutex is held.
func (s *Spool) queueLocked(p *progress) *Queue {
	name := p.name
	q := &Queue{s: s, p: p, wake: make(chan struct{}, 1), unreadable: make(map[uint64]unreadable)}
	q.rewindLocked()
	q.wake <- struct{}{}
	for n := range p.parked {
		p.highest = max(p.highest, n)
	}
	s.mu.Lock()
	old := s.queues[name]
	s.queues[name] = q
	s.mu.Unlock()
	if old != nil {
		old.c.close()
	}
	return q
}

// Close says that the queue is no longer used: its name may be served or
// forgotten from now on. Other methods than Stats must not be called after it.
func (q *Queue) Close() { q.s.leave(q) }

// rewindLocked lets reading begin at the frontier again; the journal's mutex
// is held.
func (q *Queue) rewindLocked() {
	q.p.reached, q.p.open = q.p.frontier(), nil
	q.seekLocked()
}

func (q *Queue) seekLocked() {
	if q.c != nil {
		q.c.close()
	}
	q.c = newCursor(q.s.o.FS, q.s.o.Dir, &q.s.segs, q.p.reached, q.s.damaged.found)
}

func (s *Spool) registerLocked(name string, said standing, off bool) (*progress, error) {
	at := s.endMark()
	if s.lost {
		if at = s.beginMark(); at.number != s.endMark().number {
			s.o.Log.Warn().Str("recipient", name).Msg("the journal was lost: all that the spool holds is sent to this recipient, again if it was sent before")
		}
	}
	j := &s.journal
	p := newProgress(name, j.freeHandleLocked(), at)
	p.before = s.segs.given(at.number)
	if p.said = said; off {
		p.off = s.disabledNow()
	}
	for n := range s.buried[name].each() {
		p.settle(n, bridge.Dead)
	}
	j.recipients[p.handle], j.byName[name] = p, p
	if err := j.renewLocked(); err != nil {
		delete(j.recipients, p.handle)
		delete(j.byName, name)
		return nil, err
	}
	return p, nil
}

// Names gives the names of all recipients that the journal knows, sorted.
func (s *Spool) Names() []string {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return slices.Sorted(maps.Keys(s.journal.byName))
}

// Restored gives the parked events in the order of their numbers, and what is
// saved of failed events that are not parked, by number.
func (q *Queue) Restored() (parked []bridge.Parked, tries map[uint64]bridge.Try) {
	q.s.journal.mu.Lock()
	defer q.s.journal.mu.Unlock()
	q.s.mu.Lock()
	q.revived = nil // they are among them
	q.s.mu.Unlock()
	for _, n := range slices.Sorted(maps.Keys(q.p.parked)) {
		e := q.p.parked[n]
		if e.held {
			continue
		}
		b := bridge.Parked{Number: n, Session: e.session, Replay: e.replay}
		if e.try != nil {
			b.Try = *e.try
		}
		parked = append(parked, b)
	}
	return parked, maps.Clone(q.p.tries)
}

// Taken reports whether the recipient has ever taken an event.
func (q *Queue) Taken() bool {
	q.s.journal.mu.Lock()
	defer q.s.journal.mu.Unlock()
	return q.p.counts[bridge.Delivered] > 0
}

// Wake gives a channel that has a value when Next may have more.
func (q *Queue) Wake() <-chan struct{} { return q.wake }

func (q *Queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// Next gives the next event that is durable and neither settled nor parked;
// ok is false where there is none yet. It doesn't wait. What can't be read is
// skipped, set aside, and counted. An error may pass: Next can be called
// again later.
func (q *Queue) Next() (it bridge.Item, ok bool, err error) {
	for {
		if !q.jump() {
			return bridge.Item{}, false, nil
		}
		st, ok, err := q.c.next()
		if err != nil || !ok {
			return bridge.Item{}, false, err
		}
		if q.take(st) {
			return bridge.Item{Number: st.number, Data: st.data, Accepted: st.when}, true, nil
		}
	}
}

// jump goes over what is skipped. It reports false where nothing is to be read
// until the recipient is enabled again.
func (q *Queue) jump() bool {
	q.s.journal.mu.Lock()
	defer q.s.journal.mu.Unlock()
	p := q.p
	from := p.frontier().place.seg
	if p.jump() {
		q.seekLocked()
		q.advanced(from)
	}
	return !p.off.on || p.reached.number < p.off.number
}

// take notes that reading has come so far, and reports whether the event is
// to be given out.
func (q *Queue) take(st step) bool {
	q.s.journal.mu.Lock()
	defer q.s.journal.mu.Unlock()
	p := q.p
	from := p.frontier().place.seg
	at := mark{number: st.number, place: st.place, passed: p.reached.passed, lost: p.reached.lost}
	p.reached.number = st.to
	if p.off.on { // from there on it goes on, once it is enabled
		p.reached.number = min(st.to, p.off.number)
	}
	if st.place.seg != 0 {
		p.reached.place = st.place
	}
	give := false
	switch {
	case st.to == st.number+1 && (p.done(st.number) || p.skipped(st.number)):
		p.trim()
	case st.to == st.number+1 && p.refused.has(st.number):
		p.reached.passed++
		p.trim()
	case st.data == nil:
		p.lose(st.number, st.to)
		if n := p.reached.lost - at.lost; n > 0 { // else none of them was to be given
			q.s.o.Log.Error().Str("recipient", p.name).Uint64("lost", n).Msg("events in the spool are damaged and can't be sent")
		}
	default:
		p.open = append(p.open, openEvent{at})
		give = true
	}
	q.advanced(from)
	return give
}

// advanced tells retention when the frontier has left a segment, and lets what
// it went past be written down: passed events may stand behind one that ends
// only now. The journal's mutex is held.
func (q *Queue) advanced(from uint64) {
	if q.p.hasPassed() {
		q.s.journal.passesLocked()
	}
	if q.p.frontier().place.seg != from {
		q.s.kick()
	}
}

// Pass says that the recipient doesn't want this event. No fact is written of
// it, but the frontier soon: after a restart events above that are looked at
// again. Until then the next queue of the recipient leaves them out.
func (q *Queue) Pass(number uint64) {
	q.s.journal.mu.Lock()
	defer q.s.journal.mu.Unlock()
	p := q.p
	from := p.frontier().place.seg
	p.pass(number)
	q.advanced(from)
}

// Settle records that the event has ended for this recipient.
func (q *Queue) Settle(ctx context.Context, number uint64, how bridge.Settlement) error {
	if _, err := q.whereIs(number); err != nil {
		return err
	}
	j := &q.s.journal
	f := frame{kind: kindSettle, detail: byte(how), count: q.p.handle, first: number}
	_, err := j.record(ctx, f, nil, nil, func() {
		from := q.p.frontier().place.seg
		j.settleLocked(q.p, number, how)
		q.advanced(from)
	})
	return err
}

// Fail records a failed attempt of an event that was given out or is parked.
// A note is left out where the journal has no room for it.
func (q *Queue) Fail(ctx context.Context, number uint64, t bridge.Try) error {
	if _, err := q.whereIs(number); err != nil {
		return err
	}
	j := &q.s.journal
	if len(t.Note) > 0 && !j.fits(len(t.Note), 3, 4) {
		q.s.o.Log.Warn().Str("recipient", q.p.name).Int("bytes", len(t.Note)).Msg("no room in the journal for a sink's note; it is left out")
		t.Note = nil
	}
	t.Note = slices.Clone(t.Note)
	f := frame{kind: kindFail, count: q.p.handle, first: number}
	_, err := j.record(ctx, f, appendTry(nil, t), nil, func() {
		q.p.fail(number, t)
		j.factLocked(q.p)
	})
	return err
}

// Park takes an event that was given out aside, under a hash of its session.
// It reports false, and nothing has changed, where max_parked is reached or
// the journal has no room for more.
func (q *Queue) Park(ctx context.Context, number, session uint64, t bridge.Try) (bool, error) {
	at, err := q.whereIs(number)
	if err != nil {
		return false, err
	}
	e := parkedEvent{session: session, place: at}
	if t.Attempts > 0 {
		t.Note = slices.Clone(t.Note)
		e.try = &t
	}
	j := &q.s.journal
	f := frame{kind: kindPark, count: q.p.handle, first: number}
	room := func() bool {
		return j.parked < j.maxParked && j.fitsLocked(parkedBytes+tryBytes+len(t.Note), 1, 2)
	}
	return j.record(ctx, f, appendParked(nil, e), room, func() {
		from := q.p.frontier().place.seg
		j.parkLocked(q.p, number, e)
		q.advanced(from)
	})
}

// Bury makes a dead letter of the event: the letter is durable, and the event
// settled, when it returns nil. It doesn't wait for a disk that can't be
// written: the event stays as it was, to be tried on.
func (q *Queue) Bury(ctx context.Context, number uint64, letter []byte) error {
	if _, err := q.whereIs(number); err != nil {
		return err
	}
	if err := q.s.bury(q.p.name, number, letter); err != nil {
		return err
	}
	return q.Settle(ctx, number, bridge.Dead)
}

// Stats gives the counts. It may be called at any time.
func (q *Queue) Stats() QueueStats {
	q.s.journal.mu.Lock()
	defer q.s.journal.mu.Unlock()
	return q.p.balance(&q.s.segs)
}
