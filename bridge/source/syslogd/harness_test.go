package syslogd

import (
	"net"
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
	s.o.Name, s.o.Listen, s.o.Log = "src", "tcp://"+freePort(t), s.Logger()
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

// dial connects to the source.
func (s *source) dial() net.Conn {
	s.t.Helper()
	scheme, addr, _ := parseListen(s.o.Listen)
	c, err := net.Dial(network[scheme], addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c
}

// freePort gives an address on loopback that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (s *source) send(c net.Conn, text string) {
	s.t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		s.t.Fatal(err)
	}
}
