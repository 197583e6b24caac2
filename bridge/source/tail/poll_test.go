package tail

import (
	"testing"
	"time"
)

// Without any notifications the rescans find everything.
func TestNoWatchersLeft(t *testing.T) {
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

// With notifications nobody waits for the rescan.
func TestHintsAreEnough(t *testing.T) {
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
