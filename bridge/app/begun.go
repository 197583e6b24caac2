package app

import (
	"context"
	"time"
)

// listens is a source that others send to.
type listens interface{ Listening() bool }

const (
	// begunEvery lies between two looks whether the sources have begun.
	begunEvery = 50 * time.Millisecond
	// listenMost is how long a start is held up by an address that can't be had.
	listenMost = 10 * time.Second
)

// tellReady calls Options.Ready once all sources have begun. What waits for that
// is a machine's start, or the upgrade of a package: positions are waited for
// however long they take, but an address that another program has, or that this
// one may not have, for listenMost. From then on the status alone tells.
func (a *app) tellReady(ctx context.Context) error {
	tick := time.NewTicker(begunEvery)
	defer tick.Stop()
	var restored time.Time // when all positions were there
	for !a.hasBegun() && (restored.IsZero() || time.Since(restored) < listenMost) {
		if restored.IsZero() && a.every((*source).restored) {
			restored = time.Now()
		}
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
	if !a.begun.Load() && a.every((*source).begun) {
		a.begun.Store(true)
	}
	return a.begun.Load()
}

// every reports whether something holds of every source whose input has not
// ended.
func (a *app) every(holds func(*source) bool) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range a.sources {
		if !s.ended && !holds(s) {
			return false
		}
	}
	return true
}

// restored reports whether a source has its position.
func (s *source) restored() bool { return s.ingest.Restored() }

// begun reports whether it has, and listens if others send to it.
func (s *source) begun() bool {
	l, ok := s.from.(listens)
	return s.restored() && (!ok || l.Listening())
}
