package spool

import (
	"encoding/binary"
	"fmt"
)

// cursor reads the events of the segments in the order of their numbers, up
// to what is durable. It holds one window and one open file, however many
// events wait. It is used by one goroutine.
type cursor struct {
	fs     FS
	dir    string
	segs   *segments
	damage func(sg segment, f File, s span) // told of what can't be read
	w      *walker

	seg    segment // the one that is read; its first number is 0 before the first
	file   File
	frame  frame  // the ingest record in hand; count 0: none
	at     int64  // where it begins
	index  uint32 // the event in it that comes next
	when   int64  // its events were accepted; 0: that can't be told
	expect uint64 // the number that comes next, if nothing is missing
	table  []byte // a piece of the frame's table, from entry tableAt on
	from   uint32
}

// step is what a cursor comes to next: an event, or a row of events that are
// lost.
type step struct {
	number uint64
	place  place
	data   []byte // nil: the events from number up to to can't be had
	to     uint64
	when   int64 // it was accepted, in Unix nanoseconds; 0: that can't be told
}

// tableEntries is how much of a table is held at once.
const tableEntries = 512

func newCursor(fsys FS, dir string, segs *segments, at mark, damage func(segment, File, span)) *cursor {
	c := &cursor{fs: fsys, dir: dir, segs: segs, damage: damage, expect: at.number}
	c.w = &walker{window: newWindow(nil, windowBytes)}
	c.seek(at)
	return c
}

// seek looks for the segment that a mark is in. The mark's place saves going
// over the segment from its beginning, where the place is right.
func (c *cursor) seek(at mark) {
	sg, ok := c.segs.holding(at.number)
	if p, _, found := c.segs.find(at.place.seg); found {
		sg, ok = p, true
	}
	if !ok {
		return
	}
	if err := c.open(sg); err != nil {
		// Whatever is wrong with it shows again at the next step.
		c.seg = segment{head: fileHead{first: sg.first() - 1}}
		return
	}
	if sg.first() != at.place.seg || at.place.off < bodyStart || at.place.off > sg.limit {
		return
	}
	c.w.limit = sg.limit
	if at.place.off == sg.limit {
		c.w.off = sg.limit
		return
	}
	b, err := c.w.get(at.place.off, frameHead, max(sg.limit, at.place.off+frameHead))
	if err != nil {
		return
	}
	if f, ok := parseFrame(b, c.w.salt); ok && f.kind == kindIngest && f.first <= at.number {
		c.w.off = at.place.off
	}
}

func (c *cursor) open(sg segment) error {
	f, err := c.fs.Open(segmentPath(c.dir, sg.first()), false)
	if err != nil {
		return fmt.Errorf("read segment %016x: %w", sg.first(), err)
	}
	c.close()
	c.seg, c.file, c.frame = sg, f, frame{}
	c.w.r, c.w.salt, c.w.off, c.w.limit = f, sg.head.salt, bodyStart, sg.limit
	c.w.forget()
	return nil
}

func (c *cursor) close() {
	if c.file != nil {
		_ = c.file.Close()
		c.file = nil
	}
}

// next gives the next step; ok is false where there is nothing durable behind
// the last one. An error may pass: the same call can be made again.
func (c *cursor) next() (st step, ok bool, err error) {
	for {
		if c.index < c.frame.count {
			return c.event()
		}
		c.frame = frame{}
		if c.file != nil {
			sg, sealed, found := c.segs.find(c.seg.first())
			if found {
				c.seg, c.w.limit = sg, sg.limit
			}
			if c.w.off < c.w.limit {
				if st, ok, err = c.record(); ok || err != nil {
					return st, ok, err
				}
				continue
			}
			if found && !sealed {
				return step{}, false, nil
			}
		}
		if st, ok, err = c.advance(); st.to > 0 || !ok || err != nil {
			return st, ok, err
		}
	}
}

