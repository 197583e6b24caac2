package tail

import "testing"

func TestRenameAndCreate(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	all := numbered(0, 400)
	r.write("app.log", text(all[:100]...))
	r.start()
	r.want(all[:100]...)
	r.write("app.log", text(all[100:200]...)) // not read yet, maybe, when it is renamed
	r.rename("app.log", "app.log.1")
	r.write("app.log", text(all[200:300]...))
	r.want(all[:300]...)
	r.rename("app.log.1", "app.log.2")
	r.rename("app.log", "app.log.1")
	r.write("app.log", text(all[300:]...))
	r.want(all...)
	r.quiet()
	r.wantNoLoss()
	if s := r.src.Stats(); s.Rotations != 2 || s.Truncations != 0 {
		t.Errorf("stats %+v", s)
	}
}

// The next file may be long in coming.
func TestRenameWithoutCreate(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", text("a"))
	r.start()
	r.want("a")
	r.rename("app.log", "app.log.1")
	r.wantStats("it is said that the file is missing", func(s Stats) bool { return s.Waiting != "" })
	r.quiet()
	r.write("app.log", text("b"))
	r.want("a", "b")
	r.wantStats("it is said that it is there", func(s Stats) bool { return s.Waiting == "" })
	r.wantNoLoss()
}

// A file that never had the name while we looked is read all the same.
func TestRotatedBetweenLooks(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", text("a"))
	r.start()
	r.want("a")
	r.halt() // the longest time between two looks
	r.write("app.log", text("b"))
	r.rename("app.log", "app.log.2")
	r.write("app.log.1", text("c"))
	r.write("app.log", text("d"))
	r.start()
	r.want("a", "b", "c", "d")
	r.wantNoLoss()
}

func TestDeleteAndCreate(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", text("a", "b"))
	r.start()
	r.want("a", "b")
	r.remove("app.log")
	r.write("app.log", text("c"))
	r.want("a", "b", "c")
	r.quiet()
	r.write("app.log", text("d"))
	r.want("a", "b", "c", "d")
	r.wantNoLoss()
}

// What was written before the file was deleted is read from the descriptor.
func TestDeletedUnread(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", text("a"))
	r.start()
	r.want("a")
	r.mu.Lock() // emit blocks, and with it the reader
	r.write("app.log", text("b"))
	r.write("app.log", text("c"))
	r.remove("app.log")
	r.write("app.log", text("d"))
	r.mu.Unlock()
	r.want("a", "b", "c", "d")
	r.wantNoLoss()
	r.until("the deleted file is forgotten", func() bool { return len(r.pos) == 2 }) // the new one and "seen"
}

// An editor puts a copy in the place of the file.
func TestReplacedByACopy(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	all := numbered(0, 300)
	r.write("app.log", text(all[:200]...))
	r.start()
	r.want(all[:200]...)
	r.write("new", text(all[:250]...))
	r.rename("new", "app.log")
	r.want(all[:250]...)
	r.write("app.log", text(all[250:]...))
	r.want(all...)
	r.quiet()
	r.restart()
	r.quiet()
	r.wantNoLoss()
}
