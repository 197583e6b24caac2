package spool

import (
	"math"
	"sync"
	"time"
)

// ages remembers when the oldest waiting event of each recipient was accepted,
// so that a file is read only when another event has become the oldest.
type ages struct {
	mu sync.Mutex
	of map[string]age
}

// age is what was found of an eldest.
type age struct {
	eldest
	when int64
}

// eldest is where the oldest waiting event of a recipient stands; number 0:
// nothing waits.
type eldest struct {
	number uint64
	place  place
	unread bool // it is the first waiting one from number on, or behind
}

// scanMost bounds how many events are gone over to find the first that waits.
const scanMost = 1 << 16

// Oldest gives when the oldest event that waits for a recipient was accepted;
// zero: nothing waits, or it can't be told. It reads files, and remembers: it
// costs next to nothing while the same event is the oldest. It may be called
// by any goroutine.
func (s *Spool) Oldest(recipient string) time.Time {
	e := s.eldest(recipient)
	s.ages.mu.Lock()
	defer s.ages.mu.Unlock()
	if e.number == 0 {
		delete(s.ages.of, recipient)
		return time.Time{}
	}
	was, ok := s.ages.of[recipient]
	if !ok || was.eldest != e {
		was = age{eldest: e, when: s.acceptedAt(recipient, e)}
		if s.ages.of == nil {
			s.ages.of = make(map[string]age)
		}
		if was.when != 0 { // else it is looked for again
			s.ages.of[recipient] = was
		}
	}
	if was.when == 0 {
		return time.Time{}
	}
	return time.Unix(0, was.when)
}

// eldest finds what has waited for longest: what is parked, what was given out
// and is not done, or what is to be read next.
func (s *Spool) eldest(recipient string) (e eldest) {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	p := s.journal.byName[recipient]
	if p == nil {
		return eldest{}
	}
	first := uint64(math.MaxUint64)
	for number, at := range p.parked {
		if number < first {
			first, e = number, eldest{number: number, place: at.place}
		}
	}
	if len(p.open) > 0 {
		if o := p.open[0]; o.number < first {
			e = eldest{number: o.number, place: o.place}
		}
		return e
	}
	next := p.reached
	for _, s := range p.skips {
		if s.from <= next.number && next.number < s.to {
			next.number, next.place = s.to, s.at
		}
	}
	if next.number < first && (!p.off.on || next.number < p.off.number) && next.number < s.endMark().number {
		e = eldest{number: next.number, place: next.place, unread: true}
	}
	return e
}

// acceptedAt reads when an event was accepted; 0: it can't be told now.
func (s *Spool) acceptedAt(recipient string, e eldest) int64 {
	if e.unread {
		return s.firstUnread(recipient, e)
	}
	sg, _, ok := s.segs.find(e.place.seg)
	if !ok {
		return 0
	}
	f, err := s.o.FS.Open(segmentPath(s.o.Dir, sg.first()), false)
	if err != nil {
		return 0
	}
	defer f.Close()
	in := eventFile{f: f, at: e.place.off}
	if ok, err := in.head(sg.head.salt, e.place.index, e.number); !ok || err != nil {
		return 0
	}
	return in.accepted(e.place.index)
}

// firstUnread reads on to the first event that waits. What is parked behind
// that one's beginning waits, too.
func (s *Spool) firstUnread(recipient string, e eldest) int64 {
	c := newCursor(s.o.FS, s.o.Dir, &s.segs, mark{number: e.number, place: e.place}, func(segment, File, span) {})
	defer c.close()
	for range scanMost {
		st, ok, err := c.next()
		if err != nil || !ok {
			return 0
		}
		if st.data != nil && s.waitsFor(recipient, st.number) {
			return st.when
		}
	}
	return 0
}

func (s *Spool) waitsFor(recipient string, number uint64) bool {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	p := s.journal.byName[recipient]
	return p != nil && !p.refused.has(number) && p.waits(number)
}
