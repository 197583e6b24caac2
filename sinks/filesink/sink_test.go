package filesink_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/sinks/filesink"
	"github.com/tailpost/tailpost/sinks/sinktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestContract(t *testing.T) {
	const noOpinion = "a file answers nothing and has no opinion about an event: a write succeeds, or the disk is at fault"
	rig := func(dash bool) sinktest.Rig {
		return sinktest.Rig{
			Start: func(t *testing.T, b sinktest.Behaviour, d time.Duration) sinktest.Setup { return start(t, dash, b, d) },
			Never: map[sinktest.Behaviour]string{
				sinktest.RefusesForGood: noOpinion,
				sinktest.Floods:         noOpinion,
			},
			Hostile: checkHostile,
		}
	}
	t.Run("file", func(t *testing.T) { sinktest.Run(t, rig(false)) })
	t.Run("standard output", func(t *testing.T) { sinktest.Run(t, rig(true)) })
}

func start(t *testing.T, dash bool, b sinktest.Behaviour, timeout time.Duration) sinktest.Setup {
	o := filesink.Options{Path: filepath.Join(t.TempDir(), "events.jsonl"), Timeout: timeout}
	var out lockedBuffer
	read := func() []byte { b, _ := os.ReadFile(o.Path); return b }
	if dash {
		o.Path, o.Out, read = "-", &out, out.bytes
	}
	var begun chan struct{}
	switch b {
	case sinktest.RefusesForNow:
		if dash {
			o.Out = fullWriter{}
		} else {
			o.Path = "/dev/full"
		}
		read = func() []byte { return nil }
	case sinktest.Stalls:
		// A pipe that is full, and whose reader doesn't read.
		begun = make(chan struct{})
		close(begun)
		if dash {
			o.Out = fullPipe(t)
		} else {
			o.Path = fullFIFO(t)
		}
		read = func() []byte { return nil }
	}
	return sinktest.Setup{Sink: newSink(t, o), Taken: func() []sinktest.Taken { return taken(t, read()) }, Begun: begun}
}

func newSink(t *testing.T, o filesink.Options) *filesink.Sink {
	t.Helper()
	s, err := filesink.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// fullWriter is standard output on a full disk.
type fullWriter struct{}

func (fullWriter) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.b.Bytes())
}

func fullFIFO(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	fill(t, f)
	return path
}

func fullPipe(t *testing.T) io.Writer {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close(); _ = w.Close() })
	fill(t, w)
	return w
}

// fill writes until a write would wait.
func fill(t *testing.T, f *os.File) {
	t.Helper()
	if err := f.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			break
		}
	}
	if err := f.SetWriteDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
}

// taken reads lines as a reader of the file would.
func taken(t *testing.T, b []byte) []sinktest.Taken {
	t.Helper()
	if len(b) > 0 && b[len(b)-1] != '\n' {
		t.Errorf("the last line has no end: %.200q", b)
	}
	var out []sinktest.Taken
	in := bufio.NewScanner(bytes.NewReader(b))
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		e, err := bridge.DecodeEvent(in.Bytes())
		if err != nil {
			t.Errorf("%v: %.200q", err, in.Text())
			continue
		}
		out = append(out, sinktest.Taken{ID: e.ID.String(), Body: in.Text(), Got: e})
	}
	if err := in.Err(); err != nil {
		t.Error(err)
	}
	return out
}

func checkHostile(t *testing.T, got sinktest.Taken, sent bridge.Event) {
	if want := string(sent.AppendJSON(nil)); got.Body != want {
		t.Errorf("got %.300q", got.Body)
	}
	if e := got.Got.(bridge.Event); e.ExternalKey != sent.ExternalKey || e.Survey[0] != sent.Survey[0] {
		t.Errorf("read back as %.300q", e.ExternalKey)
	}
}

