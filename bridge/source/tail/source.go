package tail

import (
	"context"
	"os"
	"sync/atomic"

	"github.com/fsnotify/fsnotify"

	"github.com/tailpost/tailpost/bridge"
)

// Source follows a log, or the logs of a glob. It implements bridge.Source.
type Source struct {
	o      Options
	counts counters
	field  atomic.Pointer[field] // of the latest run; nil before the first

	open    func(string) (*os.File, error)    // tests make it fail
	watcher func() (*fsnotify.Watcher, error) // likewise
}

var _ bridge.Source = (*Source)(nil)

// New gives a source that does nothing until Run. The options must have
// passed Check.
func New(o Options) *Source {
	if o.Linger <= 0 {
		o.Linger = defaultLinger
	}
	if o.Rescan <= 0 {
		o.Rescan = defaultRescan
	}
	if o.MaxHeld <= 0 {
		o.MaxHeld = heldByDefault()
	}
	return &Source{o: o, open: openToRead, watcher: newWatcher}
}

// newWatcher has room for a burst: one event a write of every file in the
// directory.
func newWatcher() (*fsnotify.Watcher, error) { return fsnotify.NewBufferedWatcher(4096) }

// Stats gives the counters; they live as long as the Source, over several
// runs. Safe for concurrent use.
func (s *Source) Stats() Stats { return s.counts.get() }

// Run follows the logs until ctx ends (nil) or emit fails (its error). A file
// that is missing or can't be read is waited for. A saved position that this
// program can't read is an error: to begin anew would repeat or lose.
func (s *Source) Run(ctx context.Context, from []bridge.Position, emit bridge.Emit) error {
	f := newField(s.o.Path, s.open, newRoom(s.o.MaxHeld))
	defer f.close()
	s.field.Store(f)
	r, err := newFollow(s.o, f, &s.counts, from, emit)
	if err != nil {
		return err
	}
	defer r.close()

	kick := make(chan struct{}, 1)
	hint(kick)
	ctx, cancel := context.WithCancel(ctx)
	defer context.AfterFunc(ctx, f.stop)()
	w := &watch{f: f, rescan: s.o.Rescan, make: s.watcher, log: s.o.Log}
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.run(ctx, kick)
	}()
	defer func() {
		cancel()
		<-done
	}()
	f.scan()
	return r.run(ctx, kick)
}
