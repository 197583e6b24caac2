package tail

import (
	"encoding/binary"
	"io"
	"math/bits"

	"github.com/tailpost/tailpost/bridge/codec"
)

// passed is a position that reading has come past, with the sum of the bytes
// before it. A copy that was made while the reader was there is known by it.
type passed struct {
	off int64
	sum uint64 // of the last window bytes before off
}

// passedMost bounds how many are kept: one for each doubling of the distance,
// from 1 KiB up.
const (
	passedMost  = 12
	passedLeast = 10 // bits of the shortest distance
)

// passOn keeps the position at which s stands, once it has moved on to off:
// for each distance, doubled from one to the next, the oldest one.
func (s *state) passOn(off int64) []passed {
	all := s.passed
	if s.off >= window {
		all = append(all[:len(all):len(all)], passed{s.off, s.lastSum})
	}
	var kept []passed
	last := -1
	for _, p := range all { // oldest first
		d := max(0, bits.Len64(uint64(off-p.off))-passedLeast)
		if d != last && d < passedMost {
			kept, last = append(kept, p), d
		}
	}
	return kept
}

// begins reports whether the first size bytes of a file are the beginning of
// what was read at s, as far as one sum can tell: at the last position that was
// passed before.
func (s *state) begins(f io.ReaderAt, size int64) bool {
	for i := len(s.passed) - 1; i >= 0; i-- {
		p := s.passed[i]
		if p.off > size {
			continue
		}
		b, err := readExactly(f, p.off-window, window)
		return err == nil && sum(b) == p.sum
	}
	return false
}

func appendPassed(b []byte, ps []passed) []byte {
	b = binary.AppendUvarint(b, uint64(len(ps)))
	at := int64(0)
	for _, p := range ps {
		b = binary.AppendUvarint(b, uint64(p.off-at))
		b = binary.BigEndian.AppendUint64(b, p.sum)
		at = p.off
	}
	return b
}

func readPassed(r *codec.Reader) (ps []passed) {
	at := int64(0)
	for range r.UpTo(passedMost) {
		step := r.Uvarint()
		if step > 1<<62 || at+int64(step) < max(at, window) {
			r.Fail()
			return nil
		}
		at += int64(step)
		ps = append(ps, passed{at, r.BigUint64()})
	}
	return ps
}
