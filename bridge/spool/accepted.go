package spool

import "encoding/binary"

// detailTimed says of a moved record that it has when each of its events was
// accepted.
const detailTimed byte = 1

// sourceMost is how long a source's name may be where the time behind it is
// looked for, in bytes: four for each of its 128 characters.
const sourceMost = 512

// acceptedAt gives when an event of a frame was handed to the spool, in Unix
// nanoseconds; 0: that can't be told. get reads bytes of the frame's file. The
// frame's checksum is not asked: it is for people to look at.
func acceptedAt(get func(off int64, n int) ([]byte, error), f frame, at int64, index uint32) int64 {
	behind := at + frameHead + int64(f.size)
	switch {
	case index >= f.count || !f.tableFits():
	case f.kind == kindMoved && f.detail&detailTimed != 0:
		if off := behind - int64(f.count)*movedEntry - int64(f.count-index)*8; off > at {
			return timeOf(get(off, 8))
		}
	case f.kind == kindIngest:
		body := at + frameHead + int64(f.count)*tableEntry
		b, err := get(body-tableEntry, 4)
		if err != nil {
			return 0
		}
		off := body + int64(binary.LittleEndian.Uint32(b))
		if b, err = get(off, int(max(0, min(behind-off, sourceMost+16)))); err == nil {
			r := readerOf(b)
			r.Sized()
			return timeOf(r.Take(8), r.Err)
		}
	}
	return 0
}

func timeOf(b []byte, err error) int64 {
	if err != nil || len(b) < 8 {
		return 0
	}
	return max(0, int64(binary.LittleEndian.Uint64(b)))
}

// accepted is acceptedAt of the event at that index of the frame in hand.
func (e *eventFile) accepted(index uint32) int64 { return acceptedAt(e.read, e.f0, e.at, index) }

// peek reads a little of the segment in hand, without moving the window.
func (c *cursor) peek(off int64, n int) ([]byte, error) {
	if w := c.w.window; off >= w.at && off+int64(n) <= w.at+int64(w.n) {
		return w.buf[off-w.at:][:n], nil
	}
	e := eventFile{f: c.file}
	return e.read(off, n)
}
