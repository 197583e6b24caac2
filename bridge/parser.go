package bridge

import "errors"

// Outcome is what became of one record.
type Outcome uint8

// The outcomes of a record that could be parsed.
const (
	Parsed  Outcome = iota // it gave events, completed a message, or set a key
	Open                   // it is a part of a message to come
	Ignored                // it is no session event
	Raw                    // it gave raw events, kept only if a recipient names them
)

func (o Outcome) String() string {
	switch o {
	case Parsed:
		return "parsed"
	case Open:
		return "open"
	case Ignored:
		return "ignored"
	case Raw:
		return "raw"
	}
	return "unknown"
}

// Parser turns records into events. It is a pure function of the records it
// has seen: no clock, no files, no randomness. It is used by one goroutine.
//
// Parse appends the record's events to to. ID, Version, ApplianceID and the
// source's name are left for ingest to fill where the input has none. An error
// says why the record can't be parsed: it goes to quarantine whole. Nothing
// of rec.Line may be kept without a copy.
type Parser interface {
	Parse(rec Record, to []Event) ([]Event, Outcome, error)
}

// Entry is one entry of a source's durable state. A nil Value removes the key.
type Entry struct {
	Key, Value []byte
}

// Stateful is a Parser that holds parts of messages or remembers sessions.
// Its state is saved with the read position, so that a crash in the middle
// of a message costs nothing.
type Stateful interface {
	Parser
	// Changes gives the entries that changed since the last call.
	Changes() []Entry
	// Restore sets the state to the entries that Changes once gave, merged.
	// It is called once, before Parse. On an error the parser is as new, and
	// what Settled then gives tells what became of the open parts.
	Restore([]Entry) error
	// Settled tells since the last call what became of lines that were Open.
	Settled() Settled
	// Held is how many lines are Open now.
	Held() int
	// GiveUp gives up every open message; Settled then gives its parts. It is
	// called when a source's format is another one from now on.
	GiveUp()
}

// Settled counts lines that were Open once and are no longer.
type Settled struct {
	Parsed   int        // their message was completed
	Ignored  int        // repeats of parts of a message that was completed
	Rejected []Rejected // their message was given up: they go to quarantine
	Evicted  int        // things forgotten because of a bound, such as sessions' keys; not lines
}

// Rejected is a line that goes to quarantine later than it was read. Its
// Line is its own copy.
type Rejected struct {
	Record
	Reason string
}

// ErrIncomplete is the reason for parts of a message whose rest never came.
var ErrIncomplete = errors.New("incomplete message")
