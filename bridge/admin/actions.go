package admin

import (
	"context"
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
	// Pause lets a recipient keep what waits for it, until it is undone.
	Pause(ctx context.Context, recipient string, paused bool) error
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
	Numbers []uint64  `json:"numbers,omitempty"` // none: any
	Source  string    `json:"source,omitempty"`
	Since   time.Time `json:"since,omitzero"` // read then or later
}

// isAll reports whether nothing is set. Nobody means all of them by that: a
// request that says so is refused.
func (l Letters) isAll() bool {
	return len(l.IDs) == 0 && l.Recipient == "" && l.Event == "" && l.Since.IsZero()
}

func (l Lines) isAll() bool { return len(l.Numbers) == 0 && l.Source == "" && l.Since.IsZero() }

// Report is what an action has done.
type Report struct {
	Done    int    `json:"done"`               // letters or lines
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
