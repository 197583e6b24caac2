package spool

import "bytes"

// span is a stretch of a file, from its first byte to the one behind it.
type span struct{ from, to int64 }

func (s span) bytes() int64 { return s.to - s.from }

// walker goes over the frames of a file, from one to the next. What is no
// frame it leaves out, and says so: it looks at each multiple of 8 behind it
// for the next good header.
type walker struct {
	*window
	salt  salt
	off   int64 // where the next frame should begin
	limit int64 // nothing at or behind it counts
	again int64 // what begins here was read once more
}

func newWalker(f File, s salt, from, limit int64) *walker {
	return &walker{window: newWindow(f, windowBytes), salt: s, off: from, limit: limit}
}

// next gives the next frame and where it begins. bad is what was left out
// before it; ok is false at the end, where bad is what stands behind the last
// frame. After an error the same call can be made again.
func (w *walker) next() (f frame, at int64, bad span, ok bool, err error) {
	for at = w.off; at+frameHead <= w.limit; {
		b, err := w.get(at, frameHead, w.limit)
		if err != nil {
			return frame{}, 0, span{}, false, err
		}
		if f, good := parseFrame(b, w.salt); good && f.bytes() <= w.limit-at {
			if at > w.off && w.again != w.off {
				// Who looks without the lock has read that before it was written.
				w.again, at = w.off, w.off
				w.forget()
				continue
			}
			bad = span{w.off, at}
			w.off = at + f.bytes()
			return f, at, bad, true, nil
		}
		if at, err = w.marker(at + frameAlign); err != nil {
			return frame{}, 0, span{}, false, err
		}
	}
	bad = span{w.off, max(w.off, w.limit)}
	w.off = bad.to
	return frame{}, bad.to, bad, false, nil
}

// marker gives the next multiple of 8 at which a frame's marker stands, or
// the end.
func (w *walker) marker(at int64) (int64, error) {
	for at+frameHead <= w.limit {
		n := int(min(windowBytes/2, w.limit-at))
		b, err := w.get(at, n, w.limit)
		if err != nil {
			return 0, err
		}
		if i := markerIn(b); i >= 0 {
			return at + int64(i), nil
		}
		at += aligned(int64(n))
	}
	return w.limit, nil
}

// markerIn gives the first multiple of 8 at which a marker stands, or -1.
func markerIn(b []byte) int {
	for i := 0; i < len(b); i += frameAlign {
		next := bytes.Index(b[i:], frameMarker[:])
		if next < 0 {
			break
		}
		if i += next; i%frameAlign == 0 {
			return i
		}
		i -= i % frameAlign
	}
	return -1
}

// payload gives a frame's payload, checked; ok is false where it is damaged.
// It is valid until the next call.
func (w *walker) payload(f frame, at int64) (b []byte, ok bool, err error) {
	for range 2 { // it may have been read while it was written
		if b, err = w.get(at+frameHead, int(f.size), w.limit); err != nil {
			return nil, false, err
		}
		if checksum(b) == f.sum {
			return b, true, nil
		}
		w.forget()
	}
	return b, false, nil
}

// zero reports whether a stretch holds zero bytes alone.
func (w *walker) zero(s span) (bool, error) {
	for off := s.from; off < s.to; {
		n := int(min(windowBytes, s.to-off))
		b, err := w.get(off, n, s.to)
		if err != nil {
			return false, err
		}
		if !isZero(b) {
			return false, nil
		}
		off += int64(n)
	}
	return true, nil
}
