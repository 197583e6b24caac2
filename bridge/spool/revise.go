package spool

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tailpost/tailpost/bridge"
)

// Verdict is what a person wants with a dead letter. Its zero value leaves it.
type Verdict struct {
	Drop   bool // for good
	Replay bool // it waits again: Session and Event must be set

	Session uint64 // under which its recipient parks it
	Event   []byte // as it was appended once
}

// ReviseDead shows judge each dead letter, oldest first, and does what it
// says: what is replayed waits again for its recipient, under the same number;
// what is dropped is settled for good. Neither is a dead letter any longer. It
// gives how many were replayed and dropped; all of that is durable. On an
// error, what was judged last may not be done.
//
// A replay takes room in the spool and among the parked events; where there is
// none it fails. The letter is valid until judge returns.
func (s *Spool) ReviseDead(ctx context.Context, judge func(DeadLetter) (Verdict, error)) (replayed, dropped int, err error) {
	s.revising.Lock()
	defer s.revising.Unlock()
	if err := s.strikeLeft(); err != nil {
		return 0, 0, err
	}
	r := revision{s: s, ctx: ctx}
	_, err = scanDead(s.o.FS, s.o.Dir, func(stored) {}, func(l DeadLetter, _ stored) error {
		v, err := judge(l)
		switch {
		case err != nil:
			return err
		case v.Replay:
			return r.replay(l, v)
		case v.Drop:
			return r.drop(l)
		}
		return nil
	})
	return r.replayed, r.dropped, errors.Join(err, r.flush())
}

// revision gathers what is to be done, a batch at a time.
type revision struct {
	s                 *Spool
	ctx               context.Context
	replays           []revival
	drops             []revival
	bytes             int
	replayed, dropped int
}

// revival is a dead letter that is to be no dead letter any longer.
type revival struct {
	p     *progress
	event movedEvent // without data for a drop
	at    place      // where it stands now
}

// revisedMost bounds a batch.
const revisedMost = 256

func (r *revision) replay(l DeadLetter, v Verdict) error {
	p, err := r.s.recipient(l.Recipient)
	if err != nil {
		return err
	}
	e := movedEvent{number: l.Number, session: v.Session, data: slices.Clone(v.Event)}
	r.replays = append(r.replays, revival{p: p, event: e})
	return r.full(len(e.data))
}

// drop takes letters of recipients that are gone, too.
func (r *revision) drop(l DeadLetter) error {
	p, err := r.s.recipient(l.Recipient)
	if err != nil {
		p = &progress{name: l.Recipient}
	}
	r.drops = append(r.drops, revival{p: p, event: movedEvent{number: l.Number}})
	return r.full(0)
}

func (r *revision) full(bytes int) error {
	if r.bytes += bytes; r.bytes < moveBatch && len(r.replays)+len(r.drops) < revisedMost {
		return nil
	}
	return r.flush()
}

func (r *revision) flush() error {
	replays, drops := r.replays, r.drops
	r.replays, r.drops, r.bytes = nil, nil, 0
	if len(replays) > 0 {
		n, err := r.s.revive(r.ctx, replays)
		if err != nil {
			return err
		}
		r.replayed += n
	}
	if len(drops) > 0 {
		n, err := r.s.dropDead(r.ctx, drops)
		if err != nil {
			return err
		}
		r.dropped += n
	}
	return nil
}

// revive makes dead events wait again: written once more, parked in the
// journal, and then struck out among the dead letters. As long as that isn't
// durable a start takes the letter for what counts. What waits anyway is left
// as it is: its letter could not be written, or is being written.
func (s *Spool) revive(ctx context.Context, rs []revival) (int, error) {
	if rs = s.deadOnes(rs); len(rs) == 0 {
		return 0, nil
	}
	s.pin()
	err := s.appendAgain(ctx, rs)
	for i := 0; i < len(rs) && err == nil; i++ {
		if err = s.reviveOne(ctx, rs[i]); err != nil {
			err = errors.Join(err, s.burySilently(ctx, rs[:i]))
		}
	}
	s.unpin()
	if err != nil {
		return 0, err
	}
	if err := s.journal.sync(); err != nil {
		return 0, errors.Join(err, s.burySilently(ctx, rs))
	}
	// From here on there is no way back: a strike that failed may count.
	s.unstruck = append(s.unstruck, rs...)
	return len(rs), s.strikeLeft()
}

