package smtpsink

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tailpost/tailpost/sinks/macro"
)

// Status is what the mail server last said.
type Status struct {
	Text string    // "not tried" before the first mail, "OK" while it accepts; one line, bounded, without secrets
	OK   bool      // it took the last mail, for all its addresses
	At   time.Time // when; zero before the first mail
}

// statusMax bounds a status, in bytes.
const statusMax = 512

// lastWord keeps the Status. Its zero value has not been tried.
type lastWord struct {
	mu     sync.Mutex
	status Status
}

func (w *lastWord) get() Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.status.At.IsZero() {
		return Status{Text: "not tried"}
	}
	return w.status
}

// set takes the outcome of a mail. That we gave up ourselves says nothing.
func (w *lastWord) set(err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	s := Status{Text: "OK", OK: true, At: time.Now()}
	if err != nil {
		s.Text, s.OK = macro.OneLine(err.Error(), statusMax), false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status = s
}
