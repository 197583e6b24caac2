package app

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/bridge/ingest"
	"github.com/tailpost/tailpost/bridge/spool"
)

// site is a bridge that runs, with what it delivers in a file.
type site struct {
	t   *testing.T
	dir string
	a   *app
	in  io.Writer // its standard input
}

func startSite(t *testing.T, text string) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir()}
	path := filepath.Join(s.dir, "tailpost.toml")
	text = "state_dir = \"state\"\nadmin.listen = \"\"\n" + text + "[[recipients.file]]\nname = \"out\"\npath = \"out.jsonl\"\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, ps := config.Load(path)
	if c == nil {
		t.Fatal(ps)
	}
	if err := makeStateDir(c.StateDir); err != nil {
		t.Fatal(err)
	}
	so := c.Spool
	so.Dir = c.StateDir
	sp, err := spool.Open(t.Context(), so)
	if err != nil {
		t.Fatal(err)
	}
	r, w := io.Pipe()
	s.in = w
	s.a = newApp(c, Options{Log: zerolog.Nop(), Stdin: r}, sp)
	if err := s.a.open(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.a.run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		w.Close()
		if err := sp.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// totals are those of the one source.
func (s *site) totals() ingest.Totals {
	return s.a.ingestOf(s.a.conf().Sources()[0].Name).Totals()
}

// delivered gives all that was.
func (s *site) delivered() string {
	b, err := os.ReadFile(filepath.Join(s.dir, "out.jsonl"))
	if err != nil && !os.IsNotExist(err) {
		s.t.Fatal(err)
	}
	return string(b)
}

// until looks again and again until done.
func (s *site) until(what string, done func() bool) {
	s.t.Helper()
	late := time.After(2 * time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-late:
			s.t.Fatalf("not yet: %s; %+v", what, s.totals())
		}
	}
}

func (s *site) dial(network, addr string) net.Conn {
	s.t.Helper()
	var c net.Conn
	s.until("a connection to "+addr, func() (ok bool) {
		var err error
		c, err = net.Dial(network, addr)
		return err == nil
	})
	s.t.Cleanup(func() { c.Close() })
	return c
}

func (s *site) write(w io.Writer, b []byte) {
	s.t.Helper()
	if _, err := w.Write(b); err != nil {
		s.t.Fatal(err)
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (s *site) append(name string, b []byte) {
	s.t.Helper()
	f, err := os.OpenFile(filepath.Join(s.dir, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	s.write(f, b)
}