// record goes on to the next frame. It gives a step where events before that
// frame are missing.
func (c *cursor) record() (step, bool, error) {
	f, at, bad, ok, err := c.w.next()
	if err != nil {
		return step{}, false, fmt.Errorf("read segment %016x: %w", c.seg.first(), err)
	}
	if bad.bytes() > 0 {
		if zero, err := c.w.zero(bad); err != nil || !zero || ok {
			c.damage(c.seg, c.file, bad)
		}
	}
	if !ok || f.kind != kindIngest || f.count == 0 || f.first+uint64(f.count) <= c.expect {
		return step{}, false, nil
	}
	if !f.tableFits() {
		c.damage(c.seg, c.file, span{at, at + f.bytes()})
		return step{}, false, nil
	}
	c.frame, c.at, c.index, c.table = f, at, 0, c.table[:0]
	c.when = acceptedAt(c.peek, f, at, 0)
	if f.first > c.expect {
		st := step{number: c.expect, to: f.first}
		c.expect = f.first
		return st, true, nil
	}
	c.index = uint32(c.expect - f.first)
	return step{}, false, nil
}

// advance goes on to the next segment. It gives a step where that one says
// that events stood before it which were not met.
func (c *cursor) advance() (step, bool, error) {
	sg, ok := c.segs.after(c.seg.first())
	for ok {
		err := c.open(sg)
		if err == nil {
			break
		}
		if _, _, listed := c.segs.find(sg.first()); listed {
			return step{}, false, err
		}
		// It was deleted meanwhile: there was nothing in it for us.
		sg, ok = c.segs.after(c.seg.first())
	}
	if !ok {
		return step{}, false, nil
	}
	st := step{number: c.expect, to: sg.head.prevNext}
	c.expect = max(c.expect, sg.first())
	if st.to <= st.number {
		st = step{}
	}
	return st, true, nil
}

// event gives the next event of the record in hand.
func (c *cursor) event() (step, bool, error) {
	from, end, sum, ok, err := c.entry(c.index)
	if err != nil {
		return step{}, false, err
	}
	number := c.frame.first + uint64(c.index)
	st := step{number: number, to: number + 1, when: c.when, place: place{
		seg: c.seg.first(), off: c.at, index: c.index, size: end - from,
	}}
	if ok {
		body := c.at + frameHead + int64(c.frame.count)*tableEntry
		b, err := c.w.get(body+int64(from), int(end-from), c.w.limit)
		if err != nil {
			return step{}, false, fmt.Errorf("read event %x: %w", number, err)
		}
		if eventSum(b) == sum {
			st.data = append(make([]byte, 0, len(b)), b...)
		}
	}
	c.index++
	c.expect = number + 1
	if st.data == nil {
		c.damage(c.seg, c.file, span{c.at, c.at + c.frame.bytes()})
	}
	return st, true, nil
}

// entry gives where an event begins and ends behind the table, and its
// checksum; ok is false where the table makes no sense.
func (c *cursor) entry(i uint32) (from, end, sum uint32, ok bool, err error) {
	// The entry before it tells where it begins: one more is held.
	first := max(i, 1) - 1
	if first < c.from || int(i-c.from)*tableEntry >= len(c.table) {
		n := min(c.frame.count-first, tableEntries)
		b, err := c.w.get(c.at+frameHead+int64(first)*tableEntry, int(n)*tableEntry, c.w.limit)
		if err != nil {
			return 0, 0, 0, false, fmt.Errorf("read event %x: %w", c.frame.first+uint64(i), err)
		}
		c.table, c.from = append(c.table[:0], b...), first
	}
	at := c.table[(i-c.from)*tableEntry:]
	if i > 0 {
		from = binary.LittleEndian.Uint32(c.table[(i-1-c.from)*tableEntry:])
	}
	end, sum = binary.LittleEndian.Uint32(at), binary.LittleEndian.Uint32(at[4:])
	room := int64(c.frame.size) - int64(c.frame.count)*tableEntry
	return from, end, sum, from <= end && int64(end) <= room, nil
}
