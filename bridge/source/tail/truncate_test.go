package tail

import (
	"os"
	"testing"
)

// Nothing unread was seen, so nothing is said to be lost.
func TestTruncatedWhenRead(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", text("a", "b"))
	r.start()
	r.want("a", "b")
	r.truncate("app.log")
	r.wantStats("the truncation is seen", func(s Stats) bool { return s.Truncations == 1 })
	r.write("app.log", text("c"))
	r.want("a", "b", "c")
	r.wantNoLoss()
}

func TestTruncatedUnread(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", text("a")+"0123456789") // the second line has no end yet
	r.start()
	r.want("a")
	r.wantStats("nothing more", func(Stats) bool { return true })
	r.quiet()
	r.truncate("app.log")
	r.until("the loss is told", func() bool { return len(r.losses) == 1 })
	r.write("app.log", text("b"))
	r.want("a", "b")
	if l := r.losses[0]; l.Bytes != 10 || l.Stream != r.path || l.Reason == "" {
		t.Errorf("loss %+v", l)
	}
	r.wantStats("ten lost bytes", func(s Stats) bool { return s.Discontinuities == 1 && s.LostBytes == 10 })
}

// Size alone doesn't tell: the new content is longer than the old was.
func TestRegrownBeyondTheOldOffset(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", text(numbered(0, 50)...))
	r.start()
	r.want(numbered(0, 50)...)
	r.mu.Lock()
	r.put("app.log", text(numbered(100, 200)...), os.O_TRUNC|os.O_WRONLY)
	r.mu.Unlock()
	r.want(append(numbered(0, 50), numbered(100, 200)...)...)
	r.wantStats("a truncation", func(s Stats) bool { return s.Truncations == 1 })
	r.wantNoLoss()
}

func TestRegrownWhileDown(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", text(numbered(0, 50)...))
	r.start()
	r.want(numbered(0, 50)...)
	r.halt()
	r.put("app.log", text(numbered(100, 200)...), os.O_TRUNC|os.O_WRONLY)
	r.start()
	r.want(append(numbered(0, 50), numbered(100, 200)...)...)
	r.until("the loss is told, of unknown size", func() bool { return len(r.losses) == 1 && r.losses[0].Bytes == 0 })
	r.restart()
	r.quiet()
	if len(r.losses) != 1 {
		t.Errorf("losses %+v", r.losses)
	}
}

// What was read still stands; what was unread is gone.
func TestTruncatedToTheOffset(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", text("a")+"012345")
	r.start()
	r.want("a")
	r.quiet()
	if err := os.Truncate(r.path, 2); err != nil {
		t.Fatal(err)
	}
	r.until("the loss is told", func() bool { return len(r.losses) == 1 && r.losses[0].Bytes == 6 })
	r.write("app.log", text("b"))
	r.want("a", "b")
}

func TestRemovedWhileDown(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", text("a")+"unread")
	r.start()
	r.want("a")
	r.quiet()
	r.write("app.log", text(" more")) // now it is known how long it was
	r.want("a", "unread more")
	r.halt()
	r.remove("app.log")
	r.write("app.log", text("b"))
	r.start()
	r.want("a", "unread more", "b")
	r.until("the loss is told", func() bool { return len(r.losses) == 1 })
	if len(r.pos) != 2 {
		t.Errorf("positions %d, want that of the new file and \"seen\"", len(r.pos))
	}
}
