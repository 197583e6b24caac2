package spool

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/codec"
)

// appendCheckpoint appends all that is to be known of a recipient: name,
// first number, frontier, counts, the numbers settled above the frontier as
// rows, the tries of events in the window, and the whole parked set. The
// frontier stands nowhere without the parked set: a journal that loses frames
// gives an older frontier with all that was parked then, and so repeats
// events, but never skips one.
func (p *progress) appendCheckpoint(b []byte) []byte {
	m := p.frontier()
	p.settled.dropBelow(m.number)
	b = codec.AppendSized(b, p.name)
	b = binary.LittleEndian.AppendUint64(b, p.first)
	b = binary.AppendUvarint(b, p.before)
	b = append(b, flag(p.paused))
	b = appendMark(b, m)
	b = binary.AppendUvarint(b, uint64(settlements))
	for _, n := range p.counts {
		b = binary.AppendUvarint(b, n)
	}
	rows := slices.Collect(p.settled.runs())
	b = binary.AppendUvarint(b, uint64(len(rows)))
	at := m.number
	for _, r := range rows {
		b = binary.AppendUvarint(b, r.first-at)
		b = binary.AppendUvarint(b, r.n)
		at = r.first
	}
	b = binary.AppendUvarint(b, uint64(len(p.tries)))
	for _, n := range slices.Sorted(maps.Keys(p.tries)) {
		b = binary.LittleEndian.AppendUint64(b, n)
		b = appendTry(b, p.tries[n])
	}
	b = binary.AppendUvarint(b, uint64(len(p.parked)))
	at = 0
	for _, n := range slices.Sorted(maps.Keys(p.parked)) {
		b = binary.AppendUvarint(b, n-at)
		b = appendParked(b, p.parked[n])
		at = n
	}
	return p.appendMore(b)
}

// What may stand behind the parked set: tag (byte), and what is known (sized).
const (
	moreStanding = 1
	moreDisabled = 2 // as in kindDisable
	moreSkips    = 3 // for each its first number (uint64), and as in kindSkip
)

func (p *progress) appendMore(b []byte) []byte {
	if p.said != (standing{}) {
		b = codec.AppendSized(append(b, moreStanding), appendStanding(nil, p.said))
	}
	if p.off.on {
		b = codec.AppendSized(append(b, moreDisabled), appendDisabled(nil, p.off))
	}
	if len(p.skips) > 0 {
		var all []byte
		for _, s := range p.skips {
			all = appendSkip(binary.LittleEndian.AppendUint64(all, s.from), s, 0, 0)
		}
		b = codec.AppendSized(append(b, moreSkips), all)
	}
	return b
}

// more reads what appendMore appended; an older version wrote nothing there.
func (r *reader) more(p *progress) {
	for len(r.Rest) > 0 {
		tag := r.Byte()
		m := readerOf(r.Sized())
		switch tag {
		case moreStanding:
			p.said = m.standing()
		case moreDisabled:
			p.off = m.disabled()
		case moreSkips:
			for len(m.Rest) > 0 && m.Err == nil {
				s, _, _ := m.skip(m.Uint64())
				p.skips = append(p.skips, s)
			}
		}
		if m.Err != nil {
			r.Err = m.Err
			return
		}
	}
}

// checkpointBytes is at least the size of what appendCheckpoint appends.
func (p *progress) checkpointBytes() int {
	return recipientBytes + len(p.name) + len(p.said.kind) + len(p.skips)*skipBytes + p.notes + len(p.tries)*tryBytes + len(p.parked)*(parkedBytes+tryBytes)
}

// settledMost bounds the settled numbers that are read from one checkpoint.
// There are some hundreds, as things are.
const settledMost = 1 << 22

func parseCheckpoint(payload []byte, handle uint32) (*progress, error) {
	r := readerOf(payload)
	name, first, before, paused, m := string(r.Sized()), r.Uint64(), r.Uvarint(), r.Byte() != 0, r.mark()
	p := newProgress(name, handle, m)
	p.first, p.before, p.paused = first, before, paused
	for i := range r.Count(1) {
		if n := r.Uvarint(); i < settlements {
			p.counts[i] = n
		}
	}
	at, settled := m.number, uint64(0)
	for range r.Count(2) {
		at += r.Uvarint()
		n := r.Uvarint()
		if settled += n; n > settledMost || settled > settledMost {
			return nil, fmt.Errorf("checkpoint of %q: %d settled events above the frontier", name, settled)
		}
		for i := range n {
			p.settled.add(at + i)
		}
	}
	for range r.Count(8) {
		n, t := r.Uint64(), r.try()
		p.dropTry(n)
		p.tries[n] = t
		p.notes += len(t.Note)
	}
	at = 0
	for range r.Count(8) {
		at += r.Uvarint()
		e := r.parked()
		p.notes -= noteBytes(p.parked[at].try)
		p.parked[at] = e
		p.highest = max(p.highest, at)
		p.notes += noteBytes(e.try)
	}
	r.more(p)
	if r.Err != nil {
		return nil, fmt.Errorf("checkpoint of %q: %w", name, r.Err)
	}
	return p, nil
}

// apply replays one fact about a recipient. A fact that doesn't fit what is
// known, because the one before it is lost, changes nothing.
func (p *progress) apply(f frame, payload []byte) {
	r := readerOf(payload)
	switch f.kind {
	case kindSettle:
		if how := bridge.Settlement(f.detail); how > 0 && int(how) < settlements {
			p.settle(f.first, how)
		}
	case kindFail:
		if t := r.try(); r.Err == nil {
			p.fail(f.first, t)
		}
	case kindPark:
		if e := r.parked(); r.Err == nil {
			p.park(f.first, e)
		}
	case kindRevive:
		if f.detail == byte(bridge.Dropped) {
			p.dropDead(f.first)
		} else if e := r.parked(); r.Err == nil {
			p.revive(f.first, e)
		}
	case kindPause:
		p.paused = f.detail != 0
	case kindBatch:
		if len(readBatch(payload)) > 0 {
			p.join(payload)
		}
	case kindPlace:
		if at := r.place(); r.Err == nil {
			p.move(f.first, at)
		}
	case kindStanding:
		if st := r.standing(); r.Err == nil {
			p.said = st
		}
	case kindDisable:
		if off := r.disabled(); r.Err == nil {
			p.off = off
		}
	case kindSkip:
		if s, events, seg := r.skip(f.first); r.Err == nil {
			p.off.on = p.off.on && f.detail == 0
			p.skip(s, events, seg)
		}
	}
}

// move applies a fact: the parked event stands elsewhere now.
func (p *progress) move(number uint64, to place) {
	if e, ok := p.parked[number]; ok {
		e.place = to
		p.parked[number] = e
	}
}
