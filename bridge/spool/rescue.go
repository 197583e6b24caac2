package spool

// rescue looks after recipients whose next events stood in a segment that is
// gone. That can't happen while the journal is whole: a segment goes only
// when they have durably come past it. If the journal has lost that, what was
// parked there, and moved on, must not be lost too: it is parked again.
func (s *Spool) rescue(r *replay, all []segment) error {
	if err := s.findMoved(r, all); err != nil {
		return err
	}
	for _, p := range r.recipients {
		if !p.missing(all) {
			continue
		}
		n := 0
		err := movedEvents(s.o.FS, s.o.Dir, all, func(sg segment, at place, m movedEvent) error {
			if here, ok := s.segs.holding(m.number); ok && m.number < here.next {
				return nil // Next will give it
			}
			if m.number >= p.base.number && !p.done(m.number) && !p.skipped(m.number) {
				p.parked[m.number] = parkedEvent{session: m.session, place: at}
				n++
			}
			return nil
		})
		if err != nil {
			return err
		}
		s.o.Log.Error().Str("recipient", p.name).Int("parked_again", n).Msg("segments that this recipient had not come past are gone; the journal has lost how far it was")
	}
	return nil
}

// findMoved looks for parked events whose segment is gone, because the fact
// that says where they were moved to is lost.
func (s *Spool) findMoved(r *replay, all []segment) error {
	lost := map[uint64][]*progress{}
	for _, p := range r.recipients {
		for n, e := range p.parked {
			if _, _, ok := s.segs.find(e.place.seg); !ok {
				lost[n] = append(lost[n], p)
			}
		}
	}
	if len(lost) == 0 {
		return nil
	}
	return movedEvents(s.o.FS, s.o.Dir, all, func(_ segment, at place, m movedEvent) error {
		for _, p := range lost[m.number] {
			p.move(m.number, at)
		}
		return nil
	})
}

// missing reports whether events that the recipient has yet to be given stood
// in a segment that is not there.
func (p *progress) missing(all []segment) bool {
	number := p.base.number
	for _, sg := range all {
		if sg.head.prevNext > p.past(number) {
			return true
		}
		number = max(number, sg.next)
	}
	return false
}
