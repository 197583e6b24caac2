package socket

import (
	"net"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tailpost/tailpost/bridge/source/sourcetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = sourcetest.Patience

// source is a source that runs until the test's end.
type source struct {
	Source
	*sourcetest.Rig
	t *testing.T
	o Options
}

// start runs a source and returns once it listens.
func start(t *testing.T, change func(*source)) *source {
	t.Helper()
	s := begin(t, change)
	s.Said("listening", 1)
	return s
}

func begin(t *testing.T, change func(*source)) *source {
	t.Helper()
	s := &source{t: t, Rig: sourcetest.New(t), o: Defaults()}
	s.o.Name, s.o.Path, s.o.Log = "src", filepath.Join(t.TempDir(), "s.sock"), s.Logger()
	if change != nil {
		change(s)
	}
	if ps := s.o.Check("/"); len(ps) > 0 {
		t.Fatal(ps)
	}
	s.Source = New(s.o)
	s.Begin(s.Source)
	return s
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

func datagram(s *source) { s.o.Kind = KindDatagram }