// deadOnes leaves out events that are not dead. None of the others begins to
// wait but by revive.
func (s *Spool) deadOnes(rs []revival) []revival {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return slices.DeleteFunc(rs, func(r revival) bool { return r.p.handle != 0 && r.p.waits(r.event.number) })
}

// strikeLeft strikes out the letters of what is parked already, and only then
// gives it to the queues. Where that fails nobody can tell which of the two a
// start would find, letter or strike, and either will do: the event is held
// until a strike is durable. The caller holds revising.
func (s *Spool) strikeLeft() error {
	if len(s.unstruck) == 0 {
		return nil
	}
	if err := s.strikeOut(s.unstruck); err != nil {
		return err
	}
	s.tellRevived(s.unstruck)
	s.unstruck = nil
	return nil
}

// strikeAgain is strikeLeft for retention, which waits for nobody.
func (s *Spool) strikeAgain() {
	if !s.revising.TryLock() {
		return
	}
	defer s.revising.Unlock()
	_ = s.strikeLeft() // who asked for it was told
	s.strikeOwed()
}

// pin keeps retention from the newest segment and all that come: what is
// written there again is wanted by nobody until its fact is in the journal.
func (s *Spool) pin() {
	last, _ := s.segs.last()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pinned = max(1, last.first())
}

func (s *Spool) unpin() {
	s.mu.Lock()
	s.pinned = 0
	s.mu.Unlock()
	s.kick()
}

// isPinned must be asked of segments that were sealed before: what is pinned
// later stands behind them.
func (s *Spool) isPinned(sg segment) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pinned > 0 && sg.first() >= s.pinned
}

// appendAgain writes the events at the end of the spool, with their numbers.
func (s *Spool) appendAgain(ctx context.Context, rs []revival) error {
	events := make([]movedEvent, len(rs))
	for i := range rs {
		events[i] = rs[i].event
	}
	payload := appendMoved(nil, events)
	o, err := s.commit(ctx, &entry{
		kind: kindMoved, count: uint32(len(events)), payload: payload, sum: checksum(payload),
		first: events[0].number, hasty: true, done: make(chan outcome, 1),
	})
	if err != nil {
		return fmt.Errorf("write events again: %w", err)
	}
	for i := range rs {
		rs[i].at = place{seg: o.at.seg, off: o.at.off, index: uint32(i), size: uint32(len(events[i].data))}
	}
	return nil
}

func (s *Spool) reviveOne(ctx context.Context, r revival) error {
	j := &s.journal
	e := parkedEvent{session: r.event.session, place: r.at, replay: true, held: true}
	var refused error
	may := func() bool {
		if j.parked >= j.maxParked || !j.fitsLocked(parkedBytes+tryBytes, 1, 2) {
			refused = errors.New("as many events are parked as max_parked and the journal allow")
		}
		return refused == nil
	}
	f := frame{kind: kindRevive, count: r.p.handle, first: r.event.number}
	_, err := j.record(ctx, f, appendParked(nil, e), may, func() {
		r.p.revive(r.event.number, e)
		j.tallyLocked(e.place, 1)
		j.factLocked(r.p)
	})
	if err = errors.Join(err, refused); err != nil {
		return fmt.Errorf("replay event %x for %s: %w", r.event.number, r.p.name, err)
	}
	return nil
}

// burySilently takes revivals back: their letters still stand.
func (s *Spool) burySilently(ctx context.Context, rs []revival) error {
	j := &s.journal
	for _, r := range rs {
		f := frame{kind: kindSettle, detail: byte(bridge.Dead), count: r.p.handle, first: r.event.number}
		if _, err := j.record(ctx, f, nil, nil, func() { j.settleLocked(r.p, r.event.number, bridge.Dead) }); err != nil {
			return err
		}
	}
	return nil
}

