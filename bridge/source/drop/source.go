package drop

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/tailpost/tailpost/bridge"
)

// Source reads one directory. It implements bridge.Source.
type Source struct {
	o      Options
	counts counters

	watcher func() (*fsnotify.Watcher, error) // tests make it fail
	tight   func(*reader)                     // tests make the bounds tight
}

var _ bridge.Source = (*Source)(nil)

// New gives a source that does nothing until Run. The options must have passed
// Check.
func New(o Options) *Source {
	if o.Linger <= 0 {
		o.Linger = defaultLinger
	}
	if o.Rescan <= 0 {
		o.Rescan = defaultRescan
	}
	return &Source{o: o, watcher: newWatcher}
}

func newWatcher() (*fsnotify.Watcher, error) { return fsnotify.NewBufferedWatcher(1024) }

// Stats gives the counters; they live as long as the Source, over several
// runs. Safe for concurrent use.
func (s *Source) Stats() Stats { return s.counts.get() }

// Run reads the directory until ctx ends (nil) or emit fails (its error). A
// directory that is missing or can't be read is waited for. A saved position
// that this program can't read is an error.
func (s *Source) Run(ctx context.Context, from []bridge.Position, emit bridge.Emit) error {
	r, err := newReader(s.o, &s.counts, from, emit)
	if err != nil {
		return err
	}
	if s.tight != nil {
		s.tight(r)
	}
	w := &watch{dir: s.o.Dir, make: s.watcher, r: r}
	defer w.close()
	for {
		w.refresh()
		begun := time.Now()
		wait, err := r.cycle(ctx)
		if ctx.Err() != nil && (err == nil || errors.Is(err, ctx.Err())) {
			return nil
		}
		if err != nil {
			return err
		}
		// Many hints must not make us look through a large directory for ever.
		pause := min(10*time.Since(begun), wait)
		if !w.wait(ctx, wait, pause) {
			return nil
		}
	}
}

// watch gives hints that something happened in the directory. Hints may be
// late, doubled or missing: the next look finds what they missed. Where the
// system has no watchers left, there are none.
type watch struct {
	dir  string
	make func() (*fsnotify.Watcher, error)
	r    *reader

	w       *fsnotify.Watcher // nil: none could be made
	watched fs.FileInfo       // the directory that is watched; nil: none
	told    bool
}

func (w *watch) close() {
	if w.w != nil {
		w.w.Close()
	}
}

// refresh watches the directory that has the name now.
func (w *watch) refresh() {
	if w.w == nil {
		made, err := w.make()
		if err != nil {
			w.tell(err)
			return
		}
		w.w = made
	}
	fi, err := os.Stat(w.dir)
	if err != nil || w.watched != nil && os.SameFile(fi, w.watched) {
		return
	}
	if w.watched != nil {
		_ = w.w.Remove(w.dir) // it may be gone with its directory
		w.watched = nil
	}
	if err := w.w.Add(w.dir); err != nil {
		w.tell(err)
		return
	}
	w.watched, w.told = fi, false
}

func (w *watch) tell(err error) {
	if !w.told {
		w.told = true
		w.r.log.Warn().Err(err).Str("dir", w.dir).Dur("every", w.r.o.Rescan).
			Msg("no file system notifications; the directory is looked through at intervals instead")
	}
}

// wait returns after a hint and the pause behind it, or after the longest
// time; false: ctx ended.
func (w *watch) wait(ctx context.Context, longest, pause time.Duration) bool {
	timer := time.NewTimer(longest)
	defer timer.Stop()
	var events <-chan fsnotify.Event
	var errs <-chan error
	if w.w != nil {
		events, errs = w.w.Events, w.w.Errors
	}
	hinted := false
	for {
		select {
		case <-ctx.Done():
			return false
		case <-timer.C:
			return true
		case _, ok := <-events:
			if !ok { // it has given up: another is made
				w.close()
				w.w, w.watched = nil, nil
				return true
			}
		case <-errs: // most likely an overflow: anything may have happened
		}
		if !hinted {
			hinted = true
			timer.Reset(pause)
		}
	}
}
