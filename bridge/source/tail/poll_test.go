package tail

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Without any notifications the rescans find everything.
func TestNoWatchersLeft(t *testing.T) {
	t.Parallel()
	var log logBuffer
	r := newRig(t, withLog(&log))
	r.src.watcher = noWatcher
	r.write("app.log", text("a"))
	r.start()
	r.want("a")
	r.write("app.log", text("b"))
	r.want("a", "b")
	r.rename("app.log", "app.log.1")
	r.write("app.log.1", text("c"))
	r.write("app.log", text("d"))
	r.want("a", "b", "c", "d")
	if n := len(log.with(t, "no file system notifications; the directory is looked through at intervals instead")); n != 1 {
		t.Errorf("said %d times", n)
	}
}

// Each test of this package that runs a source passes without notifications:
// the rescans find all that they tell.
func TestWithoutNotifications(t *testing.T) {
	t.Parallel()
	if *noHints {
		return // it is being run by itself
	}
	const needHints = "TestWithoutNotifications|TestHintsAreEnough|TestOverflow|TestWatchFollowsTheName"
	const noSource = "TestPacked|TestState|TestCheck|TestSiblings|TestOlderName|TestExplain|Fuzz|Benchmark"
	args := []string{"-nohints", "-test.skip", needHints + "|" + noSource, "-test.timeout", "8m", "-stress.runs", "1"}
	if out, err := exec.CommandContext(t.Context(), os.Args[0], args...).CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", args, err, out)
	}
}

// An overflow says that anything may have happened.
func TestOverflow(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Rescan = time.Hour })
	errs := make(chan error)
	r.src.watcher = func() (*fsnotify.Watcher, error) {
		w, err := newWatcher()
		if err == nil {
			w.Events, w.Errors = make(chan fsnotify.Event), errs // its own events are lost
		}
		return w, err
	}
	r.write("app.log", text("a"))
	r.start()
	r.want("a")
	r.settle() // until the directory is watched
	r.write("app.log", text("b"))
	r.rename("app.log", "app.log.1")
	r.write("app.log", text("c"))
	r.quiet()
	select {
	case errs <- fsnotify.ErrEventOverflow:
	case <-time.After(patience):
		t.Fatal("nobody takes the error")
	}
	r.want("a", "b", "c")
	r.wantNoLoss()
}

// With notifications nobody waits for the rescan.
func TestHintsAreEnough(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Rescan = time.Hour })
	r.write("app.log", text("a"))
	r.start()
	r.want("a")
	r.write("app.log", text("b"))
	r.want("a", "b")
	r.rename("app.log", "app.log.1")
	r.write("app.log", text("c"))
	r.want("a", "b", "c")
	r.copy("app.log", "app.log.0")
	r.truncate("app.log")
	r.write("app.log", text("d"))
	r.want("a", "b", "c", "d")
}
