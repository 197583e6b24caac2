package socket

import (
	"bytes"
	"context"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/tailpost/tailpost/bridge"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 30 * time.Second

// source is a source that runs until the test's end.
type source struct {
	Source
	t    *testing.T
	o    Options
	gate chan struct{} // nil, or gives a value for each emit that may go on
	stop context.CancelFunc
	done chan error

	mu    sync.Mutex
	lines []bridge.Record
	log   bytes.Buffer
	more  chan struct{} // closed and replaced when something has come
}

// start runs a source and returns once it listens.
func start(t *testing.T, change func(*source)) *source {
	t.Helper()
	s := begin(t, change)
	s.said("listening")
	return s
}

func begin(t *testing.T, change func(*source)) *source {
	t.Helper()
	s := &source{t: t, o: Defaults(), done: make(chan error, 1), more: make(chan struct{})}
	s.o.Name, s.o.Path, s.o.Log = "src", filepath.Join(t.TempDir(), "s.sock"), zerolog.New(s)
	if change != nil {
		change(s)
	}
	if ps := s.o.Check("/"); len(ps) > 0 {
		t.Fatal(ps)
	}
	s.Source = New(s.o)
	var ctx context.Context
	ctx, s.stop = context.WithCancel(t.Context())
	go func() {
		defer close(s.done)
		s.done <- s.Run(ctx, nil, s.emit)
	}()
	t.Cleanup(s.end)
	return s
}

func (s *source) end() {
	s.stop()
	select {
	case err := <-s.done:
		if err != nil {
			s.t.Error(err)
		}
	case <-time.After(patience):
		s.t.Error("it doesn't end")
	}
}

func (s *source) emit(ctx context.Context, b bridge.Batch) error {
	if s.gate != nil {
		select {
		case <-s.gate:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range b.Records {
		r.Line = bytes.Clone(r.Line[:min(len(r.Line), 1<<10)])
		s.lines = append(s.lines, r)
	}
	s.wakeLocked()
	return nil
}

// Write takes the log.
func (s *source) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wakeLocked()
	return s.log.Write(p)
}

func (s *source) wakeLocked() {
	close(s.more)
	s.more = make(chan struct{})
}

func (s *source) until(what string, done func() bool) {
	s.t.Helper()
	late := time.After(patience)
	for {
		s.mu.Lock()
		ok, more := done(), s.more
		s.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-more:
		case <-late:
			s.t.Fatalf("not yet: %s; log:\n%s", what, s.log.String())
		}
	}
}

func (s *source) said(what string) {
	s.t.Helper()
	s.until(what, func() bool { return strings.Contains(s.log.String(), what) })
}

// await gives the first n lines.
func (s *source) await(n int) []bridge.Record {
	s.t.Helper()
	s.until("lines", func() bool { return len(s.lines) >= n })
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]bridge.Record(nil), s.lines...)
}

func (s *source) dial() net.Conn {
	s.t.Helper()
	network := "unix"
	if s.o.Kind == KindDatagram {
		network = "unixgram"
	}
	c, err := net.Dial(network, s.o.Path)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c
}

func (s *source) send(c net.Conn, text string) {
	s.t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		s.t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	late := time.After(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("not yet: %s", what)
		}
	}
}

func datagram(s *source) { s.o.Kind = KindDatagram }
