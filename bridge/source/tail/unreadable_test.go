package tail

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// deny makes opening the log fail, as its mode would if we were not root.
func deny(r *rig) *atomic.Bool {
	var denied atomic.Bool
	denied.Store(true)
	r.src.open = func(path string) (*os.File, error) {
		if denied.Load() && filepath.Base(path) == "app.log" {
			return nil, &os.PathError{Op: "open", Path: path, Err: syscall.EACCES}
		}
		return openToRead(path)
	}
	return &denied
}

func TestUnreadableFile(t *testing.T) {
	t.Parallel()
	var log logBuffer
	r := newRig(t, withLog(&log))
	denied := deny(r)
	r.write("app.log", text("a"))
	if err := os.Chmod(r.path, 0o640); err != nil {
		t.Fatal(err)
	}
	r.start()
	r.wantStats("whose it is", func(s Stats) bool {
		return strings.HasPrefix(s.Waiting, "no permission to read "+r.path+", which has owner ") && strings.HasSuffix(s.Waiting, "mode 0640")
	})
	r.quiet()
	denied.Store(false)
	r.want("a")
	said := log.with(t, "waiting for the log file")
	if len(said) != 1 || said[0]["as"] == nil || said[0]["hint"] == nil || said[0]["source"] != "test" {
		t.Errorf("said %v", said)
	}
	if len(log.with(t, "the log file can be read now")) != 1 {
		t.Error("it was not said that it can be read")
	}
}

// What is written while the file can't be read yet is not skipped.
func TestUnreadableAtTheFirstStart(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Start = StartEnd })
	denied := deny(r)
	r.write("app.log", text("old")+"half")
	r.start()
	r.wantSeen()
	r.write("app.log", text("", "new"))
	r.restart()
	denied.Store(false)
	r.want("half", "new")
	r.wantNoLoss()
}

// A restart while the file can't be read loses no position.
func TestUnreadableAtRestart(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", text("a"))
	r.start()
	r.want("a")
	r.halt()
	r.write("app.log", text("b"))
	denied := deny(r)
	r.start()
	r.quiet()
	denied.Store(false)
	r.want("a", "b")
	r.wantNoLoss()
}

// refuse makes opening a file fail, by its identity, whatever its name.
func refuse(r *rig, name string) *atomic.Bool {
	r.t.Helper()
	st, err := statPath(r.file(name))
	if err != nil {
		r.t.Fatal(err)
	}
	var denied atomic.Bool
	denied.Store(true)
	r.src.open = func(path string) (*os.File, error) {
		if now, err := statPath(path); err == nil && now.id == st.id && denied.Load() {
			return nil, &os.PathError{Op: "open", Path: path, Err: syscall.EACCES}
		}
		return openToRead(path)
	}
	return &denied
}

// Rotation gave the new file a wrong mode; it is mended when that file has
// long been rotated itself. Nothing is lost.
func TestUnreadableUntilRotated(t *testing.T) {
	t.Parallel()
	for _, restart := range []bool{false, true} {
		r := newRig(t)
		r.write("app.log", text("a"))
		r.start()
		r.want("a")
		r.write("app.next", text("b"))
		denied := refuse(r, "app.next")
		r.restart()
		r.rename("app.log", "app.log.1")
		r.rename("app.next", "app.log")
		r.wantStats("no permission", func(s Stats) bool { return strings.HasPrefix(s.Waiting, "no permission") })
		r.until("it is remembered", func() bool { return len(r.pos) == 3 })
		r.rename("app.log.1", "app.log.2")
		r.rename("app.log", "app.log.1")
		r.write("app.log", text("c"))
		r.want("a", "c")
		r.quiet()
		if restart {
			r.halt()
		}
		later := time.Now().Add(time.Hour)
		r.write("app.log", text("d"))
		if err := os.Chtimes(r.path, later, later); err != nil {
			t.Fatal(err)
		}
		if restart {
			r.start()
		}
		r.want("a", "c", "d")
		r.quiet()
		denied.Store(false)
		r.want("a", "c", "d", "b")
		r.quiet()
		r.wantNoLoss()
		r.halt()
	}
}

// One that goes before it could be read is missed.
func TestUnreadableAndRemoved(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", text("a"))
	r.start()
	r.want("a")
	r.write("app.next", text("1234567"))
	refuse(r, "app.next")
	r.restart()
	r.rename("app.log", "app.log.1")
	r.rename("app.next", "app.log")
	r.until("it is remembered", func() bool { return len(r.pos) == 3 })
	r.write("app.log", text("89"))
	r.settle()
	r.remove("app.log")
	r.write("app.log", text("b"))
	r.want("a", "b")
	r.until("the loss is told", func() bool { return len(r.losses) == 1 && r.losses[0].Bytes == 11 })
	r.restart()
	r.quiet()
	if len(r.losses) != 1 {
		t.Errorf("losses %+v", r.losses)
	}
}
