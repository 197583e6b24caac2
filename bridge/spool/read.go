package spool

import (
	"cmp"
	"errors"
	"io/fs"
	"math"
	"slices"
)

// ReadEvents gives every event in the segments of a state directory, in the
// order of their numbers: those that were moved out of their segments, too.
// It takes no lock: the bridge may be running or not, and of what is being
// written it gives what is whole. Damaged events are left out. event is valid
// until each returns; an error of each ends it and is given back.
func ReadEvents(dir string, each func(number uint64, event []byte) error) error {
	return readEvents(OS(), dir, each)
}

func readEvents(fsys FS, dir string, each func(number uint64, event []byte) error) error {
	m := merge{fs: fsys, dir: dir, each: each}
	for {
		// Where a segment goes while we look, what is parked in it has been
		// moved to one that we don't know of yet: look again, and go on behind
		// what was given.
		if err := m.read(); !errors.Is(err, errDeleted) {
			return err
		}
	}
}

// read looks what there is and gives it, from behind the last event given.
func (m *merge) read() error {
	sv, err := surveySegments(m.fs, m.dir)
	if err != nil || len(sv.segs) == 0 {
		return err
	}
	newest := &sv.segs[len(sv.segs)-1]
	r, err := scanFile(m.fs, m.dir, *newest, nil)
	if err != nil {
		return deleted(err)
	}
	newest.limit, newest.next = r.end, r.next
	m.moved = nil
	err = movedEvents(m.fs, m.dir, sv.segs, func(sg segment, at place, e movedEvent) error {
		if e.number > m.last {
			m.moved = append(m.moved, movedAt{e.number, sg, at})
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(m.moved, func(a, b movedAt) int { return cmp.Compare(a.number, b.number) })
	return m.segments(sv.segs)
}

// movedAt is where an event stands that was moved.
type movedAt struct {
	number uint64
	seg    segment
	at     place
}

// merge gives events in the order of their numbers, each once: those that the
// segments hold, with the moved ones in their places among them.
type merge struct {
	fs    FS
	dir   string
	moved []movedAt // those to come
	last  uint64
	each  func(number uint64, event []byte) error
}

// segments goes over the segments.
func (m *merge) segments(segs []segment) error {
	list := segments{}
	for _, sg := range segs {
		list.add(sg)
	}
	c := newCursor(m.fs, m.dir, &list, mark{number: m.last + 1}, func(segment, File, span) {})
	defer c.close()
	c.w.stubborn = true
	for {
		st, ok, err := c.next()
		if err != nil {
			return deleted(err)
		}
		if !ok {
			return m.upTo(math.MaxUint64)
		}
		if st.data == nil {
			continue
		}
		if err := m.upTo(st.number); err != nil {
			return err
		}
		if err := m.give(st.number, st.data); err != nil {
			return err
		}
	}
}

func (m *merge) give(number uint64, data []byte) error {
	if number <= m.last {
		return nil
	}
	m.last = number
	return m.each(number, data)
}

// upTo gives the moved events below a number.
func (m *merge) upTo(number uint64) error {
	for ; len(m.moved) > 0 && m.moved[0].number <= number; m.moved = m.moved[1:] {
		at := m.moved[0]
		if at.number == number {
			continue
		}
		data, _, err := readEventAt(m.fs, m.dir, at.seg, at.at, at.number)
		if errors.Is(err, fs.ErrNotExist) {
			return errDeleted
		}
		if err != nil {
			continue // damaged
		}
		if err := m.give(at.number, data); err != nil {
			return err
		}
	}
	return nil
}
