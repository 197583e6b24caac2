package app

import (
	"context"
	"time"
)

// listens is a source that others send to.
type listens interface{ Listening() bool }

// begunEvery lies between two looks whether the sources have begun.
const begunEvery = 50 * time.Millisecond

// tellReady notes when all sources have begun for the first time, and calls
// Options.Ready.
func (a *app) tellReady(ctx context.Context) error {
	tick := time.NewTicker(begunEvery)
	defer tick.Stop()
	for !a.haveBegun() {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
	a.begun.Store(true)
	if a.o.Ready != nil {
		a.o.Ready()
	}
	return nil
}

// haveBegun reports whether every source has its position, and listens if
// others send to it.
func (a *app) haveBegun() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range a.sources {
		if s.ended {
			continue
		}
		if l, ok := s.from.(listens); !s.ingest.Restored() || ok && !l.Listening() {
			return false
		}
	}
	return true
}
