package drop

import (
	"fmt"
	"time"

	"github.com/tailpost/tailpost/bridge/status"
)

// fares is what people are told of the directory, besides Stats.
type fares struct {
	begun bool // it was looked at
	back  backlog

	shut   trouble // of the directory: nothing is read
	partly trouble // of files
	failed int     // so many
}

// trouble is something that keeps us from reading, in words; empty: nothing
// does.
type trouble struct {
	text  string
	since time.Time
}

func (t *trouble) set(text string) {
	if (text == "") != (t.text == "") {
		t.since = time.Now()
	}
	t.text = text
}

// Tell fills in how the source fares: state, text, since, lag and files that
// wait. It is safe for concurrent use.
func (s *Source) Tell(to *status.Source) {
	c := &s.counts
	c.mu.Lock()
	f := c.fares
	c.mu.Unlock()
	switch {
	case f.shut.text != "":
		to.State, to.Text, to.Since = status.Unreadable, f.shut.text, f.shut.since
	case !f.begun:
		to.State = status.Starting
	case f.partly.text != "":
		to.State, to.Text, to.Since = status.Partly, f.partly.text, f.partly.since
		if f.failed > 1 {
			to.Text = fmt.Sprintf("%d files, such as this one: %s", f.failed, f.partly.text)
		}
	default:
		to.State = status.OK
	}
	to.Others, to.LagBytes = f.back.files, f.back.bytes
	if !f.back.first.IsZero() {
		to.LagSeconds = max(0, time.Since(f.back.first).Seconds())
	}
}
