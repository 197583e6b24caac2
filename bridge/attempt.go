package bridge

import "time"

// Attempt is how one try to hand an event to a recipient ended. A batch has
// one for each of its events.
type Attempt struct {
	Recipient string
	Number    uint64
	ID        ID
	Event     string // its name
	Session   string // may be empty
	Nth       int    // 1 for the first
	At        time.Time
	Took      time.Duration
	Peer      string        // Receipt.Peer
	Answer    string        // Receipt.Answer
	Err       string        // empty: delivered; bounded, without secrets
	Status    string        // DeliveryError.Status
	Dead      bool          // the event is a dead letter now
	Wait      time.Duration // until the next attempt at the earliest; 0: there is none
}

// Watcher is told how recipients fare. Its methods are called by the worker
// that owns the recipient, in order; they must not block.
type Watcher interface {
	// Attempted is called for each attempt once its outcome is recorded.
	Attempted(a Attempt)
	// Failing says how many events of a recipient have failed and are neither
	// settled nor dead: at a worker's start, and whenever the number changes.
	// It is called behind the Attempted that changed it.
	Failing(recipient string, events int)
}