func deliver(t *testing.T, s *filesink.Sink, n byte) *bridge.DeliveryError {
	t.Helper()
	_, err := s.Deliver(t.Context(), bridge.Delivery{Events: []bridge.Event{sinktest.PlainEvent(n)}, Attempt: 1})
	var de *bridge.DeliveryError
	if err != nil && !errors.As(err, &de) {
		t.Fatalf("%T: %v", err, err)
	}
	return de
}

func line(n byte) string {
	e := sinktest.PlainEvent(n)
	return string(e.AppendJSON(nil)) + "\n"
}

func TestLastLine(t *testing.T) {
	whole := line(1)
	for _, c := range []struct{ name, before, want string }{
		{"a new file", "", line(2)},
		{"whole lines", whole, whole + line(2)},
		{"torn after the first byte", whole + "{", whole + line(2)},
		{"torn in the middle", whole + whole[:50], whole + line(2)},
		{"torn before the newline", whole + whole[:len(whole)-1], whole + line(2)},
		{"torn, and nothing before it", whole[:20], line(2)},
		{"torn and long", whole + `{"id":"` + strings.Repeat("x", 200<<10), whole + line(2)},
		{"somebody else's", "no newline", "no newline\n" + line(2)},
		{"somebody else's, behind ours", whole + "#", whole + "#\n" + line(2)},
		{"too long to be ours", `{"id":"` + strings.Repeat("x", 16<<20), `{"id":"` + strings.Repeat("x", 16<<20) + "\n" + line(2)},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "f")
			if c.before != "" {
				if err := os.WriteFile(path, []byte(c.before), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if de := deliver(t, newSink(t, filesink.Options{Path: path}), 2); de != nil {
				t.Fatal(de)
			}
			if got := readFile(t, path); got != c.want {
				t.Errorf("got %.300q (%d bytes)\nwant %.300q (%d bytes)", got, len(got), c.want, len(c.want))
			}
		})
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	deliver(t, newSink(t, filesink.Options{Path: path}), 1)
	fi, err := os.Stat(path)
	if err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", fi.Mode(), err)
	}
}

func TestMovedAway(t *testing.T) {
	dir := t.TempDir()
	path, old := filepath.Join(dir, "f"), filepath.Join(dir, "f.1")
	var log bytes.Buffer
	s := newSink(t, filesink.Options{Path: path, Name: "log", Log: zerolog.New(&log)})
	deliver(t, s, 1)
	if err := os.Rename(path, old); err != nil {
		t.Fatal(err)
	}
	deliver(t, s, 2)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	deliver(t, s, 3)
	if got := readFile(t, old) + readFile(t, path); got != line(1)+line(3) {
		t.Errorf("got %s", got)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	deliver(t, s, 4)
	if got := readFile(t, path); got != line(4) {
		t.Errorf("after truncation %q", got)
	}
	if n := strings.Count(log.String(), "moved away"); n != 2 {
		t.Errorf("said %d times: %s", n, log.String())
	}
}

func TestFaults(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, path, want string }{
		{"no folder", filepath.Join(dir, "none", "f"), "no such file"},
		{"a directory", dir, "is a directory"},
		{"a full disk", "/dev/full", "no space left"},
		{"a pipe without a reader", fifo, "no such device"},
	} {
		t.Run(c.name, func(t *testing.T) {
			de := deliver(t, newSink(t, filesink.Options{Path: c.path}), 1)
			if de == nil || de.Scope != bridge.ThisRecipient || !de.Down || de.Permanent || !strings.Contains(de.Error(), c.want) {
				t.Errorf("%+v: %v", de, de)
			}
		})
	}
	t.Run("a folder that comes later", func(t *testing.T) {
		path := filepath.Join(dir, "later", "f")
		s := newSink(t, filesink.Options{Path: path})
		if de := deliver(t, s, 1); de == nil {
			t.Fatal("written into nothing")
		}
		if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if de := deliver(t, s, 1); de != nil || readFile(t, path) != line(1) {
			t.Errorf("%v", de)
		}
	})
}

