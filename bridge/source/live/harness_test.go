package live

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/source/sourcetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = sourcetest.Patience

// kept is a record as emit saw it.
type kept struct {
	stream string
	offset int64
	line   string
	cut    int64
	end    string // "", "partial", or why it is torn
	head   string
}

// inbox is what a source hands its lines to.
type inbox struct {
	t    *testing.T
	gate chan struct{} // nil, or gives a value for each emit that may go on
	busy atomic.Bool

	mu      sync.Mutex
	recs    []kept
	losses  []bridge.Loss
	batches int
	bytes   int
	more    chan struct{} // closed and replaced at each batch
}

func newInbox(t *testing.T) *inbox { return &inbox{t: t, more: make(chan struct{})} }

func (b *inbox) emit(ctx context.Context, batch bridge.Batch) error {
	if b.busy.Swap(true) {
		b.t.Error("two emits are under way")
	}
	defer b.busy.Store(false)
	if b.gate != nil {
		select {
		case <-b.gate:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range batch.Records {
		if !r.Once || len(r.Head) != headBytes || r.Source != "src" || r.Time.IsZero() || r.Stream == "" {
			b.t.Errorf("record %+v", r)
		}
		k := kept{stream: r.Stream, offset: r.Offset, line: string(r.Line), cut: r.Cut, end: r.Torn, head: string(r.Head)}
		if r.Partial && r.Torn == "" {
			k.end = "partial"
		}
		b.bytes += len(r.Line)
		if len(k.line) > 1<<16 {
			k.line = k.line[:1<<16]
		}
		b.recs = append(b.recs, k)
	}
	b.losses = append(b.losses, batch.Losses...)
	b.batches++
	close(b.more)
	b.more = make(chan struct{})
	return nil
}

// await gives all records once there are n.
func (b *inbox) await(n int) []kept {
	b.t.Helper()
	late := time.After(patience)
	for {
		b.mu.Lock()
		have, more := append([]kept(nil), b.recs...), b.more
		b.mu.Unlock()
		if len(have) >= n {
			return have
		}
		select {
		case <-more:
		case <-late:
			b.t.Fatalf("%d of %d records have come", len(have), n)
		}
	}
}

// running is a source that runs until the test's end.
type running struct {
	t    *testing.T
	stop context.CancelFunc
	done chan error
	said *said
}

// run starts a source and returns when it listens.
func run(t *testing.T, s bridge.Source, l *said, emit bridge.Emit) *running {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r := &running{t: t, stop: stop, done: make(chan error, 1), said: l}
	go func() { r.done <- s.Run(ctx, nil, emit) }()
	t.Cleanup(func() { r.end() })
	l.await(t, "listening")
	return r
}

// end stops the source, if it still runs, and gives how it ended.
func (r *running) end() error {
	r.t.Helper()
	r.stop()
	select {
	case err, ok := <-r.done:
		if ok {
			close(r.done)
		}
		return err
	case <-time.After(patience):
		r.t.Fatal("it doesn't end")
		return nil
	}
}

// said is a log that can be waited for.
type said struct {
	mu   sync.Mutex
	buf  bytes.Buffer
	more chan struct{}
}

func newSaid() *said { return &said{more: make(chan struct{})} }

func (s *said) logger() zerolog.Logger { return zerolog.New(s) }

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.more)
	s.more = make(chan struct{})
	return s.buf.Write(p)
}

func (s *said) await(t *testing.T, what string) {
	t.Helper()
	late := time.After(patience)
	for {
		s.mu.Lock()
		text, more := s.buf.String(), s.more
		s.mu.Unlock()
		if strings.Contains(text, what) {
			return
		}
		select {
		case <-more:
		case <-late:
			t.Fatalf("%q was not said:\n%s", what, text)
		}
	}
}

func (s *said) count(what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Count(s.buf.String(), what)
}

// streams gives a source of connections to a Unix socket, and its path.
func streams(t *testing.T, change func(*StreamOptions)) (*Streams, string, *said) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l := newSaid()
	var n atomic.Int64
	o := StreamOptions{
		Name: "src", MaxLine: 1 << 10, Log: l.logger(),
		Listen: func(context.Context) (net.Listener, error) { return net.Listen("unix", path) },
		Admit: func(_ context.Context, c net.Conn) (net.Conn, string, error) {
			return c, fmt.Sprint("c", n.Add(1)), nil
		},
	}
	if change != nil {
		change(&o)
	}
	return NewStreams(o), path, l
}

func dial(t *testing.T, path string) *net.UnixConn {
	t.Helper()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c.(*net.UnixConn)
}

func send(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}
