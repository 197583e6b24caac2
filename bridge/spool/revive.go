package spool

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tailpost/tailpost/bridge"
)

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
	to, err := s.commitMoved(ctx, events)
	if err != nil {
		return fmt.Errorf("write events again: %w", err)
	}
	for i := range rs {
		rs[i].at = to[i]
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
	p.leaveBatch(number)
	p.highest = max(p.highest, number)
}
