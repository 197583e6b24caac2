package tail

import (
	"slices"
	"testing"
)

func TestReadsFromTheBeginning(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", text("a", "b"))
	r.start()
	r.want("a", "b")
	r.write("app.log", text("c"))
	r.want("a", "b", "c")
	r.wantNoLoss()
	got := r.lines[2]
	if got.Offset != 4 || got.Source != "test" || got.Stream != r.path || string(got.Head) != "a" || got.Once || got.Partial || got.Cut != 0 {
		t.Errorf("record %+v", got.Record)
	}
	r.wantStats("three lines, six bytes", func(s Stats) bool { return s.Lines == 3 && s.Bytes == 6 })
}

func TestRestartGoesOnExactly(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	all := numbered(0, 5000)
	r.write("app.log", text(all[:2000]...))
	r.start()
	r.want(all[:2000]...)
	r.halt()
	r.write("app.log", text(all[2000:]...))
	r.start()
	r.want(all...)
	r.restart()
	r.quiet()
	r.wantNoLoss()
}

func TestRestartAfterRename(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	all := numbered(0, 300)
	r.write("app.log", text(all[:100]...))
	r.start()
	r.want(all[:100]...)
	r.halt()
	r.write("app.log", text(all[100:200]...))
	r.rename("app.log", "app.log.1")
	r.write("app.log", text(all[200:]...))
	r.start()
	r.want(all...)
	r.wantNoLoss()
	r.restart()
	r.quiet()
	if !slices.Equal(r.texts(), all) {
		t.Fatal("repeated")
	}
}
