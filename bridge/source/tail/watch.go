package tail

import (
	"context"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/rs/zerolog"
)

// watch gives hints that something happened in the logs' directories. Hints
// may be late, doubled or missing: each rescan finds what they missed. It
// watches directories, never a file, which another may take the place of.
// Where the system has no watchers left, there are no hints.
type watch struct {
	f      *field
	rescan time.Duration
	make   func() (*fsnotify.Watcher, error)
	log    zerolog.Logger

	w       *fsnotify.Watcher // nil: none could be made
	watched map[string]fileID // the directories that are watched
	told    bool              // that there are no hints
}

// run scans and kicks until ctx ends.
func (w *watch) run(ctx context.Context, kick chan<- struct{}) {
	defer w.end()
	tick := time.NewTicker(w.rescan)
	defer tick.Stop()
	for {
		w.refresh(kick)
		if !w.wait(ctx, tick.C, kick) {
			return
		}
	}
}

func (w *watch) end() {
	if w.w != nil {
		w.w.Close()
	}
	w.w, w.watched = nil, nil
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
			w.f.scan()
			hint(kick)
			return true
		case _, ok := <-errs: // most likely an overflow: anything may have happened
			if !ok {
				errs = nil
				continue
			}
			w.f.scan()
			hint(kick)
		case ev, ok := <-events:
			if !ok { // it has given up: another is made
				w.end()
				return true
			}
			if w.f.hint(ev.Name, ev.Op == fsnotify.Write) {
				hint(kick)
			}
		}
	}
}

// refresh watches the directories that have the names now.
func (w *watch) refresh(kick chan<- struct{}) {
	if w.w == nil {
		made, err := w.make()
		if err != nil {
			w.tell(err)
			return
		}
		w.w, w.watched = made, map[string]fileID{}
	}
	dirs := w.f.dirs()
	fine, added := true, false
	for dir := range dirs {
		st, err := statPath(dir)
		if err != nil || st.id == w.watched[dir] {
			continue
		}
		if w.watched[dir] != (fileID{}) {
			_ = w.w.Remove(dir) // it may be gone with its directory
		}
		if err := w.w.Add(dir); err != nil {
			delete(w.watched, dir)
			w.tell(err)
			fine = false
			continue
		}
		w.watched[dir], added = st.id, true
	}
	for dir := range w.watched {
		if !dirs[dir] {
			_ = w.w.Remove(dir)
			delete(w.watched, dir)
		}
	}
	if added { // what happened before the watch stood
		w.told = w.told && !fine
		w.f.scan()
		hint(kick)
	}
}

func (w *watch) tell(err error) {
	if !w.told {
		w.told = true
		w.log.Warn().Err(err).Str("path", w.f.pattern).Dur("every", w.rescan).
			Msg("no file system notifications; the directory is looked through at intervals instead")
	}
}

func hint(kick chan<- struct{}) {
	select {
	case kick <- struct{}{}:
	default:
	}
}
