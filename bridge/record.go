package bridge

import (
	"context"
	"time"
)

// Record is one line of a source, as it was read.
type Record struct {
	Source string    // the source's name
	Stream string    // the file or connection within the source, for people
	Offset int64     // of the line's first byte in the plain bytes of its stream
	Time   time.Time // when it was read

	// Head tells this stream's content from any other's and goes into ids:
	// a file's first line, HeadMax bytes of it at most; for what can't be
	// read again, 128 random bits drawn for each connection.
	Head []byte
	// Once says that the stream can't be read again (a pipe, a connection):
	// a sender's own sender_id then takes the place of head and offset.
	Once bool

	Line    []byte // without its newline; valid only until emit returns
	Cut     int64  // bytes of the line left out behind Line: it was over max_line
	Partial bool   // no newline stood behind it, and none will
	// Torn says why the line can't be whole, such as a sender that went away
	// in the middle of it: it goes to quarantine, unparsed. Empty: it is whole
	// as far as its source can tell.
	Torn string
}

// HeadMax is how much of a file's first line counts as its head, in bytes.
const HeadMax = 1024

// Position says where to go on in one stream. Data belongs to the source.
type Position struct {
	Stream string
	Data   []byte
	Gone   bool // forget this stream
}

// Loss is what a source knows that it could not read: a discontinuity.
type Loss struct {
	Stream string
	Bytes  int64 // at least so many; 0: unknown
	Reason string
}

// Batch is what a source hands over at once: its records, and where to go on
// after them. It becomes one record of the spool, all of it or nothing.
type Batch struct {
	Records   []Record
	Positions []Position
	Losses    []Loss
}

// Emit takes a batch and returns nil once it is durable. Blocking is the only
// backpressure. An error means that ctx ended or that the spool is closed:
// nothing of the batch may be taken as read, and the source returns.
type Emit func(ctx context.Context, b Batch) error

// Source reads records from somewhere.
//
// Run blocks until ctx ends (then it returns nil or ctx's error), its input
// ends (nil), or emit fails (that error). It starts at the positions in from,
// which were once emitted by it, and never has two emits under way. It leaves
// no goroutine behind.
type Source interface {
	Run(ctx context.Context, from []Position, emit Emit) error
}
