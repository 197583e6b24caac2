package app

import (
	"context"
	"time"

	"github.com/tailpost/tailpost/bridge/spool"
)

// oldestEvery lies between two looks at what has waited for longest: reading
// that may need the disk, which a snapshot must not wait for.
const oldestEvery = time.Second

// watchOldest keeps when each recipient's oldest waiting event was accepted.
func (a *app) watchOldest(ctx context.Context) error {
	tick := time.NewTicker(oldestEvery)
	defer tick.Stop()
	for {
		a.noteOldest()
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (a *app) noteOldest() {
	of := map[string]time.Time{}
	for _, name := range a.waitingNames() {
		if at := a.spool.Oldest(name); !at.IsZero() {
			of[name] = at
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.oldest = of
}

// waitingNames gives the recipients that events wait for.
func (a *app) waitingNames() (names []string) {
	for name, q := range a.queues() {
		if q.Stats().Waiting > 0 {
			names = append(names, name)
		}
	}
	for _, ab := range a.spool.Absent() {
		if ab.Waiting > 0 {
			names = append(names, ab.Name)
		}
	}
	return names
}

// queues gives the recipients' queues, to be asked without the app's mutex.
func (a *app) queues() map[string]*spool.Queue {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := make(map[string]*spool.Queue, len(a.recipients))
	for _, r := range a.recipients {
		if r.queue != nil {
			out[r.name] = r.queue
		}
	}
	return out
}
