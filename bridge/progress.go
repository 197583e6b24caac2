package bridge

import (
	"errors"
	"time"
)

// Item is an accepted event as the spool holds it. Data is what AppendWire
// wrote; the receiver owns it.
type Item struct {
	Number uint64 // never given twice; later events have higher numbers
	Data   []byte
	// Accepted is when it was handed to the spool, in Unix nanoseconds: right
	// behind the reading and parsing of its line. 0: not known.
	Accepted int64
}

// Try is what is saved of an event's failed attempts.
type Try struct {
	Attempts int
	Clock    time.Duration // how long its retry clock has run
	Wait     time.Duration // until the next attempt, counted from when this was saved
	Since    int64         // Unix seconds of the first failed attempt; for people only
	Fault    Scope         // of the last attempt
	Note     []byte        // the sink's; NoteMax at most
}

// NoteMax bounds what a sink may keep with an event, in bytes.
const NoteMax = 4 << 10

// Parked is an event that left a recipient's window while it fails, or while
// an earlier one of its session does.
type Parked struct {
	Number  uint64
	Session uint64 // hash of its session: events with the same one stay in order
	Try     Try    // no attempts: it waits behind an earlier one
	Replay  bool   // it was a dead letter: it comes after what is live, with a clock of its own
}

// Settlement is how an event ended for one recipient.
type Settlement uint8

// The ways to end, each a term of the balance. The numbers stand in journals.
const (
	Delivered Settlement = 1 // the receiver took it
	Dead      Settlement = 2 // it is a dead letter
	Dropped   Settlement = 3 // a person chose so
	Filtered  Settlement = 4 // the recipient did not ask for it
	Skipped   Settlement = 5 // the recipient was disabled
	Damaged   Settlement = 6 // its bytes could not be read back
)

// ErrDamaged says that a spooled event's bytes can't be read back.
var ErrDamaged = errors.New("the spooled event is damaged")
