package app

import (
	"context"
	"fmt"
	"time"

	"github.com/tailpost/tailpost/bridge/status"
)

// Supervisor is what looks after the process from outside, and wants to know
// how it fares. Its methods may be called by several goroutines; all but Watch
// return soon.
type Supervisor interface {
	// Reloading says that a reload that was asked for begins, Reloaded that it
	// has been applied or refused. They may come before Options.Ready, and
	// Reloaded after Stopping.
	Reloading()
	Reloaded()
	// Stopping says that the bridge begins to stop.
	Stopping()
	// Watch runs beside the bridge until ctx ends, which it does when all that
	// the bridge does has ended.
	Watch(ctx context.Context, b Supervised)
}

// Supervised is a bridge as its supervisor sees it.
type Supervised interface {
	// Snapshot tells how it fares. It hangs where the bridge does.
	Snapshot() *status.Snapshot
	// Hangs says which of the main loops has been at one step for too long;
	// empty: none. See there what that means.
	Hangs() string
}

// hangs is how long one step of a loop may take: a write and its sync, or a
// turn of a worker.
const hangs = 30 * time.Second

// Hangs looks at the loops that nothing goes on without: the spool's writer and
// its journal's, and each recipient's worker. Waiting is no hanging: not for
// lines, not for room on a full disk, not for a receiver. Where the disk refuses
// what is written, the loops are busy trying, a restart doesn't help, and the
// snapshot tells: that doesn't count either. Nor does a disk that never answers:
// the spool's look at it hangs, too, and says so after 10 s. Sources are not judged, because
// they stand still whenever the spool takes nothing.
func (a *app) Hangs() string {
	st := a.spool.Status()
	if st.Failing != "" || st.JournalFailing != "" {
		return ""
	}
	if d := a.spool.Busy(); d > hangs {
		return fmt.Sprintf("the spool's writer has been at one write for %v", d.Round(time.Second))
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, r := range a.recipients {
		if r.now == nil {
			continue
		}
		if d := r.now.Busy(); d > hangs {
			return fmt.Sprintf("the worker of recipient %s has been at one step for %v", oneLine(r.name), d.Round(time.Second))
		}
	}
	return ""
}

// asked tells the supervisor of a reload, and gives what tells it of its end.
func (a *app) asked() (answered func()) {
	a.o.Supervisor.Reloading()
	return func() {
		a.changed() // who hears of it looks
		a.o.Supervisor.Reloaded()
	}
}

// watched lets the supervisor watch.
func (a *app) watched(ctx context.Context) error {
	a.o.Supervisor.Watch(ctx, a)
	return nil
}

// nobody is the supervisor of a bridge that has none.
type nobody struct{}

func (nobody) Reloading()                        {}
func (nobody) Reloaded()                         {}
func (nobody) Stopping()                         {}
func (nobody) Watch(context.Context, Supervised) {}
