package spool

import (
	"fmt"
)

// scanned is what going over a whole segment shows.
type scanned struct {
	head   int64  // behind the states at its head
	last   int64  // its last good frame begins here
	end    int64  // and ends here
	next   uint64 // the number behind its last event
	tail   span   // what stands behind end: a torn write, or blocks taken in advance
	zero   bool   // tail holds zero bytes alone
	bad    []span // damage, with good frames behind it
	headed bool   // the states at its head are complete and good
	used   bool   // there are frames behind the head
	lines  int
	blind  int64 // bytes that could not be read
}

// scanSegment goes over a segment and checks every frame. If st is not nil,
// the states and changes in it are merged into st.
func scanSegment(f File, sg segment, st *states) (scanned, error) {
	w := newWalker(f, sg.head.salt, bodyStart, sg.limit)
	w.stubborn = true
	r := scanned{head: bodyStart, last: bodyStart, end: bodyStart, next: sg.head.prevNext}
	var bad []span
	heads := 0
	d := doubt{told: sg.told}
	for {
		f, at, skipped, ok, err := w.next()
		if err != nil {
			return r, err
		}
		if !ok {
			break
		}
		if skipped.bytes() > 0 {
			bad = append(bad, skipped)
		}
		payload, good, err := w.payload(f, at)
		if err != nil {
			return r, err
		}
		if !good {
			bad = append(bad, span{at, at + f.bytes()})
			continue
		}
		if back, ok := d.about(f, at, bad); !ok {
			if bad = nil; back > 0 {
				w.off = back
			}
			continue
		}
		r.bad, bad = append(r.bad, bad...), nil
		r.last, r.end = at, at+f.bytes()
		r.frame(f, payload, st, &heads)
	}
	r.tail, r.blind = span{r.end, max(r.end, sg.limit)}, w.blind
	zero, err := w.zero(r.tail)
	r.zero = zero
	return r, err
}

// doubt is about records that were written before what stands before them was
// durable. Where that can't be read, a power cut may have taken it: then they
// must not count either, because the position in them is behind what is lost.
// A record behind them that was written after a sync shows that it was damage.
type doubt struct {
	told bool  // all of the segment was durable
	from int64 // the first bytes that can't be read; 0: no doubt
	sure int64 // everything before this was durable
}

// about reports whether a frame behind bad stretches counts. If it shows that
// those before it do, back is where to go over them again.
func (d *doubt) about(f frame, at int64, bad []span) (back int64, ok bool) {
	switch {
	case d.told || at < d.sure:
		return 0, true
	case f.detail&detailUnsynced == 0 || f.kind != kindIngest && f.kind != kindMoved:
		if d.from == 0 {
			return 0, true
		}
		back, d.from, d.sure = d.from, 0, at
		return back, false
	case d.from == 0 && len(bad) == 0:
		return 0, true
	case d.from == 0:
		d.from = bad[0].from
	}
	return 0, false
}

func (r *scanned) frame(f frame, payload []byte, st *states, heads *int) {
	switch f.kind {
	case kindState:
		*heads++
		r.head = r.end
		if st != nil && st.setState(payload) != nil {
			*heads--
		}
	case kindHeadEnd:
		r.headed = *heads == int(f.count)
		r.head = r.end
	case kindIngest:
		r.used = true
		rec, err := parseIngest(payload, f.count)
		if err != nil {
			return
		}
		if f.count > 0 {
			r.next = f.first + uint64(f.count)
		}
		r.lines += len(rec.lines) + len(rec.replayed)
		if st != nil {
			st.merge(rec.source, rec.changes)
		}
	default:
		r.used = true
	}
}

// scanFile is scanSegment for one that is not open yet.
func scanFile(fsys FS, dir string, sg segment, st *states) (scanned, error) {
	f, err := fsys.Open(segmentPath(dir, sg.first()), false)
	if err != nil {
		return scanned{}, err
	}
	defer f.Close()
	r, err := scanSegment(f, sg, st)
	if err != nil {
		return r, fmt.Errorf("segment %016x: %w", sg.first(), err)
	}
	return r, nil
}

// recoverState gives the merged states at the end of the last segment, and
// what going over that one showed. Where its head can't be read whole, the
// segment before gives what the head should say, and so on. whole is false
// where none could; then what there is must do: a position that is too old
// repeats lines, none at all might skip them.
func recoverState(fsys FS, dir string, segs []segment) (st states, last scanned, whole bool, err error) {
	from, any := len(segs)-1, false
	for ; from >= 0 && !whole; from-- {
		st = newStates()
		if last, err = scanFile(fsys, dir, segs[from], &st); err != nil {
			return states{}, last, false, err
		}
		any = any || last.used || segs[from].head.prev != 0
		whole = last.headed
		if from > 0 && segs[from].head.prev != segs[from-1].first() {
			any = true
		}
	}
	if from+1 == len(segs)-1 && whole {
		return st, last, true, nil // as it should be: only the last one was read
	}
	st = newStates()
	for _, sg := range segs[from+1:] {
		if last, err = scanFile(fsys, dir, sg, &st); err != nil {
			return states{}, last, false, err
		}
	}
	return st, last, whole || !any, nil
}
