package spool

import (
	"encoding/binary"
	"math"
	"slices"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/codec"
)

// skip is a stretch of numbers that a recipient is not given, because it was
// disabled then, or gave them up. The stretches of a recipient lie apart, in
// order; those below its frontier are forgotten. Parked events with such a
// number wait all the same.
type skip struct {
	from uint64
	to   uint64
	at   place // where the event with number to stands, or where to look on
}

// skipsMost bounds the stretches of one recipient, which can only be joined by
// reading on.
const skipsMost = 4096

// standing is what the journal keeps of what the configuration says of a
// recipient, or said last.
type standing struct {
	kind string        // empty: never said
	keep time.Duration // how long its queue is kept once it is removed; 0: never said
	gone time.Duration // how long it has been removed, while the bridge ran
	from uint64        // removed: the number that came next when it was; 0: it isn't
}

// disabled is since when a recipient is.
type disabled struct {
	on     bool
	number uint64 // what is accepted from there on is skipped
	given  uint64 // how many events had been given out before
}

// skipped reports whether the number lies where the recipient is not given
// anything.
func (p *progress) skipped(number uint64) bool {
	if p.off.on && number >= p.off.number {
		return true
	}
	for _, s := range p.skips {
		if s.from <= number && number < s.to {
			return true
		}
	}
	return false
}

// past gives the first number from there on that isn't skipped.
func (p *progress) past(number uint64) uint64 {
	for _, s := range p.skips {
		if s.from <= number && number < s.to {
			number = s.to
		}
	}
	if p.off.on && number >= p.off.number {
		return math.MaxUint64
	}
	return number
}

// wantsUnread reports whether the recipient has yet to be given an event of
// the segment, parked ones aside.
func (p *progress) wantsUnread(sg segment) bool {
	return sg.next > sg.first() && p.past(max(p.frontier().number, sg.first())) < sg.next
}

// clip cuts [from, to) by what is skipped, and gives what is left to each.
func (p *progress) clip(from, to uint64, each func(from, to uint64)) {
	for _, s := range p.skips {
		if s.to <= from || s.from >= to {
			continue
		}
		if from < s.from {
			each(from, s.from)
		}
		from = s.to
	}
	if p.off.on {
		to = min(to, p.off.number)
	}
	if from < to {
		each(from, to)
	}
}

// jump goes over what is skipped where reading stands, and reports whether it
// went on.
func (p *progress) jump() (moved bool) {
	for _, s := range p.skips {
		if s.from <= p.reached.number && p.reached.number < s.to {
			p.reached.number, p.reached.place = s.to, s.at
			moved = true
		}
	}
	if moved {
		p.trim()
	}
	return moved
}

// skip applies a fact: the stretch, in which so many events are, is skipped,
// and so is what is parked in that segment, if one is named. What was given
// out of it must have been taken back. It gives how many events that were, and
// the parked ones among them.
func (p *progress) skip(s skip, events, seg uint64) (n uint64, gone []parkedEvent) {
	events -= min(events, uint64(p.settled.within(s.from, s.to)))
	for number, e := range p.parked {
		switch {
		case seg != 0 && e.place.seg == seg:
			gone = append(gone, e)
			p.notes -= noteBytes(e.try)
			delete(p.parked, number)
			if number < s.from || number >= s.to {
				n++
				if number >= p.frontier().number { // reading may come to it
					p.settled.add(number)
				}
			}
		case s.from <= number && number < s.to:
			events -= min(events, 1)
		}
	}
	for number := range p.tries {
		if s.from <= number && number < s.to {
			p.dropTry(number)
		}
	}
	n += events
	p.counts[bridge.Skipped] += n
	if s.from < s.to {
		p.addSkip(s)
	}
	return n, gone
}

// addSkip puts a stretch in its place, and makes one of those that touch. They
// may overlap: what reading has come past is forgotten in memory before the
// journal hears of it, and a stretch that begins later goes back to where the
// last event ended.
func (p *progress) addSkip(s skip) {
	all := make([]skip, 0, len(p.skips)+1)
	at := 0
	for _, o := range p.skips {
		switch {
		case o.to < s.from:
			all = append(all, o)
			at = len(all)
		case s.to < o.from:
			all = append(all, o)
		default:
			if s.from = min(s.from, o.from); o.to > s.to {
				s.to, s.at = o.to, o.at
			}
		}
	}
	p.skips = slices.Insert(all, at, s)
}

// forgetSkips drops the stretches below a number, which nothing comes to any
// more.
func (p *progress) forgetSkips(below uint64) {
	for len(p.skips) > 0 && p.skips[0].to <= below {
		p.skips = p.skips[1:]
	}
}

// Payloads of the facts.

func appendSkip(b []byte, s skip, events, seg uint64) []byte {
	b = binary.LittleEndian.AppendUint64(b, s.to)
	b = appendPlace(b, s.at)
	b = binary.AppendUvarint(b, events)
	return binary.LittleEndian.AppendUint64(b, seg)
}

func (r *reader) skip(from uint64) (s skip, events, seg uint64) {
	s = skip{from: from, to: r.Uint64(), at: r.place()}
	return s, r.Uvarint(), r.Uint64()
}

func appendStanding(b []byte, st standing) []byte {
	b = codec.AppendSized(b, st.kind)
	b = binary.AppendVarint(b, int64(st.keep))
	b = binary.AppendVarint(b, int64(st.gone))
	return binary.LittleEndian.AppendUint64(b, st.from)
}

func (r *reader) standing() standing {
	return standing{kind: string(r.Sized()), keep: time.Duration(r.Varint()), gone: time.Duration(r.Varint()), from: r.Uint64()}
}

func appendDisabled(b []byte, off disabled) []byte {
	b = binary.LittleEndian.AppendUint64(b, off.number)
	return binary.AppendUvarint(b, off.given)
}

func (r *reader) disabled() disabled {
	return disabled{on: true, number: r.Uint64(), given: r.Uvarint()}
}
