package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// survey is what stands in the folder of the segments.
type survey struct {
	segs       []segment  // those that count, oldest first
	uncounted  []uint64   // their successor says that they never counted
	blank      []uint64   // made, and never written
	unreadable []FileInfo // both copies of the head are damaged
	epoch      uint64     // the highest in a name or head
	names      map[string]bool
}

// surveySegments reads the heads of all segments. How far a segment counts,
// and the number behind its last event, its successor says; of the last one,
// and of one whose successor is gone, the file's size is given, and the next
// number that is known.
func surveySegments(fsys FS, dir string) (sv survey, err error) {
	infos, err := fsys.List(filepath.Join(dir, segmentDir))
	if err != nil {
		return survey{}, fmt.Errorf("list %s: %w", segmentDir, err)
	}
	sv.names = make(map[string]bool, len(infos))
	for _, info := range infos {
		first, ok := parseSegmentName(info.Name)
		if !ok {
			continue
		}
		sv.epoch = max(sv.epoch, first>>epochBits)
		sv.names[info.Name] = true
		if err := sv.look(fsys, dir, first, info); err != nil {
			return survey{}, err
		}
	}
	sv.chain()
	return sv, nil
}

func (sv *survey) look(fsys FS, dir string, first uint64, info FileInfo) error {
	f, err := fsys.Open(segmentPath(dir, first), false)
	if errors.Is(err, fs.ErrNotExist) {
		delete(sv.names, info.Name) // it was deleted meanwhile
		return nil
	}
	if err != nil {
		return fmt.Errorf("segment %016x: %w", first, err)
	}
	defer f.Close()
	h, ok, blank := readHead(f, magicSegment)
	if ok && h.first == first {
		sv.epoch = max(sv.epoch, h.epoch)
		sv.segs = append(sv.segs, segment{head: h, limit: info.Size, next: h.prevNext, size: info.Size, changed: info.Changed, lines: -1})
		return nil
	}
	if err := h.foreign(segmentPath(dir, first)); err != nil {
		return err
	}
	if blank {
		w := newWalker(f, salt{}, 0, info.Size)
		w.stubborn = true
		if blank, err = w.zero(span{0, info.Size}); err != nil {
			return fmt.Errorf("segment %016x: %w", first, err)
		}
	}
	if blank {
		sv.blank = append(sv.blank, first)
	} else {
		sv.unreadable = append(sv.unreadable, info)
	}
	return nil
}

// chain takes out the segments between one and the one that it names before
// it, and puts in what each says about the one before.
func (sv *survey) chain() {
	var counted []segment
	for i := len(sv.segs) - 1; i >= 0; i-- {
		sg := sv.segs[i]
		if n := len(counted); n > 0 {
			next := counted[n-1].head
			if sg.first() > next.prev {
				sv.uncounted = append(sv.uncounted, sg.first())
				continue
			}
			sg.next = next.prevNext
			if sg.first() == next.prev {
				sg.limit, sg.told = min(sg.limit, next.prevEnd), true
			}
		}
		counted = append(counted, sg)
	}
	for i, j := 0, len(counted)-1; i < j; i, j = i+1, j-1 {
		counted[i], counted[j] = counted[j], counted[i]
	}
	sv.segs = counted
}

// measure goes over the segments whose successor is gone: only they themselves
// can tell what stands in them.
func (sv *survey) measure(fsys FS, dir string) error {
	for i := range sv.segs[:max(0, len(sv.segs)-1)] {
		sg := &sv.segs[i]
		if sv.segs[i+1].head.prev == sg.first() {
			continue
		}
		r, err := scanFile(fsys, dir, *sg, nil)
		if err != nil {
			return err
		}
		sg.limit, sg.next, sg.lines = r.end, r.next, r.lines
	}
	return nil
}

// lacks reports whether a segment that was there before is gone.
func (sv *survey) lacks(before []FileInfo) bool {
	for _, info := range before {
		if _, ok := parseSegmentName(info.Name); ok && !sv.names[info.Name] {
			return true
		}
	}
	return false
}
