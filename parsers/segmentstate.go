package parsers

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/codec"
)

// The state of segments, an entry each (numbers in keys are big-endian, in
// values varints; texts stand behind their length):
//
//	!                 format and version
//	l                 lines
//	m number          host, pid, site id, total, begun, repeats
//	p number index    part, time, payload's place, then the line and where it is from
//	w number          host, pid, site id, total, time, then each part and its sum
//
// The entries under p keep their shape in all versions.

func numbered(kind byte, number uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{kind}, number)
}

func messageKey(number uint64) string { return string(numbered('m', number)) }
func wholeKey(number uint64) string   { return string(numbered('w', number)) }

func partKey(number uint64, index int) string {
	return string(binary.BigEndian.AppendUint16(numbered('p', number), uint16(index)))
}

// Changes is bridge.Stateful's.
func (s *segments) Changes() []bridge.Entry {
	if len(s.open) > 0 { // otherwise nothing is counted from an earlier line
		s.pending.set("l", binary.AppendUvarint(nil, s.lines))
	}
	return s.pending.take()
}

// Settled is bridge.Stateful's.
func (s *segments) Settled() bridge.Settled {
	out := s.settled
	s.settled = bridge.Settled{}
	return out
}

// Held is bridge.Stateful's.
func (s *segments) Held() int { return s.held }

func appendOrigin(b []byte, o origin) []byte {
	b = codec.AppendSized(b, o.host)
	b = codec.AppendSized(b, o.pid)
	b = codec.AppendSized(b, o.siteID)
	return binary.AppendUvarint(b, uint64(o.total))
}

func readOrigin(r *codec.Reader) origin {
	return origin{host: r.Text(), pid: r.Text(), siteID: r.Text(), total: r.UpTo(partsMax)}
}

func (s *segments) saveMessage(m *message) {
	b := appendOrigin(nil, m.from)
	b = binary.AppendUvarint(b, m.begun)
	s.pending.set(messageKey(m.number), binary.AppendUvarint(b, m.repeats))
}

func (s *segments) saveWhole(w *whole) {
	b := appendOrigin(nil, w.from)
	b = binary.AppendVarint(b, w.at)
	numbers := make([]int, 0, len(w.sums))
	for n := range w.sums {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		of := w.sums[n]
		b = binary.AppendUvarint(b, uint64(n))
		b = codec.AppendSized(b, of[:])
	}
	s.pending.set(wholeKey(w.number), b)
}

const (
	flagOnce    = 1
	flagPartial = 2
)

func (s *segments) savePart(m *message, index int) {
	p := &m.parts[index]
	var flags uint64
	if p.rec.Once {
		flags |= flagOnce
	}
	if p.rec.Partial {
		flags |= flagPartial
	}
	b := make([]byte, 0, p.size())
	b = binary.AppendUvarint(b, uint64(p.number))
	b = binary.AppendVarint(b, p.at)
	b = binary.AppendUvarint(b, uint64(p.from))
	b = binary.AppendUvarint(b, uint64(p.to))
	b = codec.AppendSized(b, p.rec.Source)
	b = codec.AppendSized(b, p.rec.Stream)
	b = binary.AppendVarint(b, p.rec.Offset)
	b = binary.AppendVarint(b, p.rec.Time.Unix())
	b = binary.AppendUvarint(b, uint64(p.rec.Time.Nanosecond()))
	b = codec.AppendSized(b, p.rec.Head)
	b = binary.AppendUvarint(b, flags)
	b = codec.AppendSized(b, p.rec.Line)
	s.pending.set(partKey(m.number, index), b)
}

func readPart(value []byte) (p part, ok bool) {
	r := codec.Reader{Rest: value}
	p.number = r.UpTo(partsMax)
	p.at = r.Varint()
	p.from, p.to = r.UpTo(openSize), r.UpTo(openSize)
	p.rec.Source, p.rec.Stream = r.Text(), r.Text()
	p.rec.Offset = r.Varint()
	p.rec.Time = time.Unix(r.Varint(), int64(r.UpTo(1e9))).UTC()
	if head := r.Sized(); len(head) > 0 {
		p.rec.Head = bytes.Clone(head)
	}
	flags := r.Uvarint()
	p.rec.Once, p.rec.Partial = flags&flagOnce != 0, flags&flagPartial != 0
	p.rec.Line = bytes.Clone(r.Sized())
	return p, r.Done() && p.from <= p.to && p.to <= len(p.rec.Line)
}

// Restore is bridge.Stateful's.
func (s *segments) Restore(entries []bridge.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	err := s.pending.adopt(entries)
	if err == nil {
		err = s.restore(entries)
	}
	if err != nil {
		*s = newSegments()
		s.settled.Rejected = s.pending.discard(entries, err)
	}
	return err
}

func (s *segments) restore(entries []bridge.Entry) error {
	entries = slices.Clone(entries)
	// Sorted by key: messages before their parts, numbers and indices rising.
	slices.SortFunc(entries, func(a, b bridge.Entry) int { return slices.Compare(a.Key, b.Key) })
	open := make(map[uint64]*message)
	for _, e := range entries {
		if !s.restoreEntry(e, open) {
			return fmt.Errorf("saved state: entry %s is damaged", clip(string(e.Key)))
		}
	}
	for _, m := range s.open {
		if len(m.parts) == 0 {
			return fmt.Errorf("saved state: message %d has no parts", m.number)
		}
	}
	s.setDue()
	return nil
}

func (s *segments) restoreEntry(e bridge.Entry, open map[uint64]*message) bool {
	r := codec.Reader{Rest: e.Value}
	if len(e.Key) == 0 {
		return false
	}
	kind, number := e.Key[0], uint64(0)
	if len(e.Key) >= 9 {
		number = binary.BigEndian.Uint64(e.Key[1:])
		s.last = max(s.last, number)
	}
	switch kind {
	case 'l':
		s.lines = r.Uvarint()
	case 'm':
		m := &message{number: number, from: readOrigin(&r), begun: r.Uvarint(), repeats: r.Uvarint()}
		open[number] = m
		s.last = max(s.last, m.repeats) // that one may be forgotten, and its number must not mean another
		s.open = append(s.open, m)
	case 'w':
		w := &whole{number: number, from: readOrigin(&r), at: r.Varint(), sums: make(map[int]sum)}
		for len(r.Rest) > 0 {
			n := r.UpTo(partsMax)
			var of sum
			copy(of[:], r.Sized())
			w.sums[n] = of
		}
		s.whole = append(s.whole, w)
		s.hashes += len(w.sums)
	case 'p':
		p, ok := readPart(e.Value)
		m := open[number]
		if !ok || m == nil {
			return false
		}
		m.restorePart(p)
		s.size += p.size()
		s.held++
		return true
	default:
		return true
	}
	return r.Done()
}

func (m *message) restorePart(p part) {
	if len(m.parts) == 0 {
		m.min, m.max = p.at, p.at
	}
	m.min, m.max = min(m.min, p.at), max(m.max, p.at)
	m.parts = append(m.parts, p)
}
