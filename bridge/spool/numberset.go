package spool

import (
	"maps"
	"math/bits"
	"slices"
)

// numberSet is a set of numbers that mostly lie close together: a bitmap for
// each stretch of 4,096. Its zero value is empty.
type numberSet struct {
	blocks map[uint64]*[64]uint64 // by number>>12
}

func (s *numberSet) add(n uint64) {
	if s.blocks == nil {
		s.blocks = make(map[uint64]*[64]uint64)
	}
	b := s.blocks[n>>12]
	if b == nil {
		b = new([64]uint64)
		s.blocks[n>>12] = b
	}
	b[n>>6&63] |= 1 << (n & 63)
}

func (s *numberSet) remove(n uint64) {
	if b := s.blocks[n>>12]; b != nil {
		b[n>>6&63] &^= 1 << (n & 63)
	}
}

func (s *numberSet) has(n uint64) bool {
	b := s.blocks[n>>12]
	return b != nil && b[n>>6&63]&(1<<(n&63)) != 0
}

// dropBelow takes out all numbers under n.
func (s *numberSet) dropBelow(n uint64) {
	for k, b := range s.blocks {
		switch {
		case k < n>>12:
			delete(s.blocks, k)
		case k == n>>12:
			for w := range n >> 6 & 63 {
				b[w] = 0
			}
			b[n>>6&63] &^= 1<<(n&63) - 1
			if *b == ([64]uint64{}) {
				delete(s.blocks, k)
			}
		}
	}
}

// within counts the numbers in [from, to).
func (s *numberSet) within(from, to uint64) (n int) {
	for r := range s.runs() {
		lo, hi := max(r.first, from), min(r.first+r.n, to)
		if lo < hi {
			n += int(hi - lo)
		}
	}
	return n
}

// each gives the numbers in order. A nil set is empty.
func (s *numberSet) each() func(yield func(uint64) bool) {
	return func(yield func(uint64) bool) {
		if s == nil {
			return
		}
		for r := range s.runs() {
			for i := range r.n {
				if !yield(r.first + i) {
					return
				}
			}
		}
	}
}

// run is a row of numbers without a gap.
type run struct{ first, n uint64 }

// runs gives the set in order, as few rows as possible.
func (s *numberSet) runs() func(yield func(run) bool) {
	return func(yield func(run) bool) {
		var r run
		for _, k := range slices.Sorted(maps.Keys(s.blocks)) {
			for w, word := range s.blocks[k] {
				for word != 0 {
					at := k<<12 | uint64(w)<<6 | uint64(bits.TrailingZeros64(word))
					word &= word - 1
					if r.n > 0 && r.first+r.n == at {
						r.n++
						continue
					}
					if r.n > 0 && !yield(r) {
						return
					}
					r = run{at, 1}
				}
			}
		}
		if r.n > 0 {
			yield(r)
		}
	}
}
