package tail

import (
	"bytes"
	"io"
	"slices"
)

const (
	batchBytes = 256 << 10
	batchLines = 1000
	// aheadBytes is how much the library may read behind the lines that it is
	// asked for, looking for the next newline.
	aheadBytes = 64 << 10
	keepBytes  = 1 << 20 // a search buffer over this isn't kept
)

// region is a piece of a file that was searched for lines, at the file's
// position. buf holds it, valid until the next search.
type region struct {
	buf  []byte
	ends []int // where the newlines of its whole lines are, in buf
	long bool  // it begins with a line that is over the limit
	more bool  // behind the last newline in ends stands what must not be read unsearched
}

func (g region) end() int64 { return int64(g.ends[len(g.ends)-1]) + 1 }

// search reads what stands between the position and limit, as much as makes a
// batch. Nothing in the region: no line has its end yet. Bytes that were
// searched and had none are not searched again.
func (r *reader) search(g *file, limit int64) (region, error) {
	longest := int64(r.o.MaxLine)
	from := g.at.off
	if g.scanned > from {
		at, err := findNewline(g.f, g.scanned, limit)
		if err != nil {
			return region{}, err
		}
		if at < 0 && limit-from <= longest {
			g.scanned = limit
			return region{}, nil
		}
	}
	for want := min(limit-from, batchBytes); ; want = min(limit-from, 4*want, longest+1) {
		buf, err := r.fill(g.f, from, want)
		if err != nil {
			return region{}, err
		}
		reg := parse(buf, longest)
		n := int64(len(buf))
		switch {
		case len(reg.ends) > 0:
			rest := n - reg.end()
			reg.more = reg.more || from+n < limit || rest > min(aheadBytes, longest)
			return reg, nil
		case reg.long || n > longest:
			reg.long = true
			return reg, nil
		case n < want:
			return region{}, errChanged
		case from+n >= limit:
			g.scanned = limit
			if from == 0 {
				g.begins = slices.Clone(buf[:min(n, window)])
			}
			return region{}, nil
		}
	}
}

// parse finds the whole lines at the beginning of buf, up to the first that
// is over the limit.
func parse(buf []byte, longest int64) region {
	reg := region{buf: buf}
	for at := 0; ; {
		i := bytes.IndexByte(buf[at:], '\n')
		switch {
		case i < 0:
			return reg
		case int64(i) > longest:
			reg.long, reg.more = at == 0, true
			return reg
		case len(reg.ends) == batchLines, at >= batchBytes:
			reg.more = true
			return reg
		}
		at += i + 1
		reg.ends = append(reg.ends, at-1)
	}
}

// fill reads n bytes at off into the search buffer; fewer where the file ends.
func (r *reader) fill(f io.ReaderAt, off, n int64) ([]byte, error) {
	if int64(cap(r.buf)) < n || cap(r.buf) > keepBytes && n <= keepBytes {
		r.buf = make([]byte, max(n, batchBytes))
	}
	m, err := f.ReadAt(r.buf[:n], off)
	if err != nil && err != io.EOF {
		return nil, readError{err}
	}
	return r.buf[:m], nil
}

// findNewline gives the offset of the first newline in [from, to), or -1.
func findNewline(f io.ReaderAt, from, to int64) (int64, error) {
	buf := make([]byte, min(to-from, aheadBytes))
	for from < to {
		n, err := f.ReadAt(buf[:min(int64(len(buf)), to-from)], from)
		if i := bytes.IndexByte(buf[:n], '\n'); i >= 0 {
			return from + int64(i), nil
		}
		if err != nil && err != io.EOF {
			return 0, readError{err}
		}
		if n == 0 {
			return -1, nil
		}
		from += int64(n)
	}
	return -1, nil
}

// lastNewline gives the offset behind the last newline before off, 0 if there
// is none; ok is false where none is within most bytes.
func lastNewline(f io.ReaderAt, off, most int64) (at int64, ok bool, err error) {
	floor := max(0, off-most)
	for end := off; end > floor; {
		n := min(end-floor, aheadBytes)
		b, err := readExactly(f, end-n, n)
		if err != nil {
			return 0, false, err
		}
		if i := bytes.LastIndexByte(b, '\n'); i >= 0 {
			return end - n + int64(i) + 1, true, nil
		}
		end -= n
	}
	return 0, floor == 0, nil
}
