package drop

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"

	"github.com/tailpost/tailpost/bridge"
)

const readBytes = 64 << 10

// content is the plain bytes of a file, from a place in it on.
type content struct {
	r     *bufio.Reader
	first []byte // the file's first line, bridge.HeadMax bytes of it at most

	longest int // of a line
	line    []byte
}

// openContent starts reading at off.
//
// A plain file is read as far as it reaches now: one that grows without end
// must not keep others waiting.
func openContent(ctx context.Context, f *os.File, name string, size, off int64, longest int) (*content, error) {
	c := &content{r: bufio.NewReaderSize(io.NewSectionReader(f, 0, size), readBytes), longest: longest}
	if packed(name) {
		z, err := gzip.NewReader(c.r)
		if err != nil {
			return nil, early(err)
		}
		c.r = bufio.NewReaderSize(z, readBytes)
	}
	head, err := c.r.Peek(bridge.HeadMax)
	if err != nil && len(head) == 0 && err != io.EOF {
		return nil, err
	}
	head, _, _ = bytes.Cut(head, []byte{'\n'})
	c.first = bytes.Clone(head)
	if !packed(name) {
		c.r.Reset(io.NewSectionReader(f, off, max(0, size-off)))
		return c, nil
	}
	for off > 0 {
		n, err := c.r.Discard(int(min(off, 1<<20)))
		if off -= int64(n); err != nil {
			return nil, early(err)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// early makes an error of an end that comes where there must be more.
func early(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// isDamaged tells packed bytes that can't be unpacked, perhaps because they are
// not all there yet, from a disk that can't be read.
func isDamaged(err error) bool {
	return errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.As(err, new(flate.CorruptInputError))
}

// text is a line of a file.
type text struct {
	line  []byte // its first bytes; valid until the next call
	cut   int64  // bytes of it that were left out
	size  int64  // bytes that it takes up, with its newline
	ended bool   // there was a newline
}

// next gives the next line. At the end of the content it gives what stands
// without a newline there, with the error that ended it.
func (c *content) next(ctx context.Context) (t text, err error) {
	c.line = c.line[:0]
	for {
		part, err := c.r.ReadSlice('\n')
		t.size += int64(len(part))
		if t.ended = err == nil; t.ended {
			part = part[:len(part)-1]
		}
		if t.ended && len(c.line) == 0 && len(part) <= c.longest {
			t.line = part
			return t, nil
		}
		n := min(len(part), c.longest-len(c.line))
		c.line = append(c.line, part[:n]...)
		t.cut += int64(len(part) - n)
		t.line = c.line
		switch {
		case err == bufio.ErrBufferFull:
			if err := ctx.Err(); err != nil {
				return t, err
			}
		default:
			return t, err
		}
	}
}
