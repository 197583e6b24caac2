package spool

import (
	"errors"
	"io"
)

// windowBytes is how much of a file one reader holds.
const windowBytes = 64 << 10

// patience is how many reads of one place may fail before its unreadable
// blocks count as damaged: a bad sector must not hold up what is behind it.
const patience = 5

// window is a piece of a file in memory. What lies behind a file's end, or
// can't be read for good, reads as zero, which is no valid frame. It is used
// by one goroutine.
type window struct {
	r      io.ReaderAt
	most   int    // bytes that it may hold
	buf    []byte // no larger than the file needed it so far
	at     int64  // of buf[0] in the file
	n      int    // how much of buf is filled
	failed int    // reads in a row
	blind  int64  // bytes that could not be read and were taken for zero
	// stubborn makes get try on by itself until the bytes are there or count
	// as damaged: for those who can't come back later. It then never fails.
	stubborn bool
}

func newWindow(r io.ReaderAt, most int) *window {
	return &window{r: r, most: most}
}

// get gives n bytes at off; they are valid until the next call. Nothing at or
// behind limit is read, because it may still change: off+n must not exceed
// it, but for a window that is larger than its file. n may be larger than the
// window.
func (w *window) get(off int64, n int, limit int64) ([]byte, error) {
	if off >= w.at && off+int64(n) <= w.at+int64(w.n) {
		i := int(off - w.at)
		return w.buf[i : i+n], nil
	}
	if n > w.most {
		big := make([]byte, n)
		return big, w.fill(big, off)
	}
	want := int(min(int64(w.most), max(limit-off, int64(n))))
	w.n = 0
	w.room(want)
	if err := w.fill(w.buf[:want], off); err != nil {
		return nil, err
	}
	w.at, w.n = off, want
	return w.buf[:n], nil
}

// room makes the buffer large enough. It grows by doubling: the limit of a
// file that is being written comes a few bytes further each time.
func (w *window) room(n int) {
	if n > len(w.buf) {
		w.buf = make([]byte, min(w.most, max(n, 2*len(w.buf))))
	}
}

// forget drops what is in memory, because the file has changed.
func (w *window) forget() { w.n = 0 }

func (w *window) fill(b []byte, off int64) error {
	for {
		n, err := w.r.ReadAt(b, off)
		if err == nil || errors.Is(err, io.EOF) {
			clear(b[n:])
			w.failed = 0
			return nil
		}
		if w.failed++; w.failed >= patience {
			w.failed = 0
			w.fillBlocks(b, off)
			return nil
		}
		if !w.stubborn {
			return err
		}
	}
}

// fillBlocks reads block by block and takes for zero what can't be read.
func (w *window) fillBlocks(b []byte, off int64) {
	for len(b) > 0 {
		k := min(len(b), int(blockSize-off%blockSize))
		n, err := w.r.ReadAt(b[:k], off)
		if err != nil {
			clear(b[n:k])
			if !errors.Is(err, io.EOF) {
				w.blind += int64(k)
			}
		}
		b, off = b[k:], off+int64(k)
	}
}
