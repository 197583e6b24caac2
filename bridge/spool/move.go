package spool

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/tailpost/tailpost/bridge"
)

// moveBatch is how much is moved in one record, in bytes of events.
const moveBatch = 1 << 20

// moving is a parked event that is about to stand elsewhere.
type moving struct {
	movedEvent
	from place
}

// moveShare is the part of a segment that parked events may take and still be
// moved: less than one in so many bytes.
const moveShare = 10

// move writes the events of a segment that are still parked once more, at the
// end, with the same numbers. It reports whether all of them stand there now,
// durable, and their recipients know. Where they are too much, there is no
// room, or one can't be read, the segment has to stay.
func (s *Spool) move(ctx context.Context, sg segment) bool {
	ms := s.parkedEvents(sg)
	for len(ms) > 0 {
		n, bytes := 0, 0
		for n < len(ms) && (n == 0 || bytes+int(ms[n].from.size) <= moveBatch) {
			bytes += int(ms[n].from.size)
			n++
		}
		if err := s.moveSome(ctx, ms[:n]); err != nil {
			if !errors.Is(err, errNoRoom) && !errors.Is(err, ErrClosed) && ctx.Err() == nil {
				s.o.Log.Warn().Err(err).Str("segment", segmentName(sg.first())).Msg("parked events can't be moved out of an old segment; it stays")
			}
			return false
		}
		ms = ms[n:]
	}
	return !s.wantedBy(sg).any()
}

// parkedEvents gives what is parked in a segment, each event once, in order;
// nothing if that is too much to be moved.
func (s *Spool) parkedEvents(sg segment) []moving {
	j := &s.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	// The tally counts an event for each recipient that has it parked.
	if j.parkedIn[sg.first()].bytes*moveShare >= sg.size*int64(len(j.recipients)) {
		return nil
	}
	found, bytes := make(map[uint64]moving), int64(0)
	for _, p := range j.recipients {
		for n, e := range p.parked {
			if _, ok := found[n]; !ok && e.place.seg == sg.first() {
				found[n] = moving{movedEvent{number: n, session: e.session}, e.place}
				bytes += int64(e.place.size)
			}
		}
	}
	if bytes*moveShare >= sg.size {
		return nil
	}
	ms := make([]moving, 0, len(found))
	for _, n := range slices.Sorted(maps.Keys(found)) {
		ms = append(ms, found[n])
	}
	return ms
}

func (s *Spool) moveSome(ctx context.Context, ms []moving) error {
	var events []movedEvent
	var kept []moving
	for _, m := range ms {
		data, when, err := s.readEvent(m.from, m.number)
		if errors.Is(err, bridge.ErrDamaged) && !s.isParkedAt(m) {
			continue // settled meanwhile
		}
		if err != nil {
			return err
		}
		m.data, m.when = data, when
		events, kept = append(events, m.movedEvent), append(kept, m)
	}
	if len(kept) == 0 {
		return nil
	}
	to, err := s.commitMoved(ctx, events)
	if err != nil {
		return err
	}
	for i, m := range kept {
		if err := s.moved(ctx, m, to[i]); err != nil {
			return err
		}
	}
	return nil
}

// commitMoved writes events at the end of the spool, with their numbers, as
// one record. It gives where each stands once it is durable.
func (s *Spool) commitMoved(ctx context.Context, events []movedEvent) ([]place, error) {
	payload := appendMoved(nil, events)
	o, err := s.commit(ctx, &entry{
		kind: kindMoved, detail: detailTimed, count: uint32(len(events)), payload: payload, sum: checksum(payload),
		first: events[0].number, hasty: true, done: make(chan outcome, 1),
	})
	if err != nil {
		return nil, err
	}
	out := make([]place, len(events))
	for i := range events {
		out[i] = place{seg: o.at.seg, off: o.at.off, index: uint32(i), size: uint32(len(events[i].data))}
	}
	return out, nil
}

func (s *Spool) isParkedAt(m moving) bool {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	for _, p := range s.journal.recipients {
		if e, ok := p.parked[m.number]; ok && e.place == m.from {
			return true
		}
	}
	return false
}

// moved records where a parked event stands now, for each recipient that has
// it parked.
func (s *Spool) moved(ctx context.Context, m moving, to place) error {
	j := &s.journal
	j.mu.Lock()
	all := slices.Collect(maps.Values(j.recipients))
	j.mu.Unlock()
	for _, p := range all {
		still := func() bool {
			e, ok := p.parked[m.number]
			return ok && e.place == m.from
		}
		f := frame{kind: kindPlace, count: p.handle, first: m.number}
		if _, err := j.record(ctx, f, appendPlace(nil, to), still, func() { j.moveLocked(p, m.number, to) }); err != nil {
			return err
		}
	}
	return nil
}
