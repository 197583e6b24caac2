package tail

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tailpost/tailpost/bridge"
)

func globRig(t *testing.T, pattern string, change ...func(*Options)) *rig {
	return newRig(t, append(change, func(o *Options) { o.Path = filepath.Join(filepath.Dir(o.Path), pattern) })...)
}

// wantOf waits until each log has given exactly these lines, in their order.
func (r *rig) wantOf(want map[string][]string) {
	r.t.Helper()
	n := 0
	for _, ls := range want {
		n += len(ls)
	}
	r.until(fmt.Sprintf("%d lines", n), func() bool { return len(r.lines) >= n })
	got := map[string][]string{}
	for _, text := range r.texts() {
		log := text[:1]
		got[log] = append(got[log], text)
	}
	for log, ls := range want {
		if !slices.Equal(got[log], ls) {
			r.t.Errorf("of %s:\n got %q\nwant %q", log, got[log], ls)
		}
	}
	if len(r.texts()) != n {
		r.t.Errorf("%d lines, want %d: %s", len(r.texts()), n, brief(r.texts()))
	}
}

func TestGlob(t *testing.T) {
	t.Parallel()
	r := globRig(t, "*.log")
	r.write("a.log", text("a1"))
	r.write("b.log", text("b1"))
	r.write("other.txt", text("no"))
	r.write(".hidden.log", text("no"))
	r.write("d.log.gz", "no")
	r.start()
	r.wantOf(map[string][]string{"a": {"a1"}, "b": {"b1"}})
	r.write("a.log", text("a2"))
	r.write("c.log", text("c1")) // comes: from its beginning
	r.wantOf(map[string][]string{"a": {"a1", "a2"}, "b": {"b1"}, "c": {"c1"}})
	r.remove("b.log")
	r.rename("a.log", "a.log.1") // rotated: no log of its own
	r.write("a.log", text("a3"))
	r.wantOf(map[string][]string{"a": {"a1", "a2", "a3"}, "b": {"b1"}, "c": {"c1"}})
	r.quiet()
	r.restart()
	r.quiet()
	r.write("b.log", text("b2")) // comes back
	r.wantOf(map[string][]string{"a": {"a1", "a2", "a3"}, "b": {"b1", "b2"}, "c": {"c1"}})
	r.wantNoLoss()
}

// Names that rotation gives answer to the glob too. They belong to their log.
func TestGlobMatchesSiblings(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, pattern, sibling, older string }{
		{name: "numbers", pattern: "*", sibling: "a.log.1", older: "a.log.2"},
		{name: "dates", pattern: "*.log", sibling: "a-20260131.log", older: "a-20260130.log"},
		{name: "archives", pattern: "a*", sibling: "a.log-20260131", older: "a.log-20260130.gz"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := globRig(t, tc.pattern, func(o *Options) { o.Start = StartEnd })
			r.write(tc.sibling, text("old"))
			r.write("a.log", text("skipped"))
			r.start()
			r.wantSeen()
			r.write("a.log", text("a1"))
			r.want("a1")
			r.rename(tc.sibling, "gone")
			r.remove("gone")
			r.rename("a.log", tc.sibling)
			r.write("a.log", text("a2"))
			r.want("a1", "a2")
			r.quiet()
			r.halt()
			if filepath.Ext(tc.older) == packedExt {
				r.gzip(tc.sibling, tc.older)
			} else {
				r.rename(tc.sibling, tc.older)
			}
			r.write("a.log", text("a3"))
			r.rename("a.log", tc.sibling)
			r.start() // there is no a.log now, but it is known
			r.want("a1", "a2", "a3")
			r.write("a.log", text("a4"))
			r.want("a1", "a2", "a3", "a4")
			r.restart()
			r.quiet()
			r.wantNoLoss()
		})
	}
}

func TestGlobOfDirectories(t *testing.T) {
	t.Parallel()
	r := globRig(t, "*/app.log")
	r.start()
	r.wantStats("that nothing matches", func(s Stats) bool { return s.Waiting == "no file matches "+r.o.Path })
	for _, d := range []string{"a", "b"} {
		if err := os.Mkdir(r.file(d), 0o755); err != nil {
			t.Fatal(err)
		}
		r.write(d+"/app.log", text(d+"1"))
	}
	r.wantOf(map[string][]string{"a": {"a1"}, "b": {"b1"}})
	r.write("b/app.log", text("b2"))
	r.wantOf(map[string][]string{"a": {"a1"}, "b": {"b1", "b2"}})
	if got := r.lines[0].Stream; got != r.file(r.lines[0].text[:1]+"/app.log") {
		t.Errorf("stream %q", got)
	}
	r.wantStats("nothing is waited for", func(s Stats) bool { return s.Waiting == "" })
}

func TestGlobWithoutDirectory(t *testing.T) {
	t.Parallel()
	var log logBuffer
	r := globRig(t, "d/*.log", withLog(&log))
	r.start()
	r.wantStats("the directory is named", func(s Stats) bool { return s.Waiting == "the directory "+r.file("d")+" does not exist" })
	r.quiet()
	if err := os.Mkdir(r.file("d"), 0o755); err != nil {
		t.Fatal(err)
	}
	r.write("d/a.log", text("a1"))
	r.want("a1")
	r.wantStats("nothing is waited for", func(s Stats) bool { return s.Waiting == "" })
	if n := len(log.with(t, "waiting for log files")); n < 1 || n > 2 {
		t.Errorf("said %d times", n)
	}
}

