// Package sourcetest runs a source for a test, and waits for what it says and
// hands out.
package sourcetest

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
)

// Patience bounds what a test waits for: only a broken program takes so long.
const Patience = 30 * time.Second

// lineMax is how much of each line is kept, in bytes.
const lineMax = 1 << 10

// Rig is a source that runs until the test's end, or Stop. Its methods are for
// the test's goroutine, but for Logger.
type Rig struct {
	Gate chan struct{}      // nil, or gives a value for each emit that may go on
	Stop context.CancelFunc // set by Begin
	Done <-chan error       // set by Begin: how the source ended

	t     testing.TB
	mu    sync.Mutex
	lines []bridge.Record
	log   bytes.Buffer
	more  chan struct{} // closed and replaced when something has come
}

// New gives a rig whose source is still to come: it needs Logger.
func New(t testing.TB) *Rig { return &Rig{t: t, more: make(chan struct{})} }

// Logger is what the source is to log to.
func (r *Rig) Logger() zerolog.Logger { return zerolog.New((*log)(r)) }

// Begin starts the source, and sees at the test's end that it ends well.
func (r *Rig) Begin(s bridge.Source) {
	ctx, stop := context.WithCancel(r.t.Context())
	done := make(chan error, 1)
	r.Stop, r.Done = stop, done
	go func() {
		defer close(done)
		done <- s.Run(ctx, nil, r.emit)
	}()
	r.t.Cleanup(r.End)
}

// End stops the source and waits for it. A second call does nothing.
func (r *Rig) End() {
	r.Stop()
	select {
	case err := <-r.Done:
		if err != nil {
			r.t.Error(err)
		}
	case <-time.After(Patience):
		r.t.Error("it doesn't end")
	}
}

func (r *Rig) emit(ctx context.Context, b bridge.Batch) error {
	if r.Gate != nil {
		select {
		case <-r.Gate:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rec := range b.Records {
		rec.Line = bytes.Clone(rec.Line[:min(len(rec.Line), lineMax)])
		r.lines = append(r.lines, rec)
	}
	r.wakeLocked()
	return nil
}

// log is a Rig as what takes its source's log.
type log Rig

func (l *log) Write(p []byte) (int, error) {
	r := (*Rig)(l)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wakeLocked()
	return r.log.Write(p)
}

func (r *Rig) wakeLocked() {
	close(r.more)
	r.more = make(chan struct{})
}

// Said waits until the log has a text n times.
func (r *Rig) Said(what string, n int) {
	r.t.Helper()
	r.until(what, func() bool { return strings.Count(r.log.String(), what) >= n })
}

// Lines waits until there are n, and gives the beginnings of all.
func (r *Rig) Lines(n int) []bridge.Record {
	r.t.Helper()
	r.until("lines", func() bool { return len(r.lines) >= n })
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]bridge.Record(nil), r.lines...)
}

func (r *Rig) until(what string, done func() bool) {
	r.t.Helper()
	late := time.After(Patience)
	for {
		r.mu.Lock()
		ok, more, said := done(), r.more, r.log.String()
		r.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-more:
		case <-late:
			r.t.Fatalf("not yet: %s; log:\n%s", what, said)
		}
	}
}

// Eventually looks again and again until done.
func Eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	late := time.After(Patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("not yet: %s", what)
		}
	}
}
