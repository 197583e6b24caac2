package spool

import (
	"errors"
	"slices"
)

// ReadBack gives the events in the segments of a state directory from the end:
// the newest segment first, and within each the events in the order in which
// they stand, those that were moved into it, too. It is for those who want the
// last ones and stop then. before, if not 0, leaves out events whose number is
// not below it, with the segments that hold none other.
//
// segment is called before the events of each, with the number of its first; a
// number below that is a moved event's. done ends it there. It takes no lock:
// the bridge may be running or not. What is damaged, or goes meanwhile, is
// left out. An event is valid until each returns; an error of each ends it and
// is given back.
func ReadBack(dir string, before uint64, segment func(first uint64) (done bool), each func(number uint64, event []byte) error) error {
	return readBack(OS(), dir, before, segment, each)
}

func readBack(fsys FS, dir string, before uint64, segment func(first uint64) (done bool), each func(number uint64, event []byte) error) error {
	sv, err := surveySegments(fsys, dir)
	if err != nil || len(sv.segs) == 0 {
		return err
	}
	newest := len(sv.segs) - 1
	for i, sg := range slices.Backward(sv.segs) {
		if before != 0 && sg.first() >= before {
			continue
		}
		if segment(sg.first()) {
			return nil
		}
		if i == newest { // nobody says how far it counts
			r, err := scanFile(fsys, dir, sg, nil)
			if err != nil {
				if errors.Is(deleted(err), errDeleted) {
					continue
				}
				return err
			}
			sg.limit = r.end
		}
		if err := eventsOf(fsys, dir, sg, before, each); err != nil && !errors.Is(err, errDeleted) {
			return err
		}
	}
	return nil
}

// eventsOf gives the events of one segment.
func eventsOf(fsys FS, dir string, sg segment, before uint64, each func(number uint64, event []byte) error) error {
	give := func(number uint64, event []byte) error {
		if before != 0 && number >= before {
			return nil
		}
		return each(number, event)
	}
	holds := func(f frame) bool { return f.count > 0 && (f.kind == kindIngest || f.kind == kindMoved) }
	return eachFrame(fsys, dir, []segment{sg}, holds, func(_ segment, f frame, _ int64, payload []byte) error {
		if f.kind == kindMoved {
			moved, err := parseMoved(payload, f)
			if err != nil {
				return nil // the checksum is right: another version wrote it
			}
			for _, m := range moved {
				if err := give(m.number, m.data); err != nil {
					return err
				}
			}
			return nil
		}
		if !f.tableFits() {
			return nil
		}
		events, _, err := cutEvents(payload, f.count)
		if err != nil {
			return nil
		}
		for i, e := range events {
			if err := give(f.first+uint64(i), e); err != nil {
				return err
			}
		}
		return nil
	})
}
