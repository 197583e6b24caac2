package socket

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge/source/sourcetest"
)

func TestLinesOfBothKinds(t *testing.T) {
	me := fmt.Sprintf("uid %d", os.Getuid())
	for kind, tc := range map[string]struct {
		send []string
		want []string
	}{
		KindStream:   {send: []string{"one\ntw", "o\n5 {\"\n\"}"}, want: []string{"one", "two", "{\"\n\"}"}},
		KindDatagram: {send: []string{"one\n", "two\nthree", ""}, want: []string{"one", "two\nthree", ""}},
	} {
		t.Run(kind, func(t *testing.T) {
			s := start(t, func(s *source) { s.o.Kind = kind })
			c := s.dial()
			for _, text := range tc.send {
				s.send(c, text)
			}
			var got []string
			for _, r := range s.Lines(len(tc.want)) {
				got = append(got, string(r.Line))
				if !r.Once || len(r.Head) != 16 || knowsPeers && !strings.HasPrefix(r.Stream, me) {
					t.Errorf("record %+v", r)
				}
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestAcknowledged(t *testing.T) {
	s := start(t, func(s *source) { s.o.Ack = true })
	c := s.dial()
	s.send(c, "a\nb\nhalf")
	if err := c.(*net.UnixConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(c)
	if err != nil || string(got) != "ok\nok\n" {
		t.Errorf("got %q, %v", got, err)
	}
	if r := s.Lines(3)[2]; r.Torn == "" {
		t.Errorf("the line without its end is %+v", r)
	}
}

func TestAllowUID(t *testing.T) {
	if !knowsPeers {
		return // Check refuses allow_uid here
	}
	me, other := strconv.Itoa(os.Getuid()), strconv.Itoa(os.Getuid()+1)
	for _, tc := range []struct {
		name  string
		kind  string
		allow []string
		want  bool
	}{
		{name: "everybody", kind: KindStream, want: true},
		{name: "me", kind: KindStream, allow: []string{other, me}, want: true},
		{name: "another", kind: KindStream, allow: []string{other}},
		{name: "everybody's datagrams", kind: KindDatagram, want: true},
		{name: "my datagrams", kind: KindDatagram, allow: []string{other, me}, want: true},
		{name: "another's datagrams", kind: KindDatagram, allow: []string{other}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := start(t, func(s *source) { s.o.Kind, s.o.AllowUID = tc.kind, tc.allow })
			c := s.dial()
			if tc.want {
				s.send(c, "a\n")
				s.Lines(1)
				return
			}
			if tc.kind == KindDatagram {
				s.send(c, "a\n")
			} else if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("the connection stays: %v", err)
			}
			s.Said("allow_uid", 1)
			if st := s.Stats(); st.Refused != 1 || st.Lines != 0 {
				t.Errorf("stats %+v", st)
			}
		})
	}
}

// TestQuietConnectionsCostLittle: 500 of them, one that never ends its line,
// and one that works.
func TestQuietConnectionsCostLittle(t *testing.T) {
	const quiet, each, noEnd = 500, 48 << 10, 200 << 20
	s := start(t, nil)
	before := memory()
	for range quiet {
		s.dial()
	}
	sourcetest.Eventually(t, "let in", func() bool { return s.Stats().Open == quiet })
	if used := memory() - before; used > quiet*each {
		t.Errorf("%d connections take %d KiB each", quiet, used/quiet>>10)
	} else {
		t.Logf("%d idle connections take %.1f KiB each", quiet, float64(used)/quiet/1024)
	}

	endless := s.dial()
	written := make(chan error, 1)
	go func() {
		chunk := []byte(strings.Repeat("x", 1<<20))
		for range noEnd / len(chunk) {
			if _, err := endless.Write(chunk); err != nil {
				written <- err
				return
			}
		}
		written <- nil
	}()
	busy := s.dial()
	for i := range 100 {
		s.send(busy, fmt.Sprintf("line %d\n", i))
		if r := s.Lines(i + 1)[i]; string(r.Line) != fmt.Sprintf("line %d", i) {
			t.Fatalf("line %d is %q", i, r.Line)
		}
	}
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	if used := memory() - before; used > quiet*each+8<<20 {
		t.Errorf("%d MiB with a line without end", used>>20)
	}
	s.send(endless, "\nnext\n")
	got := s.Lines(102)[100:]
	if got[0].Cut != noEnd-1<<20 || string(got[1].Line) != "next" {
		t.Errorf("the long line was cut by %d, then %q", got[0].Cut, got[1].Line)
	}
	sourcetest.Eventually(t, "counted", func() bool { st := s.Stats(); return st.Lines == 102 && st.Cut == 1 && st.CutBytes == noEnd-1<<20 })
}

// memory gives what heap and stacks take.
func memory() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

func TestFullQueueOfDatagramsBlocksTheSender(t *testing.T) {
	s := start(t, func(s *source) { datagram(s); s.Gate = make(chan struct{}) })
	c := s.dial()
	sent := 0
	_ = c.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
	line := strings.Repeat("x", 1000)
	var err error
	for ; err == nil && sent < 100_000; sent++ {
		_, err = c.Write([]byte(line))
	}
	sent--
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("%d datagrams were taken while nothing became durable: %v", sent, err)
	}
	if sent > 10_000 {
		t.Errorf("%d datagrams were taken while nothing became durable", sent)
	}
	close(s.Gate)
	if got := s.Lines(sent); len(got) != sent || s.Stats().Dropped > 0 {
		t.Errorf("%d of %d datagrams", len(got), sent)
	}
}

// A descriptor that comes along with a datagram must not stay open with us.
func TestDescriptorsThatComeAlongAreNotKept(t *testing.T) {
	for _, kind := range []string{KindStream, KindDatagram} {
		s := start(t, func(s *source) { s.o.Kind = kind })
		c := s.dial().(*net.UnixConn)
		s.send(c, "first\n")
		s.Lines(1)
		before := descriptors(t)
		for range 20 {
			sendAlong(t, c, syscall.UnixRights(0, 1, 2))
		}
		s.Lines(21)
		if now := descriptors(t); now > before {
			t.Errorf("%s: %d descriptors more", kind, now-before)
		}
		s.Stop()
	}
}

// sendAlong sends a line with a control message.
func sendAlong(t *testing.T, c *net.UnixConn, oob []byte) {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var failed error
	err = raw.Write(func(fd uintptr) bool {
		failed = syscall.Sendmsg(int(fd), []byte("a\n"), oob, nil, 0)
		return failed != syscall.EAGAIN
	})
	if err != nil || failed != nil {
		t.Fatal(err, failed)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	names, err := filepath.Glob("/dev/fd/*")
	if err != nil || len(names) == 0 {
		t.Fatalf("%d descriptors, %v", len(names), err)
	}
	return len(names)
}
