package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/bridge/ingest"
)

// source is one configured source with its parser.
type source struct {
	name   string
	item   config.Item
	ingest *ingest.Ingest
	from   bridge.Source
	final  bool // it can't be run again
	made   time.Time

	stop  context.CancelFunc // set when it is started
	done  chan struct{}      // closed when it has ended
	ended bool               // so has its input; guarded by the app's mutex
}

// binder is a source that can listen before it runs.
type binder interface {
	Bind(context.Context) error
	Unbind()
}

// unbind undoes what was bound for nothing.
func (s *source) unbind() {
	if b, ok := s.from.(binder); ok {
		b.Unbind()
	}
}

// start runs a source in the group, and takes it in.
func (a *app) start(g *group, s *source) {
	ctx, stop := context.WithCancel(g.ctx)
	s.stop, s.done = stop, make(chan struct{})
	a.mu.Lock()
	a.sources[s.name] = s
	a.mu.Unlock()
	g.run("source "+s.name, func(context.Context) error {
		defer close(s.done)
		defer stop()
		err := a.read(ctx, s)
		a.mu.Lock()
		s.ended = ctx.Err() == nil
		a.mu.Unlock()
		a.inputEnded()
		return err
	})
}

// read runs a source. Where one that can't be run again fails, the others go
// on, and the program's end tells.
func (a *app) read(ctx context.Context, s *source) error {
	err := s.ingest.Run(ctx)
	if err == nil || !s.final {
		return err
	}
	a.o.Log.Error().Str("source", s.name).Err(err).Msg("source stopped")
	a.mu.Lock()
	defer a.mu.Unlock()
	a.inputErr = errors.Join(a.inputErr, fmt.Errorf("source %s: %w", s.name, err))
	return nil
}

// end stops sources and waits until they have: what they have read is durable
// then, or will be read again. Nobody can have them replay any more.
func (a *app) end(ss []*source) {
	for _, s := range ss {
		s.stop()
	}
	for _, s := range ss {
		<-s.done
		s.ingest.Retire()
	}
}

// ingestOf gives what reads a source; nil: it is not configured.
func (a *app) ingestOf(name string) *ingest.Ingest {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s := a.sources[name]; s != nil {
		return s.ingest
	}
	return nil
}

// inputEnded lets wait look whether all of it has.
func (a *app) inputEnded() {
	select {
	case a.ended <- struct{}{}:
	default:
	}
}

// allEnded reports whether nothing more can come in.
func (a *app) allEnded() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.reloading {
		return false
	}
	for _, s := range a.sources {
		if !s.ended {
			return false
		}
	}
	return true
}
