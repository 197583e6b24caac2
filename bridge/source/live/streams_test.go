package live

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

func TestLinesOfConnections(t *testing.T) {
	s, path, l := streams(t, nil)
	in := newInbox(t)
	run(t, s, l, in.emit)
	a := dial(t, path)
	send(t, a, "one\n4 <1>x\ntwo\n")
	in.await(4)
	b := dial(t, path)
	send(t, b, "three\n")
	got := in.await(5)
	for i, want := range []struct {
		stream string
		offset int64
		line   string
	}{{"c1", 0, "one"}, {"c1", 6, "<1>x"}, {"c1", 10, ""}, {"c1", 11, "two"}, {"c2", 0, "three"}} {
		if g := got[i]; g.stream != want.stream || g.offset != want.offset || g.line != want.line || g.end != "" {
			t.Errorf("record %d is %+v, want %+v", i, g, want)
		}
	}
	if got[0].head != got[3].head || got[0].head == got[4].head {
		t.Error("each connection has a head of its own")
	}
	eventually(t, "counted", func() bool { return s.Stats().Lines == 5 })
	if st := s.Stats(); st.Bytes != 15 || st.Accepted != 2 || st.Open != 2 {
		t.Errorf("stats %+v", st)
	}
}

// reset makes a connection end with an error instead of an end of file: what
// was sent to its maker is left unread.
func reset(t *testing.T, c net.Conn) {
	t.Helper()
	if err := c.(*net.TCPConn).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	c.Close()
}

func TestSenderThatDiesInMidFrame(t *testing.T) {
	for _, tc := range []struct {
		name         string
		send         string
		ack, mustEnd bool
		reset        bool
		wantLine     string
		wantEnd      string
		wantCut      int64
	}{
		{name: "no newline", send: "a\nlsid=12", wantLine: "lsid=12", wantEnd: "partial"},
		{name: "no newline where lines are acknowledged", send: "a\nlsid=12", ack: true, wantLine: "lsid=12", wantEnd: "the connection ended before the line's newline"},
		{name: "no newline where all lines have one", send: "a\nlsid=12", mustEnd: true, wantLine: "lsid=12", wantEnd: "the connection ended before the line's newline"},
		{name: "no newline, broken", send: "a\nlsid=12", reset: true, wantLine: "lsid=12", wantEnd: "the connection broke before the line's newline"},
		{name: "counted", send: "a\n99 <1>x", wantLine: "<1>x", wantEnd: "the connection ended 95 bytes before the frame's end"},
		{name: "counted, broken", send: "a\n99 <1>x", reset: true, wantLine: "<1>x", wantEnd: "the connection broke 95 bytes before the frame's end"},
		{name: "in a count", send: "a\n99", wantLine: "99", wantEnd: "partial"},
		{name: "behind the cut", send: "a\n" + strings.Repeat("x", 1030), wantLine: strings.Repeat("x", 1024), wantCut: 6, wantEnd: "partial"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var addr string
			s, _, l := streams(t, func(o *StreamOptions) {
				o.Ack, o.MustEnd = tc.ack, tc.mustEnd
				o.Listen = func(context.Context) (net.Listener, error) {
					l, err := net.Listen("tcp", "127.0.0.1:0")
					if err == nil {
						addr = l.Addr().String()
					}
					return l, err
				}
			})
			in := newInbox(t)
			run(t, s, l, in.emit)
			dying, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			other, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer other.Close()
			send(t, dying, tc.send)
			in.await(1)
			if tc.ack { // left unread, it would break the connection
				if _, err := io.ReadFull(dying, make([]byte, 3)); err != nil {
					t.Fatal(err)
				}
			}
			if tc.reset {
				// The kernel throws away what was not read yet.
				eventually(t, "read", func() bool {
					return s.Stats().Unfinished == int64(len(tc.wantLine))
				})
				reset(t, dying)
			} else {
				dying.Close()
			}
			if got := in.await(2)[1]; got.line != tc.wantLine || got.end != tc.wantEnd || got.cut != tc.wantCut {
				t.Errorf("the rest is %+v", got)
			}
			send(t, other, "whole\n")
			if got := in.await(3)[2]; got.line != "whole" || got.end != "" {
				t.Errorf("the other's line is %+v", got)
			}
			eventually(t, "counted", func() bool { st := s.Stats(); return st.Partial+st.Torn == 1 && st.Lines == 3 })
		})
	}
}

