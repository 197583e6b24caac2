package tail

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/rs/zerolog"
)

// logBuffer keeps what is logged.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// with gives the log lines with this message.
func (l *logBuffer) with(t *testing.T, message string) []map[string]any {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []map[string]any
	for line := range strings.Lines(l.b.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		if m["message"] == message {
			found = append(found, m)
		}
	}
	return found
}

func withLog(l *logBuffer) func(*Options) {
	return func(o *Options) { o.Log = zerolog.New(l) }
}

func TestNoFileYet(t *testing.T) {
	t.Parallel()
	var log logBuffer
	r := newRig(t, withLog(&log), func(o *Options) { o.Start = StartEnd })
	r.start()
	r.wantSeen()
	r.wantStats("it is said what is waited for", func(s Stats) bool { return s.Waiting == r.path+" does not exist" })
	r.quiet()
	r.restart() // that there was no file is remembered
	r.quiet()
	r.halt()
	r.write("app.log", text("a")) // appears later, so it is read from 0
	r.start()
	r.want("a")
	r.wantStats("nothing is waited for", func(s Stats) bool { return s.Waiting == "" })
	if got := log.with(t, "waiting for the log file"); len(got) != 1 {
		t.Errorf("said %d times: %v", len(got), got)
	}
}

func TestNoDirectoryYet(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Path = filepath.Join(filepath.Dir(o.Path), "sub", "deep", "app.log") })
	r.start()
	r.wantStats("the missing directory is named", func(s Stats) bool {
		return s.Waiting == "the directory "+r.file("sub")+" does not exist"
	})
	r.wantSeen()
	if err := os.MkdirAll(r.file("sub/deep"), 0o755); err != nil {
		t.Fatal(err)
	}
	r.write("sub/deep/app.log", text("a"))
	r.want("a")
	r.write("sub/deep/app.log", text("b"))
	r.want("a", "b")
}

// The directory is replaced while it is watched.
func TestDirectoryReplaced(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Path = filepath.Join(filepath.Dir(o.Path), "d", "app.log") })
	mkdir := func() {
		if err := os.Mkdir(r.file("d"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	mkdir()
	r.write("d/app.log", text("a"))
	r.start()
	r.want("a")
	r.rename("d", "old")
	mkdir()
	r.write("old/app.log", text("b")) // held still
	r.write("d/app.log", text("c"))
	r.until("three lines", func() bool { return len(r.lines) == 3 })
	r.write("d/app.log", text("d"))
	r.until("four lines", func() bool { return len(r.lines) == 4 })
	r.wantNoLoss()
}

func TestSomethingElseHasTheName(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		make func(path string) error
		want string
	}{
		{name: "directory", make: func(p string) error { return os.Mkdir(p, 0o755) }, want: " is a directory, not a log file"},
		{name: "pipe", make: func(p string) error { return syscall.Mkfifo(p, 0o644) }, want: " is a named pipe, not a log file"},
		{name: "link loop", make: func(p string) error { return os.Symlink(p, p) }, want: " is a loop of symbolic links"},
		{name: "dangling link", make: func(p string) error { return os.Symlink(p+".target", p) }, want: " leads to PATH.target, which does not exist"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			if err := tc.make(r.path); err != nil {
				t.Fatal(err)
			}
			r.start()
			r.wantStats("what is wrong", func(s Stats) bool { return s.Waiting == r.path+strings.ReplaceAll(tc.want, "PATH", r.path) })
			r.remove("app.log")
			r.write("app.log", text("a"))
			r.want("a")
		})
	}
}

// A restart while the file system is not mounted loses no position.
func TestFileHiddenAtRestart(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", text("a", "b"))
	r.start()
	r.want("a", "b")
	r.halt()
	if err := os.Mkdir(r.file("hidden"), 0o755); err != nil {
		t.Fatal(err)
	}
	r.rename("app.log", "hidden/app.log")
	r.start()
	r.quiet()
	r.rename("hidden/app.log", "app.log")
	r.write("app.log", text("c"))
	r.want("a", "b", "c")
	r.wantNoLoss()
}
