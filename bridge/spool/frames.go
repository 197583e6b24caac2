package spool

import (
	"errors"
	"fmt"
	"io/fs"
)

// movedEvents gives all moved events of the segments, in the order in which
// they stand.
func movedEvents(fsys FS, dir string, segs []segment, each func(sg segment, at place, m movedEvent) error) error {
	return eachFrame(fsys, dir, segs, func(f frame) bool { return f.kind == kindMoved }, func(sg segment, f frame, at int64, payload []byte) error {
		ms, err := parseMoved(payload, f)
		if err != nil {
			return nil // the checksum is right: another version wrote it
		}
		for i, m := range ms {
			p := place{seg: sg.first(), off: at, index: uint32(i), size: uint32(len(m.data))}
			if err := each(sg, p, m); err != nil {
				return err
			}
		}
		return nil
	})
}

// readReplayed gives the numbers of the quarantined lines that a segment
// replays.
func readReplayed(fsys FS, dir string, sg segment, each func(number uint64) error) error {
	replays := func(f frame) bool { return f.kind == kindIngest && f.detail&detailReplayed != 0 }
	return eachFrame(fsys, dir, []segment{sg}, replays, func(_ segment, f frame, _ int64, payload []byte) error {
		rec, err := parseIngest(payload, f.count)
		if err != nil {
			return nil
		}
		for _, n := range rec.replayed {
			if err := each(n); err != nil {
				return err
			}
		}
		return nil
	})
}

// readLines gives the quarantined lines of a segment.
func readLines(fsys FS, dir string, sg segment, each func(QuarantinedLine) error) error {
	lined := func(f frame) bool { return f.kind == kindIngest && f.detail&detailLines != 0 }
	return eachFrame(fsys, dir, []segment{sg}, lined, func(_ segment, f frame, _ int64, payload []byte) error {
		rec, err := parseIngest(payload, f.count)
		if err != nil {
			return nil
		}
		for i, l := range rec.lines {
			q := QuarantinedLine{Number: rec.line + uint64(i), Source: string(rec.source), Time: rec.time, Line: l}
			if err := each(q); err != nil {
				return err
			}
		}
		return nil
	})
}

// errDeleted says that a segment was deleted while somebody without the lock
// was looking.
var errDeleted = errors.New("a segment was deleted meanwhile")

// deleted tells the absence of a segment's file from other errors.
func deleted(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return errDeleted
	}
	return err
}

// eachFrame gives the good frames that are asked for. Where a segment was
// deleted meanwhile it ends with errDeleted.
func eachFrame(fsys FS, dir string, segs []segment, want func(frame) bool, each func(segment, frame, int64, []byte) error) error {
	for _, sg := range segs {
		f, err := fsys.Open(segmentPath(dir, sg.first()), false)
		if err != nil {
			return fmt.Errorf("segment %016x: %w", sg.first(), deleted(err))
		}
		err = eachFrameOf(f, sg, want, each)
		_ = f.Close()
		if err != nil {
			return fmt.Errorf("segment %016x: %w", sg.first(), err)
		}
	}
	return nil
}

func eachFrameOf(f File, sg segment, want func(frame) bool, each func(segment, frame, int64, []byte) error) error {
	w := newWalker(f, sg.head.salt, bodyStart, sg.limit)
	w.stubborn = true
	for {
		f, at, _, ok, err := w.next()
		if err != nil || !ok {
			return err
		}
		if !want(f) {
			continue
		}
		payload, good, err := w.payload(f, at)
		if err != nil {
			return err
		}
		if !good {
			continue
		}
		if err := each(sg, f, at, payload); err != nil {
			return err
		}
	}
}
