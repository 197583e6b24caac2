package live

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge/source/sourcetest"
)

func TestSlowReaderSlowsTheSender(t *testing.T) {
	const most = 4 << 20 // buffers of the kernel, and ours
	s, path, l := streams(t, nil)
	in := newInbox(t)
	in.gate = make(chan struct{})
	run(t, s, l, in.emit)
	c := dial(t, path)
	line := []byte(strings.Repeat("x", 999) + "\n")
	sent := 0
	_ = c.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
	for sent < 64<<20 {
		n, err := c.Write(line)
		sent += n
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if sent > most {
		t.Fatalf("%d bytes were taken while nothing became durable", sent)
	}
	_ = c.SetWriteDeadline(time.Time{})
	if rest := sent % 1000; rest > 0 {
		send(t, c, string(line[rest:]))
		sent += 1000 - rest
	}
	close(in.gate)
	got := in.await(sent / 1000)
	if len(got) != sent/1000 || s.Stats().Closed > 0 {
		t.Errorf("%d lines for %d sent", len(got), sent/1000)
	}
}

func TestWhoIsNotAdmittedInTime(t *testing.T) {
	s, path, l := streams(t, func(o *StreamOptions) {
		o.AdmitWait = 50 * time.Millisecond
		o.Admit = func(_ context.Context, c net.Conn) (net.Conn, string, error) {
			_, err := c.Read(make([]byte, 1))
			return c, "c", err
		}
	})
	in := newInbox(t)
	run(t, s, l, in.emit)
	silent := dial(t, path)
	other := dial(t, path)
	send(t, other, ".a\n")
	in.await(1)
	if _, err := silent.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("who says nothing stays: %v", err)
	}
	l.await(t, "no handshake in time")
	send(t, other, "b\n") // its deadline is gone
	in.await(2)
	if st := s.Stats(); st.Refused != 1 || st.Accepted != 1 {
		t.Errorf("stats %+v", st)
	}
}

func TestTooManyConnections(t *testing.T) {
	s, path, l := streams(t, func(o *StreamOptions) { o.Connections = 3 })
	in := newInbox(t)
	run(t, s, l, in.emit)
	var conns []*net.UnixConn
	for range 3 {
		conns = append(conns, dial(t, path))
	}
	sourcetest.Eventually(t, "let in", func() bool { return s.Stats().Open == 3 })
	for range 2 {
		if n, err := dial(t, path).Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("one too many: %d, %v", n, err)
		}
	}
	if n := l.count("too many connections"); n != 1 {
		t.Errorf("said %d times", n)
	}
	conns[0].Close()
	l.await(t, "there is room for connections again")
	c := dial(t, path)
	send(t, c, "a\n")
	in.await(1)
	if st := s.Stats(); st.Refused != 2 || st.Accepted != 4 {
		t.Errorf("stats %+v", st)
	}
}

func TestTooMuchOfUnfinishedLines(t *testing.T) {
	s, path, l := streams(t, func(o *StreamOptions) { o.MaxLine = 1 << 20 })
	s.room.most = 1 << 20
	in := newInbox(t)
	run(t, s, l, in.emit)
	first := dial(t, path)
	send(t, first, strings.Repeat("a", 300<<10))
	sourcetest.Eventually(t, "held", func() bool { return s.Stats().Unfinished == 300<<10 })
	quiet := dial(t, path)
	send(t, quiet, "short, and not finished")
	sourcetest.Eventually(t, "held", func() bool { return s.Stats().Unfinished > 300<<10 })
	last := dial(t, path)
	send(t, last, strings.Repeat("b", 900<<10)) // with the first one's it is too much
	got := in.await(1)[0]
	if got.line[0] != 'a' || !strings.Contains(got.end, "held too much of unfinished lines") {
		t.Errorf("closed was %q: %s", got.line[:1], got.end)
	}
	send(t, last, "\n")
	send(t, quiet, "\n")
	in.await(3)
	sourcetest.Eventually(t, "counted", func() bool { st := s.Stats(); return st.Closed == 1 && st.Torn == 1 && st.Lines == 3 })
}
