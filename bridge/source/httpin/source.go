package httpin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/netutil"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/source/access"
)

// Source is one HTTP server. It implements bridge.Source.
type Source struct {
	o      Options
	counts counters
	wait   time.Duration // how long a sender waits for its body to be durable

	running atomic.Pointer[intake] // the latest run; nil before the first

	mu    sync.Mutex
	bound net.Listener // opened before Run; nil: none
}

var _ bridge.Source = (*Source)(nil)

const (
	connectionsMax = 512
	headerMax      = 16 << 10 // bytes
	headerTime     = 10 * time.Second
	bodyTime       = 30 * time.Second // header and body
	idleTime       = 30 * time.Second
	durableTime    = 5 * time.Second
	closeTime      = time.Second // for answers under way when the source ends
)

// New gives a source that does nothing until Run. The options must have passed
// Check.
func New(o Options) *Source { return &Source{o: o, wait: durableTime} }

// Stats is safe for concurrent use.
func (s *Source) Stats() Stats {
	st := s.counts.get()
	if in := s.running.Load(); in != nil {
		st.Waiting, st.Held = len(in.waiting), in.room.used.Load()
	}
	return st
}

// Listening reports whether it listens now. It is safe for concurrent use.
func (s *Source) Listening() bool { return s.counts.get().Listening != "" }

// Run listens until ctx ends (nil) or emit fails (its error). An address that
// can't be listened on is tried again.
func (s *Source) Run(ctx context.Context, _ []bridge.Position, emit bridge.Emit) error {
	l := s.listen(ctx)
	if l == nil {
		return nil
	}
	in := newIntake(s)
	s.running.Store(in)
	s.counts.listening(l.Addr().String())
	defer s.counts.listening("")
	s.o.Log.Info().Str("source", s.o.Name).Str("address", l.Addr().String()).Msg("listening for events")

	server := &http.Server{
		Handler: in, MaxHeaderBytes: headerMax, DisableGeneralOptionsHandler: true,
		ReadHeaderTimeout: headerTime, ReadTimeout: bodyTime, IdleTimeout: idleTime,
		WriteTimeout: bodyTime + s.wait + headerTime, // counts from the end of the header
		ErrorLog:     log.New(io.Discard, "", 0),
		ConnState:    s.counts.connection,
	}
	own, fail := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(netutil.LimitListener(l, connectionsMax)); !errors.Is(err, http.ErrServerClosed) {
			fail(fmt.Errorf("accept connections: %w", err))
		}
	}()
	err := in.run(own, emit)
	if err == nil && ctx.Err() == nil {
		err = context.Cause(own)
	}
	fail(nil)
	in.stop()
	leave(server)
	in.handlers.Wait()
	<-done
	return err
}

// listenWait is how long to wait between two tries to listen.
const listenWait = time.Second

// listen gives what listens, as soon as that works; nil once ctx has ended. Why
// it doesn't is said when it changes.
func (s *Source) listen(ctx context.Context) net.Listener {
	for {
		err := s.Bind(ctx)
		if err == nil {
			return s.take()
		}
		if ctx.Err() != nil {
			return nil
		}
		if s.counts.waits(err.Error()) {
			s.o.Log.Error().Str("source", s.o.Name).Err(err).Dur("retry_in", listenWait).Msg("can't listen")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(listenWait):
		}
	}
}

// Bind listens before Run does, which takes it over.
func (s *Source) Bind(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bound != nil {
		return nil
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", s.o.Listen)
	if err != nil {
		return fmt.Errorf("listen for events: %w", access.Listen(err))
	}
	s.bound = l
	return nil
}

// Unbind undoes Bind where no Run follows.
func (s *Source) Unbind() {
	if l := s.take(); l != nil {
		_ = l.Close()
	}
}

func (s *Source) take() net.Listener {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.bound
	s.bound = nil
	return l
}

// leave lets answers under way be written, then closes all connections.
func leave(server *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		_ = server.Close()
	}
}