// start counts for the files that are there when the source is first seen.
func TestGlobFirstStart(t *testing.T) {
	t.Parallel()
	r := globRig(t, "*.log", func(o *Options) { o.Start = StartEnd })
	for _, name := range []string{"a.log", "b.log", "c.log"} {
		r.write(name, text("old"))
	}
	batches := 0
	r.fail = func(bridge.Batch) error { // it dies when the second log is decided
		if batches++; batches == 2 {
			return errCrash
		}
		return nil
	}
	r.start()
	if err := <-r.done; err != errCrash {
		t.Fatal(err)
	}
	r.stop = nil
	r.start()
	r.wantSeen()
	r.quiet()
	r.write("d.log", text("d1"))
	r.write("a.log", text("a1"))
	r.wantOf(map[string][]string{"a": {"a1"}, "d": {"d1"}})
}

// A log that is renamed to another name of the glob goes on there.
func TestGlobRename(t *testing.T) {
	t.Parallel()
	for _, down := range []bool{false, true} {
		t.Run(fmt.Sprintf("down %v", down), func(t *testing.T) {
			t.Parallel()
			r := globRig(t, "*.log")
			r.write("a.log", text(numbered(0, 100)...))
			r.start()
			r.want(numbered(0, 100)...)
			if down {
				r.halt()
			}
			r.rename("a.log", "b.log")
			r.write("b.log", text(numbered(100, 110)...))
			if down {
				r.start()
			}
			r.want(numbered(0, 110)...)
			r.restart()
			r.quiet()
			r.write("a.log", text(numbered(110, 120)...))
			r.want(numbered(0, 120)...)
			r.quiet()
			r.wantNoLoss()
		})
	}
}

// Further names of a file are not read again.
func TestGlobLinks(t *testing.T) {
	t.Parallel()
	r := globRig(t, "*.log")
	r.write("a.log", text("a1"))
	if err := os.Symlink("a.log", r.file("current.log")); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(r.file("a.log"), r.file("z.log")); err != nil {
		t.Fatal(err)
	}
	r.start()
	r.want("a1")
	r.write("z.log", text("a2"))
	r.want("a1", "a2")
	r.quiet()
	r.restart()
	r.quiet()
}

// Links that lead into one directory, to names that differ in a number, as
// Kubernetes has them for a container and its next start.
func TestGlobOfLinks(t *testing.T) {
	t.Parallel()
	r := globRig(t, "*.log")
	if err := os.Mkdir(r.file("d"), 0o755); err != nil {
		t.Fatal(err)
	}
	link := func(to, name string) {
		if err := os.Symlink(to, r.file(name)); err != nil {
			t.Fatal(err)
		}
	}
	r.write("d/0.log", text("a1"))
	link("d/0.log", "a.log")
	r.start()
	r.want("a1")
	r.write("d/1.log", text("b1"))
	r.quiet()
	link("d/1.log", "b.log")
	r.wantOf(map[string][]string{"a": {"a1"}, "b": {"b1"}})
	r.write("d/0.log", text("a2"))
	r.rename("d/0.log", "d/0.log.20260131-120000")
	r.write("d/0.log", text("a3"))
	r.wantOf(map[string][]string{"a": {"a1", "a2", "a3"}, "b": {"b1"}})
	r.quiet()
	r.restart()
	r.quiet()
	r.wantNoLoss()
}

// What is gone is forgotten: neither state nor descriptors pile up.
func TestGlobComeAndGo(t *testing.T) {
	t.Parallel()
	r := globRig(t, "*.log")
	r.write("stays.log", text("x"))
	r.start()
	r.want("x")
	for i := range 20 {
		name := fmt.Sprintf("session-%c.log", 'a'+i)
		r.write(name, text(name))
		r.until("the line", func() bool { return len(r.lines) == i+2 })
		r.remove(name)
	}
	r.until("one file and \"seen\" are left", func() bool { return len(r.pos) == 2 })
	r.quiet()
	r.wantNoLoss()
}

// The last of all was removed unread while we were down.
func TestGlobRemovedWhileDown(t *testing.T) {
	t.Parallel()
	r := globRig(t, "*.log")
	r.write("a.log", text("a1")+"unread")
	r.write("b.log", text("b1"))
	r.start()
	r.wantOf(map[string][]string{"a": {"a1"}, "b": {"b1"}})
	r.quiet()
	r.write("a.log", "x")
	r.quiet()
	r.halt()
	r.remove("a.log")
	r.start()
	r.until("the loss is told", func() bool { return len(r.losses) == 1 })
	r.restart()
	r.quiet()
	if len(r.losses) != 1 || r.losses[0].Bytes < 6 || len(r.pos) != 2 {
		t.Errorf("losses %+v, %d positions", r.losses, len(r.pos))
	}
}
