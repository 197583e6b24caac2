package page

import (
	"context"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// Reader looks into the state directory. Its methods bound what they give, and
// return soon after ctx has ended, with what they have found by then where they
// can say that they stopped. They may be called by several goroutines at once.
type Reader interface {
	// Letters gives dead letters, the last to die first: most of them behind
	// the first skip.
	Letters(ctx context.Context, which LetterChoice, skip, most int) (Letters, error)
	// Events gives the last events that fit, the newest first.
	Events(ctx context.Context, which EventChoice, most int) (Events, error)
	// Why tells all that is known of the event with that id. number, if not
	// 0, is the number of one, which saves looking for it. None: there is no
	// such event, or it was not found in time.
	Why(ctx context.Context, id bridge.ID, number uint64) ([]Why, error)
	// Attempts gives a recipient's last attempts, the newest first.
	Attempts(ctx context.Context, recipient string, most int) ([]bridge.Attempt, error)
}

// Tester sends a test event.
type Tester interface {
	// Test sends one sample to a recipient as it is configured, now and once.
	// An error says why nothing could be sent at all.
	Test(ctx context.Context, recipient, event string) (Tested, error)
}

// LetterChoice chooses dead letters: those that fit all that is set.
type LetterChoice struct {
	Recipient, Event string
	Since            time.Time // died then or later
}

// Letters is a piece of a list of dead letters.
type Letters struct {
	Letters []Letter
	Total   int  // that fit
	Stopped bool // there may be more of them, later ones
}

// Letter is a dead letter.
type Letter struct {
	ID                        bridge.ID
	Number                    uint64
	Recipient, Event, Session string
	Reason                    string
	Since, Died               time.Time
	Attempts                  int
}

// EventChoice chooses events.
type EventChoice struct {
	// Text is a session, the beginning of an id or a session (six characters
	// or more), or a part of an external key. "": any event.
	Text   string
	Before uint64 // only numbers below it; 0: any
}

// Events is the last events that fit.
type Events struct {
	Events  []Event
	More    bool // there are older ones
	Stopped bool // the search has ended early: older ones were not looked at
	Looked  int  // at so many
}

// Event is an event as the spool holds it.
type Event struct {
	ID                 bridge.ID
	Number             uint64
	Name, Session, Key string
	Source             string
	Time               time.Time // at which it originated
}

// Why is what became of an event.
type Why struct {
	ID         bridge.ID
	Event      *bridge.Event // nil: only its attempts are remembered
	JSON       []byte        // canonical
	From       []bridge.Place
	Recipients []Fate
	Notes      []string // what could not be looked at
}

// Fate is what became of it at one recipient.
type Fate struct {
	Recipient  string
	Configured bool
	State      string // one word
	Says       string // in words
	Filter     string
	Next       string
	Attempts   int
	First      []bridge.Attempt
	Between    int // that were made between First and Last
	Last       []bridge.Attempt
}

// Tested is how a test event fared.
type Tested struct {
	Event        string
	ID           bridge.ID
	Taken        bool
	Steps        []string
	Peer, Answer string
	Took         time.Duration
	Error        string
	Notes        []string
}
