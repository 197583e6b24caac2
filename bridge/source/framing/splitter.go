package framing

import (
	"bytes"

	"github.com/tailpost/tailpost/bridge"
)

// A batch is full with so many lines, or so many bytes in them.
const (
	batchLines = 256
	batchBytes = 256 << 10
)

// Splitter makes lines of the bytes of one stream. It is used by one
// goroutine.
type Splitter struct {
	longest int

	first kind // of each frame, before its first byte

	kind kind
	head head   // the frame's first bytes, as long as it can't be told what it is
	line []byte // of the frame that has no end yet; longest bytes at most
	cut  int64  // how many bytes of it were left out
	last byte   // the last byte of them
	left int64  // bytes that a counted frame lacks

	from int64 // offset of the line's first byte
	read int64 // bytes taken

	recs []bridge.Record
	size int // bytes in them
}

// kind is what is known of the frame that has no end yet.
type kind uint8

const (
	unknown kind = iota
	ended        // by a newline
	counted      // by its length
)

// New gives a splitter of lines of longest bytes at most, in both framings.
func New(longest int) *Splitter { return &Splitter{longest: longest} }

// Lines gives a splitter whose lines all end by a newline: digits at the
// front of one are no count.
func Lines(longest int) *Splitter { return &Splitter{longest: longest, first: ended, kind: ended} }

// Take takes of b what makes a full batch, and gives what is left of b. The
// lines point into b where they can: they are to be used, and dropped by
// Sent, before b is written to again.
func (s *Splitter) Take(b []byte) []byte {
	for len(b) > 0 && len(s.recs) < batchLines && s.size < batchBytes {
		switch s.kind {
		case unknown:
			b = s.begin(b)
		case ended:
			b = s.takeEnded(b)
		case counted:
			b = s.takeCounted(b)
		}
	}
	return b
}

// Records gives the lines that have an end, without source, stream, time and
// head. They are the caller's until Sent.
func (s *Splitter) Records() []bridge.Record { return s.recs }

// Sent drops the lines that Records has given.
func (s *Splitter) Sent() {
	if cap(s.recs) > batchLines/8 && len(s.recs) <= batchLines/16 {
		s.recs = nil // a stream that has become quiet costs little
	}
	clear(s.recs)
	s.recs, s.size = s.recs[:0], 0
}

// Held is how many bytes of the frame without an end are held.
func (s *Splitter) Held() int { return cap(s.line) }

// Unfinished is how many bytes were taken of the frame without an end.
func (s *Splitter) Unfinished() int64 { return int64(len(s.line)+s.head.n) + s.cut }

// Read is how many bytes were taken.
func (s *Splitter) Read() int64 { return s.read }

// Rest ends the stream. It gives the frame that has no end, if there is one,
// and how many bytes are known to be missing of it; 0: it had no newline.
func (s *Splitter) Rest() (rec bridge.Record, missing int64, ok bool) {
	if s.kind == s.first && s.read == s.from {
		return bridge.Record{}, 0, false
	}
	if s.kind == unknown {
		s.toLine()
	}
	missing = s.left
	n := len(s.recs)
	s.finish(true)
	rec, s.recs = s.recs[n], s.recs[:n]
	s.size -= len(rec.Line)
	return rec, missing, true
}

// begin finds out of what kind the frame is that b goes on with.
func (s *Splitter) begin(b []byte) []byte {
	for i, c := range b {
		switch s.head.next(c) {
		case counted:
			s.kind, s.left = counted, s.head.count()
			s.from += int64(s.head.n)
			s.read += int64(i)
			s.head = head{}
			return b[i:]
		case ended:
			s.read += int64(i)
			s.toLine()
			return b[i:]
		}
	}
	s.read += int64(len(b))
	return nil
}

// toLine makes the bytes that could have been a count the line's first ones.
func (s *Splitter) toLine() {
	s.kind = ended
	if s.head.n > 0 {
		s.line = append(s.line, s.head.bytes[:s.head.n]...)
		s.head = head{}
	}
}

func (s *Splitter) takeEnded(b []byte) []byte {
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
	s.finish(false)
	return b[i+1:]
}

func (s *Splitter) takeCounted(b []byte) []byte {
	n := int(min(s.left, int64(len(b))))
	s.left -= int64(n)
	if s.left == 0 && len(s.line) == 0 && s.cut == 0 && n <= s.longest {
		s.line = b[:n:n]
		s.read += int64(n)
	} else {
		s.add(b[:n])
	}
	if s.left > 0 {
		return nil
	}
	s.trimNewline()
	s.finish(false)
	return b[n:]
}

// trimNewline leaves out a newline at the end of a counted frame: many
// senders count one in.
func (s *Splitter) trimNewline() {
	n := len(s.line)
	switch {
	case s.cut > 0 && s.last == '\n':
		s.cut--
	case s.cut == 0 && n > 0 && s.line[n-1] == '\n':
		s.line = s.line[:n-1]
	}
}

func (s *Splitter) add(b []byte) {
	n := min(len(b), s.longest-len(s.line))
	s.line = append(s.line, b[:n]...)
	if n < len(b) {
		s.cut += int64(len(b) - n)
		s.last = b[len(b)-1]
	}
	s.read += int64(len(b))
}

func (s *Splitter) finish(partial bool) {
	s.recs = append(s.recs, bridge.Record{Offset: s.from, Line: s.line, Cut: s.cut, Partial: partial})
	s.size += len(s.line)
	s.kind, s.line, s.cut, s.left, s.from = s.first, nil, 0, 0, s.read
}
