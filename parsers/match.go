package parsers

import (
	"bytes"
	"slices"
)

// repeated gives the number of the whole message that holds the part already.
func (s *segments) repeated(from origin, p *part) uint64 {
	var of sum
	for _, w := range slices.Backward(s.whole) {
		if w.from != from || max(w.at-p.at, p.at-w.at) > apart {
			continue
		}
		if of == (sum{}) {
			of = sumOf(p.payload())
		}
		if w.sums[p.number] == of {
			return w.number
		}
	}
	return 0
}

// find looks for the open message that the part belongs to, or repeats.
func (s *segments) find(from origin, p *part, repeats uint64) (m *message, isRepeat bool) {
	var twin, plain, next, repeated, nextOfRepeats *message
	for _, m := range s.open {
		if m.from != from || max(m.max, p.at)-min(m.min, p.at) > apart {
			continue
		}
		has, same, before := m.look(p)
		switch {
		case has && same && m.repeats == 0:
			twin = nearer(twin, m, p.at)
		case has && same:
			repeated = nearer(repeated, m, p.at)
		case has:
		case m.repeats == 0 && repeats == 0:
			plain = nearer(plain, m, p.at)
		case m.repeats == 0 && before:
			next = nearer(next, m, p.at)
		case before:
			nextOfRepeats = nearer(nextOfRepeats, m, p.at)
		}
	}
	switch {
	case twin != nil && (plain == nil || twin.distance(p.at) <= plain.distance(p.at)):
		return twin, true
	case plain != nil:
		return plain, false
	case next != nil:
		return next, false
	case repeated != nil:
		return repeated, true
	}
	return nextOfRepeats, false
}

// nearer gives the message whose parts' times are nearer to at; a, the older
// one, where they are as near.
func nearer(a, b *message, at int64) *message {
	if a != nil && a.distance(at) <= b.distance(at) {
		return a
	}
	return b
}

func (m *message) distance(at int64) int64 { return max(0, m.min-at, at-m.max) }

// look reports whether the message has the part's number, with the same bytes,
// and whether it has the number before it.
func (m *message) look(p *part) (has, same, before bool) {
	for i := range m.parts {
		q := &m.parts[i]
		switch q.number {
		case p.number:
			return true, bytes.Equal(q.payload(), p.payload()), false
		case p.number - 1:
			before = true
		}
	}
	return false, false, before
}
