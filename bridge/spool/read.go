package spool

import (
	"errors"
	"io/fs"
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
	sv, err := surveySegments(fsys, dir)
	if err != nil || len(sv.segs) == 0 {
		return err
	}
	last := &sv.segs[len(sv.segs)-1]
	r, err := scanFile(fsys, dir, *last, nil)
	if err != nil {
		return err
	}
	last.limit, last.next = r.end, r.next
	var moved []movedAt
	err = movedEvents(fsys, dir, sv.segs, func(sg segment, at place, m movedEvent) error {
		moved = append(moved, movedAt{m.number, sg, at})
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(moved, func(a, b movedAt) int {
		switch {
		case a.number < b.number:
			return -1
		case a.number > b.number:
			return 1
		}
		return 0
	})
	return mergeEvents(fsys, dir, sv.segs, moved, each)
}

// movedAt is where an event stands that was moved.
type movedAt struct {
	number uint64
	seg    segment
	at     place
}

// mergeEvents gives the events of the segments with the moved ones in their
// places among them, each once.
func mergeEvents(fsys FS, dir string, segs []segment, moved []movedAt, each func(uint64, []byte) error) error {
	list := segments{}
	for _, sg := range segs {
		list.add(sg)
	}
	c := newCursor(fsys, dir, &list, mark{}, func(segment, File, span) {})
	defer c.close()
	c.w.stubborn = true
	last := uint64(0)
	give := func(number uint64, data []byte) error {
		if number <= last {
			return nil
		}
		last = number
		return each(number, data)
	}
	before := func(number uint64) error {
		for ; len(moved) > 0 && moved[0].number <= number; moved = moved[1:] {
			m := moved[0]
			if m.number == number {
				continue
			}
			data, err := readEventAt(fsys, dir, m.seg, m.at, m.number)
			if err != nil {
				continue // gone or damaged
			}
			if err := give(m.number, data); err != nil {
				return err
			}
		}
		return nil
	}
	for {
		st, ok, err := c.next()
		if errors.Is(err, fs.ErrNotExist) {
			list.remove(c.missing)
			continue
		}
		if err != nil {
			return err
		}
		if !ok {
			return before(1<<64 - 1)
		}
		if st.data == nil {
			continue
		}
		if err := before(st.number); err != nil {
			return err
		}
		if err := give(st.number, st.data); err != nil {
			return err
		}
	}
}
