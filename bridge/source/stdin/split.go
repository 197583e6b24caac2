package stdin

import (
	"bytes"

	"github.com/tailpost/tailpost/bridge"
)

// splitter makes lines of chunks. A line over longest is cut there; the rest,
// up to its newline, is counted and never a line of its own.
type splitter struct {
	longest int

	line []byte // the beginning of the line that has no end yet; longest bytes at most
	cut  int64  // how many bytes of it were left out
	from int64  // its offset
	read int64  // bytes taken

	recs []bridge.Record // whole lines that were not sent yet
	size int             // bytes in them
	told int64           // bytes up to the end of what was sent
}

// take goes through b until a batch is full, and gives what is left of b.
// The lines point into b where they can: they are to be sent before b is used
// again.
func (s *splitter) take(b []byte) []byte {
	for len(b) > 0 && len(s.recs) < batchLines && s.size < batchBytes {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			s.add(b)
			return nil
		}
		if len(s.line) == 0 && i <= s.longest {
			s.line = b[:i:i]
			s.read += int64(i)
		} else {
			s.add(b[:i])
		}
		s.read++
		s.end(false)
		b = b[i+1:]
	}
	return b
}

func (s *splitter) add(b []byte) {
	n := min(len(b), s.longest-len(s.line))
	s.line = append(s.line, b[:n]...)
	s.cut += int64(len(b) - n)
	s.read += int64(len(b))
}

func (s *splitter) end(partial bool) {
	s.recs = append(s.recs, bridge.Record{Offset: s.from, Line: s.line, Cut: s.cut, Partial: partial})
	s.size += len(s.line)
	s.line, s.cut, s.from = nil, 0, s.read
}

// finish makes a line of what stands without a newline at the end.
func (s *splitter) finish() {
	if s.read > s.from {
		s.end(true)
	}
}

// sent forgets the lines and gives the number of bytes that they took up in
// the input.
func (s *splitter) sent() int64 {
	n := s.from - s.told
	s.recs, s.size, s.told = s.recs[:0], 0, s.from
	return n
}
