package app

import (
	"context"
	"time"
)

// listens is a source that others send to.
type listens interface{ Listening() bool }

// begunEvery lies between two looks whether the sources have begun.
const begunEvery = 50 * time.Millisecond

// tellReady calls Options.Ready once all sources have begun.
func (a *app) tellReady(ctx context.Context) error {
	tick := time.NewTicker(begunEvery)
	defer tick.Stop()
	for !a.hasBegun() {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
	a.changed() // who hears of it looks
	if a.o.Ready != nil {
		a.o.Ready()
	}
	return nil
}

// hasBegun reports whether all sources have begun, at some time.
func (a *app) hasBegun() bool {
	if !a.begun.Load() && a.haveBegun() {
		a.begun.Store(true)
	}
	return a.begun.Load()
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
