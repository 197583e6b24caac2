package spool

import (
	"errors"
	"fmt"
	"io"
)

// unsureMost bounds what one life of the process writes into a segment without
// a sync, in bytes, the last record left out.
const unsureMost = unsyncedMost + groupMost

// unsure gives the stretches of a segment that may stand in the page cache
// alone: its head, and what was written last.
func (r *scanned) unsure() []span {
	return []span{{0, r.head}, {max(r.head, r.last-unsureMost), r.end}}
}

// writeAgain writes stretches of a file once more as they are, and syncs it.
// Where the process before us was killed after a sync had failed, the page
// cache holds bytes that the disk never got, and takes them for written: they
// can be read, and a sync alone would say that they are durable. A block that
// can't be read is left alone; so is the rest where writing what is there
// already needs room that a full disk doesn't have.
func writeAgain(f File, spans []span) error {
	buf := make([]byte, windowBytes)
	for _, s := range spans {
		for off := s.from; off < s.to; {
			n := min(windowBytes, s.to-off)
			err := copyOnto(f, buf[:n], off)
			if full := (*fullError)(nil); errors.As(outOfSpace(err), &full) {
				return f.Sync()
			}
			if err != nil {
				return err
			}
			off += n
		}
	}
	return f.Sync()
}

// copyOnto writes what a stretch of a file holds onto itself.
func copyOnto(f File, b []byte, off int64) error {
	n, err := f.ReadAt(b, off)
	if err == nil || errors.Is(err, io.EOF) {
		return writeOnto(f, b[:n], off)
	}
	for len(b) > 0 {
		k := min(len(b), int(blockSize-off%blockSize))
		if n, err := f.ReadAt(b[:k], off); err == nil || errors.Is(err, io.EOF) {
			if err := writeOnto(f, b[:n], off); err != nil {
				return err
			}
		}
		b, off = b[k:], off+int64(k)
	}
	return nil
}

func writeOnto(f File, b []byte, off int64) error {
	if _, err := f.WriteAt(b, off); err != nil {
		return fmt.Errorf("write again what was found: %w", err)
	}
	return nil
}
