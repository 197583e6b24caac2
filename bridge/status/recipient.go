package status

import (
	"encoding/json"
	"time"
)

// State is how a recipient, or a source, is, in one word.
type State string

// The states of a recipient. Of those that hold, the first counts in this
// order: Removed, Disabled, Paused, Stuck, Misconfigured, Gone, Down, Failing,
// Full, OK, Untried.
const (
	OK            State = "ok"            // it took the last event it was sent, and nothing fails
	Untried       State = "untried"       // nothing was sent since the start
	Failing       State = "failing"       // some event fails, others are taken
	Down          State = "down"          // it takes nothing
	Misconfigured State = "misconfigured" // it refuses us: 401, 403, 407, a refused login
	Gone          State = "gone"          // 410
	Paused        State = "paused"        // what is accepted waits
	Disabled      State = "disabled"      // what is accepted is skipped
	Removed       State = "removed"       // it is configured no longer, and nothing is sent to it
	Full          State = "full"          // it reads no further: too many events are parked
	Stuck         State = "stuck"         // its outcomes can't be recorded, or its queue can't be opened
)

// Recipient is how one recipient fares. Counts of events are since its first
// number, and outlive restarts; those of attempts are since the start.
type Recipient struct {
	Name   string   `json:"name"`
	Kind   string   `json:"kind"`   // http, email, file
	Target string   `json:"target"` // the URL as it may be shown, the addresses, the file
	Events []string `json:"events"` // that it asked for

	State   State  `json:"state"`
	Text    string `json:"text"`              // the state in words, with the reason
	Removed bool   `json:"removed,omitempty"` // it is configured no longer, and its events end by their retry_duration
	Enabled bool   `json:"enabled"`
	Paused  bool   `json:"paused"`
	By      string `json:"paused_by,omitempty"` // "a person" (tailpost resume), "the configuration", "a person, and the configuration"
	Relay   string `json:"relay,omitempty"`     // of an email recipient: what the mail server said last; "not tried"

	Waiting     uint64    `json:"waiting"`
	Oldest      time.Time `json:"oldest_waiting,omitzero"` // when the oldest waiting event was accepted
	InFlight    int       `json:"in_flight"`
	Parked      uint64    `json:"parked"`
	LastSuccess time.Time `json:"last_success,omitzero"` // also before the start, as far as the history goes back
	LastError   string    `json:"last_error,omitempty"`  // bounded, one line, without secrets
	LastFailure time.Time `json:"last_failure,omitzero"` // likewise
	NextTry     time.Time `json:"next_try,omitzero"`     // the earliest, while something fails

	Alert      string    `json:"alert"` // "none", "waits" (it fails, and nobody is to be told yet), "told", "not sent"
	AlertSince time.Time `json:"alert_since,omitzero"`
	AlertText  string    `json:"alert_text,omitempty"` // in words

	Given     uint64 `json:"events_given"` // the sum of what follows, and Waiting
	Delivered uint64 `json:"delivered"`
	Dead      uint64 `json:"dead"` // dead letters there are to be replayed or dropped, and those that were too old
	Dropped   uint64 `json:"dropped"`
	Filtered  uint64 `json:"filtered"`
	Skipped   uint64 `json:"skipped"`
	Damaged   uint64 `json:"damaged"`
	Letters   int    `json:"dead_letters"` // of them, those that are on disk now

	Attempts  uint64    `json:"attempts"`
	Accepted  uint64    `json:"attempts_accepted"` // that the receiver took; Attempts has those under way, too, and those that we broke off
	Failed    uint64    `json:"attempts_failed"`
	Undecided uint64    `json:"undecided"`    // events that where could not judge: they were sent
	Empty     uint64    `json:"empty_tokens"` // of a template or URL, sent empty for lack of a field; since its settings changed last
	GivenUp   uint64    `json:"given_up"`     // of Skipped: by on_full = "skip", since the start
	Latency   Histogram `json:"latency"`      // from the reading of an event's line to its acceptance
	Took      Histogram `json:"took"`         // of an attempt, whatever its outcome
}

// Histogram counts durations since the start.
type Histogram struct {
	Counts []uint64 `json:"counts"` // by the first of Bounds that is not below; the last one: above all
	Sum    float64  `json:"sum"`    // in seconds
}

// MarshalJSON gives it with Bounds, as "le".
func (h Histogram) MarshalJSON() ([]byte, error) {
	type plain Histogram
	return json.Marshal(struct {
		LE []float64 `json:"le"`
		plain
	}{Bounds[:], plain(h)})
}

// Bounds are the upper bounds of a Histogram's buckets, in seconds.
var Bounds = [...]float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400}
