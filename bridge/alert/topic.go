package alert

import (
	"time"

	"github.com/rs/zerolog"
)

// kind is what a topic is about.
type kind string

// The kinds. Those of recipients are told to the recipient's own contact, all
// others to that of [alerts].
const (
	failing     kind = "failing"      // lasts: events of a recipient have failed and are neither settled nor dead
	deadLetters kind = "dead_letters" // counted, of a recipient

	lostEvents  kind = "lost_events" // counted: a recipient's events that can't be read
	silent      kind = "silent"      // lasts: a source gives no lines
	unreadable  kind = "unreadable"  // lasts: a source can't read
	quarantined kind = "quarantine"  // counted: lines of a source
	lostInput   kind = "lost_input"  // counted: discontinuities of a source
	spoolFills  kind = "spool"       // lasts, by levels
	damage      kind = "damage"      // counted: stretches of the spool
	unbalanced  kind = "balance"     // lasts
	skipped     kind = "skipped"     // counted: a recipient's events that were given up in a full spool
	expired     kind = "expired"     // counted: files of dead letters and quarantined lines that are gone
)

// ofRecipient reports whether a recipient's own contact is told.
func (k kind) ofRecipient() bool { return k == failing || k == deadLetters }

// Silent is State.Alert of a source that gives no lines.
const Silent = string(silent)

// key names a topic. Only topics of recipients and sources have a name.
type key struct {
	kind kind
	name string
}

// named adds to a line of the log which topic it is about.
func (k key) named(ev *zerolog.Event) *zerolog.Event {
	ev = ev.Str("alert", string(k.kind))
	switch k.kind {
	case failing, deadLetters, lostEvents, skipped:
		return ev.Str("recipient", k.name)
	case silent, unreadable, quarantined, lostInput:
		return ev.Str("source", k.name)
	}
	return ev
}

// topic is one thing to tell of. Times without a date are those of
// Alerts.clock. Exported fields are saved.
type topic struct {
	// What lasts.
	On      bool          `json:"on,omitempty"`
	Began   time.Time     `json:"began,omitzero"` // for people
	Ended   time.Time     `json:"ended,omitzero"` // for people
	From    time.Duration `json:"from,omitempty"` // when it began
	Calm    time.Duration `json:"calm,omitempty"` // since when it seems to be over; 0: it doesn't
	Level   int           `json:"level,omitempty"`
	Words   string        `json:"words,omitempty"`   // what is wrong
	Trouble Trouble       `json:"trouble,omitempty"` // of the spool

	// What is counted.
	Total  uint64 `json:"total,omitempty"`  // ever
	Latest string `json:"latest,omitempty"` // the latest, in words

	// Of recipients that fail.
	Events int    `json:"events,omitempty"` // that are failing
	Died   uint64 `json:"died,omitempty"`   // of those that failed since Began
	Last   *try   `json:"last,omitempty"`   // the last failed attempt

	// Of totals that somebody else keeps: the last one that was seen.
	Known bool   `json:"known,omitempty"`
	Seen  uint64 `json:"seen,omitempty"`
	seen  bool   // since the start

	Voices [channels]voice `json:"voices"`
	logged bool            // that it lasts, since the start
}

// voice is what one channel has told of a topic.
type voice struct {
	Told  int           `json:"told,omitempty"`  // times, since it began; 0: there is nothing to take back
	At    time.Duration `json:"at,omitempty"`    // the last of them
	Level int           `json:"level,omitempty"` // the worst that was told

	Counted   uint64        `json:"counted,omitempty"`    // how much of Total was told
	CountedAt time.Duration `json:"counted_at,omitempty"` // the last time
	Ever      bool          `json:"ever,omitempty"`       // there was such a time
	First     string        `json:"first,omitempty"`      // the first that was not told, in words

	// Since the start: a new one tries anew.
	trouble string        // why it could not be sent, or who refused it
	tries   int           // in a row
	next    time.Duration // not before
}

// try is a recipient's last failed attempt.
type try struct {
	At     time.Time     `json:"at"`
	Wait   time.Duration `json:"wait"` // from At to the next
	Peer   string        `json:"peer,omitempty"`
	Err    string        `json:"err"`
	Status string        `json:"status,omitempty"`
}

// begin notes that what lasts has begun.
func (t *topic) begin(now time.Duration) {
	t.On, t.From, t.Calm, t.Level = true, now, 0, 0
	t.Began, t.Ended, t.Died = time.Now().Round(0), time.Time{}, 0
}

// end notes that it is over.
func (t *topic) end() {
	t.On, t.Calm, t.Level, t.Ended, t.logged = false, 0, 0, time.Now().Round(0), false
	for ch := range channels {
		if v := &t.Voices[ch]; v.Told == 0 && v.Counted == t.Total { // nothing waits to be sent
			v.trouble, v.tries, v.next = "", 0, 0
		}
	}
}

// count adds to what is counted. A channel that leads to nobody has nothing to
// tell later.
func (t *topic) count(n uint64, words string, c *contact) {
	t.Total += n
	t.Latest = words
	for ch := range channels {
		v := &t.Voices[ch]
		if v.First == "" {
			v.First = words
		}
		if !c.reaches(ch) {
			v.Counted, v.First = t.Total, ""
		}
	}
}

// what is to be told of a topic.
type what int

const (
	nothing what = iota
	lasts        // it has lasted, or lasts still
	over
	counted
)

// due gives what a channel is to tell next, and when. What is counted comes
// first where both are due: what is over may be so because it was counted.
func (t *topic) due(ch channel, c *contact) (w what, at time.Duration) {
	if !c.reaches(ch) {
		return nothing, 0
	}
	v := &t.Voices[ch]
	sooner := func(x what, when time.Duration) {
		if when = max(when, v.next); w == nothing || when < at {
			w, at = x, when
		}
	}
	if t.Total > v.Counted {
		if v.Ever {
			sooner(counted, v.CountedAt+c.resend)
		} else {
			sooner(counted, 0)
		}
	}
	switch {
	case t.On && (t.Calm > 0 || c.hold): // wait and see
	case t.On:
		when := t.From + c.after
		if v.Told > 0 && t.Level <= v.Level {
			when = max(when, v.At+c.resend)
		}
		sooner(lasts, when)
	case v.Told > 0:
		sooner(over, 0)
	}
	return w, at
}

// told notes that a channel has told what was due when Total was total.
func (v *voice) told(t *topic, w what, now time.Duration, level int, total uint64) {
	switch w {
	case lasts:
		v.Told++
		v.At, v.Level = now, max(v.Level, level)
	case over:
		v.Told, v.Level = 0, 0
	case counted:
		v.Counted, v.CountedAt, v.Ever, v.First = total, now, true, ""
		if t.Total > total { // while it was sent
			v.First = t.Latest
		}
	}
	v.tries, v.next = 0, 0
}

const (
	retryFirst = 15 * time.Second
	retryMost  = 5 * time.Minute
)

// failed notes that a channel could not tell.
func (v *voice) failed(now time.Duration) {
	v.next = now + min(retryMost, retryFirst<<min(v.tries, 10))
	v.tries++
}