// tellRevived gives the events to their queues.
func (s *Spool) tellRevived(rs []revival) {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	for _, r := range rs {
		e, ok := r.p.parked[r.event.number]
		if !ok {
			continue
		}
		e.held = false
		r.p.parked[r.event.number] = e
		s.mu.Lock()
		if q := s.queues[r.p.name]; q != nil {
			q.revived = append(q.revived, bridge.Parked{Number: r.event.number, Session: r.event.session, Replay: true})
			q.signal()
		}
		s.mu.Unlock()
	}
}

// Revived gives the dead events that wait again since it was asked last; Wake
// has a value when there are some. They are parked.
func (q *Queue) Revived() []bridge.Parked {
	q.s.mu.Lock()
	defer q.s.mu.Unlock()
	out := q.revived
	q.revived = nil
	return out
}

// dropDead strikes letters out and then counts their events as dropped: a
// start after a power cut between the two still counts them as dead. What
// waits anyway is left as it is. That the events are settled has to be durable
// before: without a letter they would wait again.
func (s *Spool) dropDead(ctx context.Context, rs []revival) (int, error) {
	j := &s.journal
	if rs = s.deadOnes(rs); len(rs) == 0 {
		return 0, nil
	}
	if err := j.sync(); err != nil {
		return 0, err
	}
	if err := s.strikeOut(rs); err != nil {
		return 0, err
	}
	for _, r := range rs {
		if r.p.handle == 0 {
			continue // of a recipient that is gone
		}
		f := frame{kind: kindRevive, detail: byte(bridge.Dropped), count: r.p.handle, first: r.event.number}
		if _, err := j.record(ctx, f, nil, nil, func() { r.p.dropDead(r.event.number); j.factLocked(r.p) }); err != nil {
			return 0, err
		}
	}
	return len(rs), j.sync()
}

// strikeOut makes durable that letters count no longer. It makes one such try
// and one more, into another file.
func (s *Spool) strikeOut(rs []revival) error {
	out := make([]stored, len(rs))
	for i, r := range rs {
		out[i] = strike(r.p.name, r.event.number)
	}
	put := func() error { return s.wayOut(func() error { return s.dead.put(out) }) }
	if put() == nil {
		return nil
	}
	return put()
}

// revive applies a fact: a dead event waits again.
func (p *progress) revive(number uint64, e parkedEvent) {
	if _, ok := p.parked[number]; ok {
		return
	}
	if number < p.first { // of an earlier life of the name: it is given out anew
		p.before -= min(1, p.before)
	} else {
		p.counts[bridge.Dead] -= min(1, p.counts[bridge.Dead])
	}
	p.parked[number] = e
	p.notes += noteBytes(e.try)
	p.settled.remove(number)
	p.highest = max(p.highest, number)
}

// dropDead applies a fact: a dead event is given up for good. One of an
// earlier life of the name is in no count.
func (p *progress) dropDead(number uint64) {
	if number < p.first {
		return
	}
	p.counts[bridge.Dead] -= min(1, p.counts[bridge.Dead])
	p.counts[bridge.Dropped]++
}

// struck is where the letters end that count no longer: by recipient and
// number, the place of the newest frame that strikes one out.
type struck map[string]map[uint64]stored

// covers reports whether a letter stands before the frame that strikes it out.
func (st struck) covers(recipient string, r stored) bool {
	by, ok := st[recipient][r.number]
	return ok && (r.file < by.file || r.file == by.file && r.at.from < by.at.from)
}

func (st struck) add(r stored) {
	p := reader{b: r.payload}
	name := string(p.sized())
	if p.err != nil {
		return
	}
	if st[name] == nil {
		st[name] = make(map[uint64]stored)
	}
	r.payload = nil
	st[name][r.number] = r
}
