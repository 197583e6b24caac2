package live

import (
	"cmp"
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
)

// ConnectionsMax is how many connections a source has at once. Further ones
// are closed at once, so that their senders know.
const ConnectionsMax = 1024

// StreamOptions say what a source of connections needs. Admit may be nil.
type StreamOptions struct {
	Name    string // the source's
	MaxLine int    // bytes
	// Ack answers each line with "ok" and a newline once it is durable, in
	// order. A line without its end is then no line yet.
	Ack bool
	// MustEnd says that a last line without a newline is torn, because its
	// senders end all their lines.
	MustEnd bool
	// Listen opens what connections come to. An error is tried again.
	Listen func(context.Context) (net.Listener, error)
	// Admit lets a connection in and says for people whose it is. It gives the
	// connection to read from, and is called with a deadline set on it.
	Admit func(context.Context, net.Conn) (net.Conn, string, error)
	Log   zerolog.Logger // with the source's name

	Connections int           // at once; 0: ConnectionsMax
	AckWait     time.Duration // how long a sender may leave its acknowledgements unread; 0: 10 s
	AdmitWait   time.Duration // how long Admit may take; 0: 10 s
}

// defaultWait is how long others may take for what they owe us at once.
const defaultWait = 10 * time.Second

// Streams reads all connections to one address. It implements bridge.Source.
type Streams struct {
	o      StreamOptions
	counts counters
	room   *room
	ahead  ahead[net.Listener]

	unfinished atomic.Int64 // bytes taken of lines without an end

	mu   sync.Mutex
	live int  // connections
	full bool // it was said that there are too many

	refused, closed notice
}

var _ bridge.Source = (*Streams)(nil)

// NewStreams gives a source that does nothing until Run.
func NewStreams(o StreamOptions) *Streams {
	if o.Admit == nil {
		o.Admit = func(_ context.Context, c net.Conn) (net.Conn, string, error) { return c, c.RemoteAddr().String(), nil }
	}
	o.Connections = cmp.Or(o.Connections, ConnectionsMax)
	o.AckWait = cmp.Or(o.AckWait, defaultWait)
	o.AdmitWait = cmp.Or(o.AdmitWait, defaultWait)
	return &Streams{o: o, room: newRoom(o.MaxLine)}
}

// Stats is safe for concurrent use.
func (s *Streams) Stats() Stats {
	st := s.counts.get()
	st.Unfinished = s.unfinished.Load()
	return st
}

// Listening reports whether it listens now. It is safe for concurrent use.
func (s *Streams) Listening() bool { return s.counts.get().Listening }

// Run listens and reads until ctx ends, or emit fails. There are no positions:
// a connection can't be read again.
func (s *Streams) Run(ctx context.Context, _ []bridge.Position, emit bridge.Emit) error {
	before := s.counts.get()
	in, stop := context.WithCancel(ctx)
	out, cut := outlive(ctx, lastEmits)
	f := newFunnel()
	var all sync.WaitGroup
	all.Go(func() {
		var conns sync.WaitGroup
		s.accept(in, out, f, &conns)
		conns.Wait()
		f.close()
	})
	err := f.run(out, emit)
	stop()
	cut()
	all.Wait()
	s.counts.tellAbandoned(s.o.Log, before)
	return err
}

// accept lets connections in until ctx ends. What can't be listened to any
// more is opened again.
func (s *Streams) accept(in, out context.Context, f *funnel, conns *sync.WaitGroup) {
	for {
		l, ok := open(in, s.o.Log, &s.counts, func() (net.Listener, error) { return s.ahead.or(in, s.o.Listen) })
		if !ok {
			return
		}
		up, down := context.WithCancel(in)
		stop := context.AfterFunc(in, func() { _ = l.Close() })
		conns.Go(func() { watch(up, s.o.Log, l, func() { _ = l.Close() }) })
		err := s.acceptFrom(in, out, l, f, conns)
		s.counts.add(func(st *Stats) { st.Listening = false })
		down()
		if stop() {
			_ = l.Close()
		}
		if in.Err() != nil {
			return
		}
		s.o.Log.Error().Err(err).Msg("stopped listening")
	}
}

// acceptWait is how long to wait when there are no descriptors left.
const acceptWait = 100 * time.Millisecond

func (s *Streams) acceptFrom(in, out context.Context, l net.Listener, f *funnel, conns *sync.WaitGroup) error {
	short := false
	for {
		c, err := l.Accept()
		switch {
		case err == nil:
		case in.Err() == nil && lacks(err):
			if !short {
				s.o.Log.Error().Err(err).Msg("no connection can be let in; raise the limit of open files")
				s.counts.waits("no connection can be let in: " + err.Error() + ": raise the limit of open files")
				short = true
			}
			if !pause(in, acceptWait) {
				return err
			}
			continue
		default:
			return err
		}
		if short {
			s.counts.listens()
			short = false
		}
		if !s.enter() {
			_ = c.Close()
			continue
		}
		conns.Go(func() {
			defer s.leave()
			s.serve(in, out, c, f)
		})
	}
}

// lacks reports whether an accept failed because something has run out.
func lacks(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// enter counts a connection in, if there is room for it.
func (s *Streams) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live == s.o.Connections {
		if !s.full {
			s.full = true
			s.o.Log.Warn().Int("connections", s.live).Msg("too many connections: further ones are closed at once")
		}
		s.counts.add(func(st *Stats) { st.Refused++ })
		return false
	}
	s.live++
	return true
}

func (s *Streams) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live--
	if s.full && s.live <= s.o.Connections*9/10 {
		s.full = false
		s.o.Log.Info().Int("connections", s.live).Msg("there is room for connections again")
	}
}

// serve reads one connection to its end.
func (s *Streams) serve(in, out context.Context, raw net.Conn, f *funnel) {
	defer raw.Close()
	stop := context.AfterFunc(in, func() { _ = raw.SetReadDeadline(time.Now().Add(lastReads)) })
	defer stop()
	stopAll := context.AfterFunc(out, func() { _ = raw.Close() })
	defer stopAll()
	_ = raw.SetDeadline(time.Now().Add(s.o.AdmitWait))
	nc, name, err := s.o.Admit(in, raw)
	if err != nil {
		s.refuse(err)
		return
	}
	_ = raw.SetDeadline(time.Time{})
	if in.Err() != nil { // the deadline of its last reads may be gone
		_ = raw.SetReadDeadline(time.Now().Add(lastReads))
	}
	s.counts.add(func(st *Stats) { st.Accepted++; st.Open++ })
	defer s.counts.add(func(st *Stats) { st.Open-- })
	s.newConn(nc, raw, name).read(out, f)
}

// refuse says why a connection is not let in.
func (s *Streams) refuse(err error) {
	s.counts.add(func(st *Stats) { st.Refused++ })
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = errors.New("no handshake in time")
	}
	if n, say := s.refused.count(1); say {
		s.o.Log.Warn().Err(err).Int("connections", n).Msg("connection refused")
	}
}

// close counts a connection that we closed.
func (s *Streams) close(name, why string) {
	s.counts.add(func(st *Stats) { st.Closed++ })
	if n, say := s.closed.count(1); say {
		s.o.Log.Warn().Str("stream", name).Str("reason", why).Int("connections", n).Msg("connection closed")
	}
}
