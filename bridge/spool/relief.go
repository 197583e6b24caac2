package spool

import "context"

// askRelief asks, while lines find no room, those recipients that yield to
// give up what they hold of one segment: the oldest one that nobody else
// holds. Nobody is asked where all such segments together would not be room
// enough: what fills the disk then is not theirs.
func (s *Spool) askRelief() {
	s.mu.Lock()
	refused, lacks := s.refused, s.lacks
	s.mu.Unlock()
	if !refused {
		return
	}
	var first segment
	var holders []*Queue
	bytes := int64(0)
	all := s.segs.all()
	for i, sg := range all {
		if i == len(all)-1 || s.isPinned(sg) {
			break
		}
		qs, ok := s.yielding(sg)
		if !ok {
			continue
		}
		if bytes += sg.size; holders == nil {
			first, holders = sg, qs
		}
	}
	if bytes < lacks {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range holders {
		q.asked = first.first()
		q.signal()
	}
}

// yielding gives the queues of those that want events of a segment, if all of
// them yield.
func (s *Spool) yielding(sg segment) (qs []*Queue, ok bool) {
	j := &s.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, p := range j.recipients {
		if !p.wants(sg) {
			continue
		}
		s.mu.Lock()
		q := s.queues[p.name]
		s.mu.Unlock()
		if q == nil || !q.yields {
			return nil, false
		}
		qs = append(qs, q)
	}
	return qs, len(qs) > 0
}

// Asked reports whether the recipient is to give up events, because the spool
// is full and it holds the oldest of them: see GiveUp.
func (q *Queue) Asked() bool {
	q.s.mu.Lock()
	defer q.s.mu.Unlock()
	return q.asked != 0
}

// GiveUp gives up what was asked for, the events of one segment that wait for
// this recipient: they are skipped. It gives how many they were. No event that
// Next gave may be in use: Next begins at the frontier again, and Restored
// tells what is left.
func (q *Queue) GiveUp(ctx context.Context) (n int, err error) {
	q.s.mu.Lock()
	first := q.asked
	q.asked = 0
	q.s.mu.Unlock()
	j := &q.s.journal
	j.mu.Lock()
	q.rewindLocked()
	sg, sealed, ok := q.s.segs.find(first)
	var parts []skip
	if ok && sealed && q.p.wants(sg) {
		parts = q.p.partsOf(sg)
	}
	room := len(q.p.skips)+len(parts) < skipsMost
	j.mu.Unlock()
	if !room {
		q.s.o.Log.Error().Str("recipient", q.p.name).Int("stretches", skipsMost).Msg("the recipient can't give up more events: too many stretches lie before what waits for it")
		return 0, nil
	}
	for i, part := range parts {
		seg := uint64(0)
		if i == len(parts)-1 {
			seg = first
		}
		f := frame{kind: kindSkip, count: q.p.handle, first: part.from}
		events := part.to - min(part.to, max(part.from, sg.first()))
		_, err := j.record(ctx, f, appendSkip(nil, part, events, seg), nil, func() {
			given, gone := q.p.skip(part, events, seg)
			for _, e := range gone {
				j.tallyLocked(e.place, -1)
			}
			n += int(given)
			j.factLocked(q.p)
		})
		if err != nil {
			return n, err
		}
	}
	q.s.kick()
	return n, nil
}

// partsOf gives the stretches of a segment that the recipient is yet to be
// given; at the end one with nothing in it where only parked events are left.
// The numbers that were left out before the segment belong to it: once it is
// gone nothing else says that they were never given.
func (p *progress) partsOf(sg segment) (parts []skip) {
	at := place{seg: sg.first(), off: sg.limit}
	p.clip(max(p.frontier().number, min(sg.head.prevNext, sg.first())), sg.next, func(from, to uint64) {
		parts = append(parts, skip{from: from, to: to, at: at})
	})
	if len(parts) == 0 {
		parts = []skip{{from: sg.first(), to: sg.first()}}
	}
	return parts
}
