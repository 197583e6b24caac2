package tail

import "testing"

func TestPartialLineIsCompleted(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", "first ha")
	r.start()
	r.quiet()
	r.write("app.log", "lf\nsec")
	r.want("first half")
	r.quiet()
	r.write("app.log", "ond\n")
	r.want("first half", "second")
	r.restart()
	r.write("app.log", "third\n")
	r.want("first half", "second", "third")
}

func TestPartialLineOverARestart(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", "a\nbc")
	r.start()
	r.want("a")
	r.halt()
	r.write("app.log", "d\n")
	r.start()
	r.want("a", "bcd")
}

// The writer has renamed the file and goes on with its line a moment later.
func TestPartialAtRotationIsCompleted(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Linger = patience })
	r.write("app.log", "a\nbc")
	r.start()
	r.want("a")
	r.rename("app.log", "app.log.1")
	r.write("app.log", text("e"))
	r.want("a", "e")
	r.write("app.log.1", "d\n")
	r.want("a", "e", "bcd")
}

func TestPartialAtRotationIsHandedOut(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", "a\nbc")
	r.start()
	r.want("a")
	r.rename("app.log", "app.log.1")
	r.write("app.log", text("e"))
	r.want("a", "e", "bc")
	if l := r.lines[2]; !l.Partial || l.Offset != 2 || l.Stream != r.file("app.log.1") || string(l.Head) != "a" {
		t.Errorf("record %+v", l.Record)
	}
	r.write("app.log.1", "d\nf\n") // no line is taken back: what comes is one of its own
	r.want("a", "e", "bc", "d", "f")
	r.wantStats("a continuation", func(s Stats) bool { return s.Partial == 1 && s.Continued == 1 })
	if l := r.lines[3]; l.Partial || l.Offset != 4 {
		t.Errorf("record %+v", l.Record)
	}
	r.restart()
	r.quiet()
}

// While a file has its name, its last line waits, however long.
func TestPartialStaysWhileLive(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", "a\nbc")
	r.start()
	r.want("a")
	r.quiet()
	r.restart()
	r.quiet()
	r.write("app.log", "\n")
	r.want("a", "bc")
}

func TestPartialOfADeletedFile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", "a\nbc")
	r.start()
	r.want("a")
	r.remove("app.log")
	r.want("a", "bc")
	r.quiet() // as long as there is no log, it may be hidden with the directory it was in
	r.write("app.log", text("d"))
	r.want("a", "bc", "d")
	r.until("its position is gone", func() bool { return len(r.pos) == 2 }) // the new one's, and "seen"
	r.wantNoLoss()
}
