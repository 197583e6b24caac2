package tail

import (
	"context"
	"os"

	"github.com/fsnotify/fsnotify"

	"github.com/tailpost/tailpost/bridge"
)

// Source follows one log file. It implements bridge.Source.
type Source struct {
	o      Options
	counts counters

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
	return &Source{o: o, open: openToRead, watcher: newWatcher}
}

// newWatcher has room for a burst: one event a write of every file in the
// directory.
func newWatcher() (*fsnotify.Watcher, error) { return fsnotify.NewBufferedWatcher(4096) }

// Stats gives the counters; they live as long as the Source, over several
// runs. Safe for concurrent use.
func (s *Source) Stats() Stats { return s.counts.get() }

// Run follows the file until ctx ends (nil) or emit fails (its error). A file
// that is missing or can't be read is waited for. A saved position that this
// program can't read is an error: to begin anew would repeat or lose.
func (s *Source) Run(ctx context.Context, from []bridge.Position, emit bridge.Emit) error {
	l := newLookout(s.o.Path, s.open)
	defer l.close()
	r, err := newReader(s.o, l, &s.counts, from, emit)
	if err != nil {
		return err
	}
	defer r.close()

	kick := make(chan struct{}, 1)
	hint(kick)
	ctx, cancel := context.WithCancel(ctx)
	defer context.AfterFunc(ctx, func() { l.stopped.Store(true) })()
	w := &watch{l: l, rescan: s.o.Rescan, make: s.watcher, log: s.o.Log}
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.run(ctx, kick)
	}()
	defer func() {
		cancel()
		<-done
	}()
	l.scan()
	return r.run(ctx, kick)
}
