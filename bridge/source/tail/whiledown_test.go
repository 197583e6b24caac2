package tail

import (
	"os"
	"testing"
	"time"
)

func TestOldSiblingsAreNeverRead(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log.2", text("oldest"))
	r.write("app.log.1", text("old"))
	r.write("app.log", text("a"))
	r.start()
	r.want("a")
	r.halt()
	for _, mv := range [][2]string{{"app.log.2", "app.log.3"}, {"app.log.1", "app.log.2"}, {"app.log", "app.log.1"}} {
		r.rename(mv[0], mv[1])
	}
	r.write("app.log", text("b"))
	r.start()
	r.want("a", "b")
	r.quiet()
	r.copy("app.log.3", "app.log.4") // shifted by copying: another inode, the same content
	r.quiet()
	r.halt()
	r.copy("app.log.2", "app.log.5")
	r.start()
	r.quiet()
	r.wantNoLoss()
}

// A sibling that turns up with an old time, from a backup perhaps, is older
// than what was read.
func TestOldFileTurnsUp(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", text("a"))
	r.start()
	r.want("a")
	r.halt()
	r.write("app.log.7", text("restored"))
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(r.file("app.log.7"), old, old); err != nil {
		t.Fatal(err)
	}
	r.start()
	r.quiet()
	r.write("app.log", text("b"))
	r.want("a", "b")
}

// All files are new ones with the same content and times, as after a move to
// another machine.
func TestRestoredElsewhere(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", text(numbered(0, 50)...))
	r.start()
	r.want(numbered(0, 50)...)
	r.rename("app.log", "app.log.1")
	r.write("app.log", text(numbered(50, 100)...))
	r.want(numbered(0, 100)...)
	r.quiet() // app.log.1 is finished now
	r.halt()
	for _, name := range []string{"app.log.1", "app.log"} {
		st, err := os.Stat(r.file(name))
		if err != nil {
			t.Fatal(err)
		}
		r.copy(name, "copy")
		if err := os.Chtimes(r.file("copy"), st.ModTime(), st.ModTime()); err != nil {
			t.Fatal(err)
		}
		r.rename("copy", name)
	}
	r.write("app.log", text(numbered(100, 110)...))
	r.start()
	r.want(numbered(0, 110)...)
	r.quiet()
	r.wantNoLoss()
}

// The position's file is found under a name that is no sibling's.
func TestRenamedToAnything(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", text("a"))
	r.start()
	r.want("a")
	r.halt()
	r.write("app.log", text("b"))
	r.rename("app.log", "archive of app")
	r.write("app.log", text("c"))
	r.start()
	r.want("a", "b", "c")
	r.wantNoLoss()
}

// Finished files are forgotten once they are gone.
func TestStateDoesNotGrow(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", text("0"))
	r.start()
	r.want("0")
	for i := 1; i < 6; i++ {
		r.rename("app.log", "app.log.1") // over the one before
		r.write("app.log", text(string(rune('0'+i))))
		r.until("the line", func() bool { return len(r.lines) == i+1 })
	}
	r.until("two files and \"seen\" are left", func() bool { return len(r.pos) == 3 })
	r.remove("app.log.1")
	r.until("one file and \"seen\" are left", func() bool { return len(r.pos) == 2 })
	r.wantNoLoss()
}