func TestAcknowledgesWhatIsDurableInOrder(t *testing.T) {
	s, path, l := streams(t, func(o *StreamOptions) { o.Ack = true })
	in := newInbox(t)
	in.gate = make(chan struct{})
	run(t, s, l, in.emit)
	c := dial(t, path)
	send(t, c, "a\nb\n2 {}\n")
	_ = c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if n, err := c.Read(make([]byte, 10)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("%d bytes came back before the lines were durable, %v", n, err)
	}
	_ = c.SetReadDeadline(time.Now().Add(patience))
	close(in.gate)
	want := strings.Repeat("ok\n", 4)
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Errorf("got %q, %v", got, err)
	}
	in.await(4)
}

func TestManyLinesAreAcknowledgedOnceEach(t *testing.T) {
	const lines = 20_000
	s, path, l := streams(t, func(o *StreamOptions) { o.Ack = true })
	in := newInbox(t)
	run(t, s, l, in.emit)
	var senders sync.WaitGroup
	for k := range 4 {
		c := dial(t, path)
		senders.Go(func() {
			w := bufio.NewWriter(c)
			for i := range lines {
				fmt.Fprintf(w, "%d-%d\n", k, i)
			}
			w.Flush()
			_ = c.CloseWrite()
		})
		senders.Go(func() {
			got, err := io.ReadAll(c)
			if err != nil || len(got) != 3*lines || strings.ReplaceAll(string(got), "ok\n", "") != "" {
				t.Errorf("%d bytes of acknowledgements, %v", len(got), err)
			}
		})
	}
	senders.Wait()
	next := map[string]int{}
	for _, r := range in.await(4 * lines) {
		if want := fmt.Sprintf("-%d", next[r.stream]); r.line[1:] != want {
			t.Fatalf("line %q of %s, want %s", r.line, r.stream, want)
		}
		next[r.stream]++
	}
	if in.batches > 4*lines/10 {
		t.Errorf("%d batches for %d lines", in.batches, 4*lines)
	}
}

func TestSenderThatReadsNoAcknowledgements(t *testing.T) {
	s, path, l := streams(t, func(o *StreamOptions) { o.Ack, o.AckWait = true, 50*time.Millisecond })
	in := newInbox(t)
	run(t, s, l, in.emit)
	c := dial(t, path)
	lines := bytes.Repeat([]byte("\n"), 64<<10)
	var err error
	for i := 0; err == nil && i < 1000; i++ {
		_, err = c.Write(lines)
	}
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection was not closed: %v", err)
	}
	l.await(t, "doesn't read the acknowledgements")
	if st := s.Stats(); st.Closed != 1 {
		t.Errorf("stats %+v", st)
	}
	other := dial(t, path)
	send(t, other, "a line of another\n")
	n := int(s.Stats().Lines)
	if got := in.await(n + 1); got[len(got)-1].line != "a line of another" {
		t.Errorf("last record %+v", got[len(got)-1])
	}
}

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
	eventually(t, "let in", func() bool { return s.Stats().Open == 3 })
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
	eventually(t, "held", func() bool { return s.Stats().Unfinished == 300<<10 })
	quiet := dial(t, path)
	send(t, quiet, "short, and not finished")
	eventually(t, "held", func() bool { return s.Stats().Unfinished > 300<<10 })
	last := dial(t, path)
	send(t, last, strings.Repeat("b", 900<<10)) // with the first one's it is too much
	got := in.await(1)[0]
	if got.line[0] != 'a' || !strings.Contains(got.end, "held too much of unfinished lines") {
		t.Errorf("closed was %q: %s", got.line[:1], got.end)
	}
	send(t, last, "\n")
	send(t, quiet, "\n")
	in.await(3)
	eventually(t, "counted", func() bool { st := s.Stats(); return st.Closed == 1 && st.Torn == 1 && st.Lines == 3 })
}

