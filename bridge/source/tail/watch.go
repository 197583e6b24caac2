package tail

import (
	"context"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/rs/zerolog"
)

// watch gives hints that something happened in the log's directory. Hints may
// be late, doubled or missing: each rescan finds what they missed. It watches
// the directory, never the file, which another may take the place of. Where
// the system has no watchers left, there are no hints.
type watch struct {
	l      *lookout
	rescan time.Duration
	make   func() (*fsnotify.Watcher, error)
	log    zerolog.Logger

	w       *fsnotify.Watcher // nil: none could be made
	watched fileID            // the directory that is watched; zero: none
	told    bool              // that there are no hints
}

// run scans and kicks until ctx ends.
func (w *watch) run(ctx context.Context, kick chan<- struct{}) {
	defer func() {
		if w.w != nil {
			w.w.Close()
		}
	}()
	tick := time.NewTicker(w.rescan)
	defer tick.Stop()
	for {
		w.refresh(kick)
		if !w.wait(ctx, tick.C, kick) {
			return
		}
	}
}

// wait hands hints on until the next tick; false: ctx ended.
func (w *watch) wait(ctx context.Context, tick <-chan time.Time, kick chan<- struct{}) bool {
	var events <-chan fsnotify.Event
	var errs <-chan error
	if w.w != nil {
		events, errs = w.w.Events, w.w.Errors
	}
	for {
		select {
		case <-ctx.Done():
			return false
		case <-tick:
			w.l.scan()
			hint(kick)
			return true
		case _, ok := <-errs: // most likely an overflow: anything may have happened
			if !ok {
				errs = nil
				continue
			}
			w.l.scan()
			hint(kick)
		case ev, ok := <-events:
			if !ok { // it has given up: another is made
				w.w.Close()
				w.w, w.watched = nil, fileID{}
				return true
			}
			w.event(ev, kick)
		}
	}
}

func (w *watch) event(ev fsnotify.Event, kick chan<- struct{}) {
	name := filepath.Base(ev.Name)
	if name != w.l.names.base && !w.l.names.sibling(name) {
		return
	}
	if !ev.Has(fsnotify.Write) || ev.Op&^fsnotify.Write != 0 {
		w.l.scan()
	}
	hint(kick)
}

// refresh watches the directory that has the name now.
func (w *watch) refresh(kick chan<- struct{}) {
	if w.w == nil {
		made, err := w.make()
		if err != nil {
			w.tell(err)
			return
		}
		w.w = made
	}
	st, err := statPath(w.l.dir)
	if err != nil || st.id == w.watched {
		return
	}
	if w.watched != (fileID{}) {
		_ = w.w.Remove(w.l.dir) // it may be gone with its directory
	}
	if err := w.w.Add(w.l.dir); err != nil {
		w.watched = fileID{}
		w.tell(err)
		return
	}
	w.watched, w.told = st.id, false
	w.l.scan() // what happened before the watch stood
	hint(kick)
}

func (w *watch) tell(err error) {
	if !w.told {
		w.told = true
		w.log.Warn().Err(err).Str("dir", w.l.dir).Dur("every", w.rescan).
			Msg("no file system notifications; the directory is looked through at intervals instead")
	}
}

func hint(kick chan<- struct{}) {
	select {
	case kick <- struct{}{}:
	default:
	}
}
