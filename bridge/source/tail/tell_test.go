package tail

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/status"
)

func told(s *Source) (to status.Source) {
	s.Tell(&to)
	return to
}

// wantState waits until the source is in a state, and says so.
func (r *rig) wantState(want status.State, text string) {
	r.t.Helper()
	var is status.Source
	r.until(string(want)+" "+text, func() bool {
		is = told(r.src)
		return is.State == want && strings.Contains(is.Text, text) && (is.Text == "") == (text == "")
	})
	if is.Since.IsZero() != (want == status.OK) {
		r.t.Errorf("%s since %v", is.State, is.Since)
	}
}

// TestStates: as the log comes, goes, and is something else for a while.
func TestStates(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Path = filepath.Join(filepath.Dir(o.Path), "logs", "app.log") })
	r.path, r.dir = r.o.Path, filepath.Dir(r.o.Path)
	if is := told(r.src); is.State != status.Starting {
		t.Errorf("before it runs: %+v", is)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	r.start()
	r.wantState(status.Unreadable, "the directory "+r.dir+" does not exist: create it")
	must(os.Mkdir(r.dir, 0o755))
	r.wantState(status.Waiting, r.path+" does not exist: it is read as soon as it appears")
	must(os.Mkdir(r.path, 0o755))
	r.wantState(status.Unreadable, "is a directory, not a log file")
	must(os.Remove(r.path))
	r.write("app.log", text("a"))
	r.want("a")
	r.wantState(status.OK, "")
	r.rename("app.log", "app.log.1")
	r.wantState(status.Waiting, "does not exist")
	must(os.RemoveAll(r.dir))
	r.wantState(status.Unreadable, "the directory "+r.dir)
	must(os.Mkdir(r.dir, 0o755))
	r.write("app.log", text("b"))
	r.want("a", "b")
	r.wantState(status.OK, "")
}

func TestStateOfWhatMayNotBeRead(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	denied := deny(r)
	r.write("app.log", text("a"))
	r.start()
	r.wantState(status.Unreadable, "; the bridge runs as ")
	denied.Store(false)
	r.want("a")
	r.wantState(status.OK, "")
}

// A file that is open and can't be read.
func TestStateOfWhatFails(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", text("a"))
	r.start()
	r.want("a")
	f := r.src.field.Load()
	l := f.all()[0]
	k := l.gauge.knows()
	k.failing = "reading it fails"
	l.gauge.read(k, nil)
	if is := told(r.src); is.State != status.Unreadable || is.Text != "reading it fails" || is.Since.IsZero() {
		t.Errorf("%+v", is)
	}
}

func (g *gauge) knows() known {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.known
}

func TestStatesOfGlobs(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Path = filepath.Join(filepath.Dir(o.Path), "pods", "*", "*.log") })
	var denied atomic.Bool
	r.src.open = func(path string) (*os.File, error) {
		if denied.Load() && filepath.Base(path) == "b.log" {
			return nil, &os.PathError{Op: "open", Path: path, Err: syscall.EACCES}
		}
		return openToRead(path)
	}
	r.start()
	r.wantState(status.Unreadable, "pods does not exist")
	mkdir := func(name string) {
		t.Helper()
		if err := os.MkdirAll(r.file(name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	mkdir("pods/x")
	r.wantState(status.Waiting, "no file matches ")
	r.write("pods/x/a.log", text("a"))
	r.want("a")
	r.wantState(status.OK, "")
	denied.Store(true)
	mkdir("pods/y")
	r.write("pods/y/b.log", text("b"))
	r.wantState(status.Unreadable, "no permission to read "+r.file("pods/y/b.log"))
	denied.Store(false)
	r.want("a", "b")
	r.wantState(status.OK, "")
	if is := told(r.src); len(is.Files) != 2 || is.LagBytes != 0 || is.Files[0].Position != 2 {
		t.Errorf("%+v", is)
	}
	// They come and go with their directories.
	if err := os.RemoveAll(r.file("pods/y")); err != nil {
		t.Fatal(err)
	}
	r.quiet()
	r.wantState(status.OK, "")
	if err := os.RemoveAll(r.file("pods/x")); err != nil {
		t.Fatal(err)
	}
	r.wantState(status.Waiting, " is gone: ")
}

// TestLag: what nobody takes is counted over all files, also those that come
// while the reader waits.
func TestLag(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	taken, release := make(chan struct{}), make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	r.write("app.log", text("old"))
	go func() {
		done <- r.src.Run(ctx, nil, func(ctx context.Context, b bridge.Batch) error {
			if len(b.Records) > 0 {
				select {
				case taken <- struct{}{}:
				case <-release:
				}
				select {
				case <-release:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return r.emit(ctx, b)
		})
	}()
	<-taken
	wantLag := func(bytes int64, files int) {
		t.Helper()
		var is status.Source
		r.until("the lag", func() bool { is = told(r.src); return is.LagBytes == bytes })
		if (is.LagSeconds > 0) != (bytes > 0) || len(is.Files) < files {
			t.Errorf("%+v", is)
		}
	}
	wantLag(4, 1)
	r.write("app.log", text("more"))
	wantLag(9, 1)
	r.rename("app.log", "app.log.1")
	r.write("app.log", text("new"))
	wantLag(13, 1)
	r.rename("app.log.1", "app.log.2")
	r.rename("app.log", "app.log.1")
	r.write("app.log", text("newer"))
	r.write("app.log.1", text("late"))
	wantLag(24, 1)
	close(release)
	r.want("old", "more", "new", "late", "newer")
	wantLag(0, 1)
	if is := told(r.src).Files[0]; is.Path != r.path || is.Position != 6 || is.Size != 6 || is.Changed.IsZero() {
		t.Errorf("%+v", is)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