func TestAcceptThatFailsIsTriedAgain(t *testing.T) {
	var flaky *flakyListener
	s, path, l := streams(t, func(o *StreamOptions) {
		listen := o.Listen
		o.Listen = func(ctx context.Context) (net.Listener, error) {
			if flaky == nil {
				l, err := listen(ctx)
				flaky = &flakyListener{Listener: l, fail: []error{syscall.EMFILE, syscall.EMFILE, syscall.EINVAL}}
				return flaky, err
			}
			return listen(ctx)
		}
	})
	in := newInbox(t)
	run(t, s, l, in.emit)
	l.await(t, "stopped listening")
	eventually(t, "listening again", func() bool { return l.count("listening\"") == 3 })
	send(t, dial(t, path), "a\n")
	in.await(1)
	if n := l.count("raise the limit of open files"); n != 1 {
		t.Errorf("said %d times", n)
	}
}

type flakyListener struct {
	net.Listener
	fail []error
}

func (f *flakyListener) Accept() (net.Conn, error) {
	if len(f.fail) == 0 {
		return f.Listener.Accept()
	}
	err := f.fail[0]
	f.fail = f.fail[1:]
	return nil, err
}

func TestListeningThatFailsIsSaidWhenItChanges(t *testing.T) {
	why := errors.New("no such directory")
	var mu sync.Mutex
	s, path, l := streams(t, func(o *StreamOptions) {
		listen, tries := o.Listen, 0
		o.Listen = func(ctx context.Context) (net.Listener, error) {
			mu.Lock()
			defer mu.Unlock()
			if tries++; tries < 3 {
				return nil, why
			}
			return listen(ctx)
		}
	})
	in := newInbox(t)
	run(t, s, l, in.emit)
	if n := l.count("can't listen"); n != 1 {
		t.Errorf("said %d times", n)
	}
	if w := s.Stats().Waiting; w != "" {
		t.Errorf("waiting for %q", w)
	}
	send(t, dial(t, path), "a\n")
	in.await(1)
}

func TestEmitErrorEnds(t *testing.T) {
	want := errors.New("spool is closed")
	s, path, l := streams(t, nil)
	r := run(t, s, l, func(context.Context, bridge.Batch) error { return want })
	c := dial(t, path)
	send(t, c, "a\n")
	select {
	case err := <-r.done:
		close(r.done)
		if !errors.Is(err, want) {
			t.Errorf("error %v", err)
		}
	case <-time.After(patience):
		t.Fatal("it goes on")
	}
}

func TestStopTakesWhatHasArrived(t *testing.T) {
	const lines = 500
	s, path, l := streams(t, func(o *StreamOptions) { o.Ack = true })
	in := newInbox(t)
	in.gate = make(chan struct{})
	r := run(t, s, l, in.emit)
	c := dial(t, path)
	send(t, c, strings.Repeat("a line\n", lines)+"half a li")
	eventually(t, "read", func() bool { return in.busy.Load() })
	r.stop()
	close(in.gate)
	if err := r.end(); err != nil {
		t.Error(err)
	}
	if got := in.await(lines + 1)[lines]; got.line != "half a li" || got.end != "the bridge was stopped before the line's newline" {
		t.Errorf("the rest is %+v", got)
	}
	got, err := io.ReadAll(c)
	if err != nil || len(got) != 3*lines {
		t.Errorf("%d bytes of acknowledgements, %v", len(got), err)
	}
}

func TestStopDoesNotWaitForARoomForEver(t *testing.T) {
	s, path, l := streams(t, func(o *StreamOptions) { o.Ack = true })
	in := newInbox(t)
	in.gate = make(chan struct{}) // no emit ever ends
	r := run(t, s, l, in.emit)
	c := dial(t, path)
	send(t, c, "a line\n")
	eventually(t, "read", func() bool { return in.busy.Load() })
	began := time.Now()
	if err := r.end(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > lastEmits+2*time.Second {
		t.Errorf("it took %v", took)
	}
	if got, _ := io.ReadAll(c); len(got) > 0 {
		t.Errorf("acknowledged: %q", got)
	}
	if st := s.Stats(); st.Abandoned != 1 || l.count("could not be made durable before the end") != 1 {
		t.Errorf("stats %+v", st)
	}
}
