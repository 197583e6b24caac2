package tail

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"sync/atomic"
)

const (
	packedChunk = 64 << 10
	packedKept  = 1 << 20 // of the plain bytes before the place that was unpacked last
	packedHead  = 4 << 10 // of the first plain bytes
)

// packed is a gzip file. Its plain bytes are unpacked as they are asked for,
// forwards; of what was unpacked a bounded part is kept, and to go further
// back begins anew. Nothing is written anywhere. Damage ends the plain bytes.
type packed struct {
	f    *os.File
	stop *atomic.Bool // once true, reading fails with errStopped

	z     *gzip.Reader // nil: nothing is unpacked
	at    int64        // how many plain bytes were
	kept  []byte       // the last of them
	head  []byte       // the first of them
	over  error        // what the plain bytes ended with: io.EOF, or the damage; nil: they didn't yet
	chunk []byte

	size int64  // of the plain bytes; -1: not measured
	bad  error  // damage, found when measured
	was  extent // of the file when it was measured
}

// errStopped: the source ends while a file is unpacked.
var errStopped = errors.New("the source is stopping")

func newPacked(f *os.File, stop *atomic.Bool) *packed { return &packed{f: f, stop: stop, size: -1} }

func (p *packed) Close() error { return p.f.Close() }

// stat gives 0 as the size of what was not measured.
func (p *packed) stat() (fileStat, error) {
	st, err := statFile(p.f)
	st.size = max(0, p.size)
	return st, err
}

// same reports whether the file is still the one that was measured.
func (p *packed) same() bool {
	st, err := statFile(p.f)
	return err != nil || p.size >= 0 && st.extent() == p.was
}

// measure unpacks the whole file once, and so learns its plain size and
// whether it is sound. A file that can't be read is an error; damage is not.
func (p *packed) measure() error {
	st, err := statFile(p.f)
	if err != nil {
		return readError{err}
	}
	p.rewind()
	p.head, p.size = nil, -1
	for p.over == nil {
		if err := p.next(nil, 0); err != nil {
			return err
		}
	}
	p.size, p.bad, p.was = p.at, nil, st.extent()
	if p.over != io.EOF {
		p.bad = p.over
	}
	return nil
}

// giveUp takes what could be unpacked as all that there is.
func (p *packed) giveUp(err error) {
	p.size, p.bad = p.at, err
	if st, err := statFile(p.f); err == nil {
		p.was = st.extent()
	}
}

// unfinished reports whether it ends where a program that is still writing it
// may have stopped.
func (p *packed) unfinished() bool { return errors.Is(p.bad, io.ErrUnexpectedEOF) }

func (p *packed) rewind() {
	if p.z != nil {
		p.z.Close()
	}
	p.z, p.at, p.kept, p.over = nil, 0, p.kept[:0], nil
}

// ReadAt gives the plain bytes at off. Where they end, by damage or not, it
// gives io.EOF.
func (p *packed) ReadAt(b []byte, off int64) (int, error) {
	if end := off + int64(len(b)); end <= int64(len(p.head)) {
		return copy(b, p.head[off:end]), nil
	}
	if off < p.at-int64(len(p.kept)) {
		p.rewind()
	}
	n := overlap(b, off, p.kept, p.at-int64(len(p.kept)))
	for n < len(b) && p.over == nil {
		if err := p.next(b, off); err != nil {
			return n, err
		}
		n = int(max(0, min(int64(len(b)), p.at-off)))
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// next unpacks one chunk, and copies what belongs there into b, which begins
// at off.
func (p *packed) next(b []byte, off int64) error {
	if p.stop.Load() {
		return errStopped
	}
	if p.z == nil {
		z, err := gzip.NewReader(bufio.NewReaderSize(io.NewSectionReader(p.f, 0, 1<<62), packedChunk))
		if err != nil {
			return p.ended(err)
		}
		p.z = z
	}
	if p.chunk == nil {
		p.chunk = make([]byte, packedChunk)
	}
	n, err := p.z.Read(p.chunk)
	chunk := p.chunk[:n]
	overlap(b, off, chunk, p.at)
	if int64(len(p.head)) == p.at && p.at < packedHead {
		p.head = append(p.head, chunk[:min(n, packedHead-len(p.head))]...)
	}
	if len(p.kept)+n > 2*packedKept { // seldom: it is a copy
		p.kept = append(p.kept[:0], p.kept[len(p.kept)-packedKept:]...)
	}
	p.kept = append(p.kept, chunk...)
	p.at += int64(n)
	if err != nil {
		return p.ended(err)
	}
	return nil
}

// ended tells damage, which ends the plain bytes, from a file that can't be
// read just now.
func (p *packed) ended(err error) error {
	if errors.As(err, new(*os.PathError)) {
		p.rewind()
		return readError{err}
	}
	if err == io.EOF && p.z == nil { // an empty file: nothing was written yet
		err = io.ErrUnexpectedEOF
	}
	p.over = err
	return nil
}

// overlap copies the part of from, which begins at begin, that belongs into b,
// which begins at off. It gives where in b the copied part ends.
func overlap(b []byte, off int64, from []byte, begin int64) int {
	lo, hi := max(off, begin), min(off+int64(len(b)), begin+int64(len(from)))
	if lo >= hi {
		return 0
	}
	copy(b[lo-off:], from[lo-begin:hi-begin])
	return int(hi - off)
}
