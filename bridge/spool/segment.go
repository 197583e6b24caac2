package spool

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// segment is what is known of one segment. Values of it are copies: what
// changes is changed in the list, under its mutex.
type segment struct {
	head  fileHead
	limit int64  // it counts, and is durable, up to here
	next  uint64 // the number behind its last event; not above its first number where it has none
	size  int64  // of the file
	// changed is when it was last written.
	changed time.Time
	// told says that limit is what its successor's head tells.
	told  bool
	lines int // what it says of quarantined lines and is not in their store yet; -1: not known
}

func (sg *segment) first() uint64 { return sg.head.first }

// given is how many events had been given out behind this segment.
func (sg *segment) given() uint64 { return sg.head.given + sg.below(sg.next) }

// below counts the events of this segment under a number.
func (sg *segment) below(number uint64) uint64 {
	to := min(sg.next, number)
	return max(to, sg.first()) - sg.first()
}

const segmentSuffix = ".seg"

func segmentName(first uint64) string { return fmt.Sprintf("%016x%s", first, segmentSuffix) }

func segmentPath(dir string, first uint64) string {
	return filepath.Join(dir, segmentDir, segmentName(first))
}

// parseSegmentName gives the first number of the segment with that file name.
func parseSegmentName(name string) (uint64, bool) {
	hex, ok := strings.CutSuffix(name, segmentSuffix)
	if !ok || len(hex) != 16 {
		return 0, false
	}
	first, err := strconv.ParseUint(hex, 16, 64)
	return first, err == nil && segmentName(first) == name
}

// segments is the list of those that count, in order. The last one is the
// newest; all others are sealed.
type segments struct {
	mu   sync.RWMutex
	list []*segment
}

// indexLocked finds a segment by its first number, or the place where it would be.
func (s *segments) indexLocked(first uint64) (int, bool) {
	return slices.BinarySearchFunc(s.list, first, func(sg *segment, n uint64) int { return cmp.Compare(sg.first(), n) })
}

// find gives the segment with that first number.
func (s *segments) find(first uint64) (sg segment, sealed, ok bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	i, ok := s.indexLocked(first)
	if !ok {
		return segment{}, false, false
	}
	return *s.list[i], i < len(s.list)-1, true
}

// after gives the first segment behind the one with that first number,
// whether that one is there or not.
func (s *segments) after(first uint64) (sg segment, ok bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	i, ok := s.indexLocked(first + 1)
	if i == len(s.list) {
		return segment{}, false
	}
	return *s.list[i], true
}

// holding gives the segment that an event with that number would be in.
func (s *segments) holding(number uint64) (sg segment, ok bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	i, found := s.indexLocked(number)
	if !found {
		i--
	}
	if i < 0 {
		return segment{}, false
	}
	return *s.list[i], true
}

// last gives the newest segment.
func (s *segments) last() (sg segment, ok bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if len(s.list) == 0 {
		return segment{}, false
	}
	return *s.list[len(s.list)-1], true
}

// all gives every segment, oldest first.
func (s *segments) all() []segment {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]segment, len(s.list))
	for i, sg := range s.list {
		out[i] = *sg
	}
	return out
}

// bytes is the size of all segments.
func (s *segments) bytes() (n int64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, sg := range s.list {
		n += sg.size
	}
	return n
}

// add puts a new segment at the end.
func (s *segments) add(sg segment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, &sg)
}

// insert puts a segment back where it was.
func (s *segments) insert(sg segment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, ok := s.indexLocked(sg.first()); !ok {
		s.list = slices.Insert(s.list, i, &sg)
	}
}

// change lets f change a segment in the list.
func (s *segments) change(first uint64, f func(sg *segment)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, ok := s.indexLocked(first); ok {
		f(s.list[i])
	}
}

func (s *segments) remove(first uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, ok := s.indexLocked(first); ok {
		s.list = slices.Delete(s.list, i, i+1)
	}
}

// given counts the events that were ever given out under a number.
func (s *segments) given(number uint64) uint64 {
	sg, ok := s.holding(number)
	if !ok {
		return 0
	}
	return sg.head.given + sg.below(number)
}

// between counts the events in [from, to), in all segments: an estimate,
// because damage is not looked for.
func (s *segments) between(from, to uint64) (n uint64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for i := len(s.list) - 1; i >= 0; i-- {
		sg := s.list[i]
		if sg.next <= from {
			break
		}
		if lo, hi := max(from, sg.first()), min(to, sg.next); lo < hi {
			n += hi - lo
		}
	}
	return n
}
