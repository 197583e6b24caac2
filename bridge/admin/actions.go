package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// Actions is what a person may change while a bridge runs, or in its absence.
// Where an action has done a part of its work before it fails, report and
// error are both given. An error that is no *Error counts as Failed. The
// methods may be called by several goroutines at once.
type Actions interface {
	// ReplayDead lets dead letters wait again, with their numbers and ids.
	ReplayDead(ctx context.Context, which Letters) (Report, error)
	// DropDead gives dead letters up for good.
	DropDead(ctx context.Context, which Letters) (Report, error)
	// ReplayLines parses quarantined lines anew.
	ReplayLines(ctx context.Context, which Lines) (Report, error)
	// Pause lets a recipient keep what waits for it, until it is undone. The
	// report says how it is now: the configuration may pause or disable it, too.
	Pause(ctx context.Context, recipient string, paused bool) (Report, error)
	// Forget makes dead letters of what waits for a recipient that is not
	// configured any more, and forgets its name.
	Forget(ctx context.Context, recipient string) (Report, error)
}

// Letters chooses dead letters: those that fit all that is set.
type Letters struct {
	IDs       []bridge.ID `json:"ids,omitempty"` // none: any
	Recipient string      `json:"recipient,omitempty"`
	Event     string      `json:"event,omitempty"`
	Since     time.Time   `json:"since,omitzero"` // died then or later
}

// Lines chooses quarantined lines: those that fit all that is set.
type Lines struct {
	Numbers []LineNumber `json:"numbers,omitempty"` // none: any
	Source  string       `json:"source,omitempty"`
	Since   time.Time    `json:"since,omitzero"` // read then or later
}

// LineNumber is a quarantined line's number. It is written in hex, here as in
// what quarantine ls prints: in JSON as a text, so that nobody takes it for a
// decimal one.
type LineNumber uint64

// String gives it in hex.
func (n LineNumber) String() string { return strconv.FormatUint(uint64(n), 16) }

// MarshalText gives it in hex.
func (n LineNumber) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText reads it in hex.
func (n *LineNumber) UnmarshalText(text []byte) error {
	v, err := strconv.ParseUint(string(text), 16, 64)
	if err != nil {
		return fmt.Errorf("%q is no line's number; use one that quarantine ls prints", text)
	}
	*n = LineNumber(v)
	return nil
}

// UnmarshalJSON reads a text in hex, and says so of a number.
func (n *LineNumber) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return fmt.Errorf("%.40s is no line's number: it is a text in hex, as quarantine ls prints it, such as \"1a2f\"", b)
	}
	return n.UnmarshalText([]byte(text))
}

// isAll reports whether nothing is set. Nobody means all of them by that: a
// request that says so is refused.
func (l Letters) isAll() bool {
	return len(l.IDs) == 0 && l.Recipient == "" && l.Event == "" && l.Since.IsZero()
}

func (l Lines) isAll() bool { return len(l.Numbers) == 0 && l.Source == "" && l.Since.IsZero() }

// Report is what an action has done.
type Report struct {
	Done    int    `json:"done"`               // letters or lines; of a pause 1 if something has changed
	Says    string `json:"says,omitempty"`     // of a pause: how the recipient is now, in a line
	Outdone bool   `json:"outdone,omitempty"`  // of a pause: the configuration says otherwise, and counts
	Events  int    `json:"events,omitempty"`   // that replayed lines gave
	Ignored int    `json:"ignored,omitempty"`  // replayed lines without an event in them
	Left    []Left `json:"left,omitempty"`     // what stays as it was; LeftMost of them
	LeftOut int    `json:"left_out,omitempty"` // how many more stay as they were
}

// Left is a letter or a line that stays as it was, and why.
type Left struct {
	What   string `json:"what"`
	Reason string `json:"reason"`
}

// LeftMost bounds Report.Left.
const LeftMost = 100

// Leave notes what stays as it was.
func (r *Report) Leave(what, reason string) {
	if len(r.Left) >= LeftMost {
		r.LeftOut++
		return
	}
	r.Left = append(r.Left, Left{What: what, Reason: reason})
}
