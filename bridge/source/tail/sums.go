package tail

import (
	"bytes"
	"errors"
	"hash/crc64"
	"io"
)

// window is how many bytes are kept of a file's beginning, and of what stands
// before the position, to tell whether it still holds what was read.
const window = 512

var crcTable = crc64.MakeTable(crc64.ECMA)

func sum(b []byte) uint64 { return crc64.Checksum(b, crcTable) }

// marks are the bytes at the beginning of a file and before a position.
type marks struct{ first, last []byte }

// readMarks reads the marks of the position off. It gives errChanged when the
// file is shorter.
func readMarks(f io.ReaderAt, off int64) (marks, error) {
	n := min(off, window)
	first, err := readExactly(f, 0, n)
	if err != nil {
		return marks{}, err
	}
	last, err := readExactly(f, off-n, n)
	return marks{first, last}, err
}

// hold reports whether the file still has these marks at the position off.
func (m marks) hold(f io.ReaderAt, off int64) (bool, error) {
	now, err := readMarks(f, off)
	if errors.Is(err, errChanged) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return bytes.Equal(m.first, now.first) && bytes.Equal(m.last, now.last), nil
}

// fits reads the marks at the state's position and reports whether they have
// its sums.
func (s state) fits(f io.ReaderAt) (marks, bool, error) {
	// The first ones alone, first: the last ones may have to be unpacked.
	first, err := readExactly(f, 0, min(s.off, window))
	if errors.Is(err, errChanged) || err == nil && sum(first) != s.firstSum {
		return marks{}, false, nil
	}
	if err != nil {
		return marks{}, false, err
	}
	last, err := readExactly(f, s.off-int64(len(first)), int64(len(first)))
	if errors.Is(err, errChanged) {
		return marks{}, false, nil
	}
	return marks{first, last}, err == nil && sum(last) == s.lastSum, err
}

// errChanged says that a file no longer holds what it held a moment ago.
var errChanged = errors.New("the file has changed under the reader")

func readExactly(f io.ReaderAt, off, n int64) ([]byte, error) {
	if n == 0 {
		return nil, nil
	}
	b := make([]byte, n)
	m, err := f.ReadAt(b, off)
	switch {
	case int64(m) == n:
		return b, nil
	case err == io.EOF:
		return nil, errChanged
	}
	return nil, readError{err}
}

// readError is a file that can't be read: no reason to end, it is tried again.
type readError struct{ error }

func (e readError) Unwrap() error { return e.error }

// prefixOf reports whether the first size bytes of b begin like a, as far as
// some reads can tell: 4 KiB at the beginning and a window before size.
func prefixOf(b io.ReaderAt, size int64, a io.ReaderAt) (bool, error) {
	n := min(size, 4<<10)
	for _, at := range [...]struct{ off, n int64 }{{0, n}, {size - min(size, window), min(size, window)}} {
		x, err := readExactly(a, at.off, at.n)
		if errors.Is(err, errChanged) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		y, err := readExactly(b, at.off, at.n)
		if errors.Is(err, errChanged) || err == nil && !bytes.Equal(x, y) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	return true, nil
}
