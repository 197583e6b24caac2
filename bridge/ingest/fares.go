package ingest

import (
	"context"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// Fares is how reading goes, besides Totals.
type Fares struct {
	Last   time.Time // when the last line became durable, since the start; zero: none was
	Waits  time.Time // since when a record waits for the store; zero: none does
	Failed error     // why the source has stopped: it is begun again and again; nil: it runs
	Since  time.Time // of Failed: the first time
}

// soundAfter is how long a source that has failed must have run to count as
// mended, where it has given nothing.
const soundAfter = 2 * time.Second

// fares is what Fares is made of.
type fares struct {
	Fares
	began time.Time // of the run under way; zero: none is
}

// Fares may be called by any goroutine.
func (in *Ingest) Fares() Fares {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.fares.now()
}

func (f *fares) now() Fares {
	is := f.Fares
	if !f.began.IsZero() && time.Since(f.began) >= soundAfter {
		is.Failed, is.Since = nil, time.Time{}
	}
	return is
}

// runSource runs the source once, and notes how it ends.
func (in *Ingest) runSource(ctx context.Context, from []bridge.Position) error {
	in.mu.Lock()
	in.fares.began = time.Now()
	in.mu.Unlock()
	err := in.c.Source.Run(ctx, from, in.emit)
	in.mu.Lock()
	defer in.mu.Unlock()
	in.fares.Fares = in.fares.now()
	in.fares.began = time.Time{}
	if err == nil || ctx.Err() != nil {
		return err
	}
	if in.fares.Failed == nil {
		in.fares.Since = time.Now()
	}
	in.fares.Failed = err
	return err
}

// waits notes that a record waits for the store.
func (in *Ingest) waits() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.fares.Waits = time.Now()
}

// waited notes that none does any more, and whether lines of the source became
// durable.
func (in *Ingest) waited(lines bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.fares.Waits = time.Time{}
	if lines {
		in.fares.Last = time.Now()
		in.fares.Failed, in.fares.Since = nil, time.Time{}
	}
}