// The limit on the size of files stands in for a disk that fills up in the
// middle of a line: nothing torn is left, and it goes on when there is room.
func TestFullInTheMiddle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	s := newSink(t, filesink.Options{Path: path})
	deliver(t, s, 1)
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	tight := old
	tight.Cur = uint64(len(line(1))*2 - 10)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &tight); err != nil {
		t.Fatal(err)
	}
	de := deliver(t, s, 2)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if de == nil || !de.Down {
		t.Errorf("%+v", de)
	}
	if got := readFile(t, path); got != line(1) {
		t.Errorf("left behind: %q", got)
	}
	if de := deliver(t, s, 2); de != nil || readFile(t, path) != line(1)+line(2) {
		t.Errorf("%v: %q", de, readFile(t, path))
	}
}

// A delivery that gave up while it waited is taken back: its next attempt
// must not find it written twice once the disk moves again.
func TestTakenBack(t *testing.T) {
	pr, pw := io.Pipe()
	s := newSink(t, filesink.Options{Path: "-", Out: pw, Timeout: 200 * time.Millisecond})
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() {
		_, err := s.Deliver(ctx, bridge.Delivery{Events: []bridge.Event{sinktest.PlainEvent(1)}})
		first <- err
	}()
	one := make([]byte, 1)
	if _, err := pr.Read(one); err != nil { // the writer is at work on the first
		t.Fatal(err)
	}
	if de := deliver(t, s, 2); de == nil || !errors.Is(de, context.DeadlineExceeded) {
		t.Fatalf("%v", de)
	}
	cancel()
	if err := <-first; err == nil {
		t.Error("the first came back without an error")
	}
	rest := make(chan string, 1)
	go func() {
		b, _ := io.ReadAll(pr)
		rest <- string(one) + string(b)
	}()
	if _, err := s.Deliver(t.Context(), bridge.Delivery{Events: []bridge.Event{sinktest.PlainEvent(3)}}); err != nil {
		t.Fatal(err)
	}
	_ = pw.Close()
	if got := <-rest; got != line(1)+line(3) {
		t.Errorf("got %s", got)
	}
}

func TestClosed(t *testing.T) {
	s := newSink(t, filesink.Options{Path: filepath.Join(t.TempDir(), "f")})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if de := deliver(t, s, 1); de == nil {
		t.Error("delivered after Close")
	}
}

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ name, path, wantPath, want string }{
		{"missing", "", "", "path: is missing"},
		{"dash", "-", "-", ""},
		{"relative", "a/b", filepath.Join(dir, "a/b"), ""},
		{"absolute", "/a/b", "/a/b", ""},
		{"a directory", dir, dir, "path: " + dir + " is a directory"},
		{"a slash behind", "x/", filepath.Join(dir, "x"), "path: " + dir + "/x is a directory"},
		{"zero byte", "a\x00b", "a\x00b", "path: has a zero byte"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := filesink.Options{Path: c.path}
			var got string
			for _, p := range o.Check(dir) {
				got += p.String()
			}
			if !strings.HasPrefix(got, c.want) || (got == "") != (c.want == "") || o.Path != c.wantPath {
				t.Errorf("path %q, %q; want %q, %q", o.Path, got, c.wantPath, c.want)
			}
		})
	}
}

// Deliveries that come together share a sync, and each finds its line there
// when it comes back.
func TestManyAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	s := newSink(t, filesink.Options{Path: path})
	var wg sync.WaitGroup
	for n := range byte(64) {
		wg.Go(func() {
			if _, err := s.Deliver(t.Context(), bridge.Delivery{Events: []bridge.Event{sinktest.PlainEvent(n)}}); err != nil {
				t.Error(err)
			}
			if b, err := os.ReadFile(path); err != nil || !strings.Contains(string(b), line(n)) {
				t.Errorf("event %d is not in the file, %v", n, err)
			}
		})
	}
	wg.Wait()
	var got []string
	for _, l := range taken(t, []byte(readFile(t, path))) {
		got = append(got, l.ID)
	}
	slices.Sort(got)
	if len(slices.Compact(got)) != 64 {
		t.Errorf("%d lines", len(got))
	}
}
