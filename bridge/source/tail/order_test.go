package tail

import (
	"os"
	"slices"
	"testing"
	"time"
)

// byHand is a reader that looks when it is told to, and at nothing else but
// what it is told of.
type byHand struct {
	*rig
	l      *lookout
	reader *reader
}

func readByHand(t *testing.T) *byHand {
	t.Helper()
	b := &byHand{rig: newRig(t)}
	b.l = newLookout(b.path, openToRead)
	b.reader = newReader(b.o, b.l, &counters{}, nil, true, b.emit)
	t.Cleanup(func() { b.reader.close(); b.l.close() })
	return b
}

// looks until there is nothing more to read.
func (b *byHand) look(want ...string) {
	b.t.Helper()
	for more := true; more; {
		var err error
		if more, err = b.reader.look(b.t.Context()); err != nil {
			b.t.Fatal(err)
		}
	}
	if got := b.texts(); !slices.Equal(got, want) {
		b.t.Fatalf("lines\n got %s\nwant %s", brief(got), brief(want))
	}
}

// A program writes into its next file before it moves the link there. What
// stands in the file before comes first, though that has the name still.
func TestNextFileBeforeTheLinkIsMoved(t *testing.T) {
	t.Parallel()
	for _, names := range [][2]string{{"app-2026-01-29.log", "app-2026-01-30.log"}, {"d/9.log", "d/10.log"}} {
		b := readByHand(t)
		if err := os.Mkdir(b.file("d"), 0o755); err != nil {
			t.Fatal(err)
		}
		b.write(names[0], text("a"))
		b.point(names[0])
		b.l.scan()
		b.look("a")
		b.write(names[0], text("b"))
		b.write(names[1], text("c"))
		b.l.scan()
		b.write(names[0], text("b again")) // found before, admitted after
		b.look("a", "b", "b again", "c")
		b.point(names[1])
		b.write(names[1], text("d"))
		b.l.scan()
		b.look("a", "b", "b again", "c", "d")
		b.wantNoLoss()
	}
}

// A copy that is met together with its original, and before that was cut, is
// known as one: its lines come once, whichever of the two is read on.
func TestCopyMetWithItsOriginal(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		after func(b *byHand)
	}{
		{name: "cut", after: func(b *byHand) { b.truncate("app.log") }},
		{name: "goes on", after: func(*byHand) {}},
		{name: "renamed", after: func(b *byHand) { b.rename("app.log", "app.log.3") }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := readByHand(t)
			b.write("app.log", text("a"))
			b.l.scan()
			b.look("a")
			b.rename("app.log", "app.log.2")
			b.write("app.log", text("b", "c"))
			b.copy("app.log", "app.log.1")
			b.l.scan()
			b.look("a", "b", "c")
			tc.after(b)
			b.write("app.log", text("d"))
			for range 2 {
				b.l.scan()
				b.look("a", "b", "c", "d")
			}
			b.wantNoLoss()
		})
	}
}

// So is an archive that is met together with its original, which is open though
// it has no name any more.
func TestArchiveMetWithItsOriginal(t *testing.T) {
	t.Parallel()
	b := readByHand(t)
	b.write("app.log", text("a"))
	b.l.scan()
	b.look("a")
	b.rename("app.log", "app.log.2")
	b.write("app.log", text("b", "c"))
	b.l.scan()
	b.rename("app.log", "app.log.1")
	b.gzip("app.log.1", "app.log.1.gz")
	b.write("app.log", text("d"))
	for range 2 {
		b.l.scan()
		b.look("a", "b", "c", "d")
	}
	b.wantNoLoss()
}

// A short file that was rotated is no copy of the next one, though that begins
// with all that it holds: it was written before the next one was there.
func TestShortGenerationMetWithTheNext(t *testing.T) {
	t.Parallel()
	b := readByHand(t)
	b.write("app.log", text("# log"))
	past := time.Now().Add(-time.Second)
	if err := os.Chtimes(b.path, past, past); err != nil {
		t.Fatal(err)
	}
	b.rename("app.log", "app.log.1")
	b.write("app.log", text("# log", "a"))
	b.l.scan()
	st, err := statPath(b.path)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"# log", "# log", "a"}
	if st.id.birth == 0 { // nothing but birth times tells the two apart: it counts as a copy
		want = want[1:]
	}
	b.look(want...)
}

// A copy of which only the name is there for long, because the disk is slow, is
// known as one when it is filled.
func TestCopyEmptyForLong(t *testing.T) {
	t.Parallel()
	b := readByHand(t)
	b.reader.o.Linger = time.Nanosecond
	b.write("app.log", text("a", "b"))
	b.l.scan()
	b.look("a", "b")
	b.write("app.log.1", "")
	for range 3 {
		b.l.scan()
		b.look("a", "b")
	}
	b.write("app.log", text("c"))
	b.copy("app.log", "app.log.1")
	b.l.scan()
	b.look("a", "b", "c")
	b.truncate("app.log")
	b.write("app.log", text("d"))
	for range 3 {
		b.l.scan()
		b.look("a", "b", "c", "d")
	}
	b.wantNoLoss()
}

// What may be the copy of a file that began anew comes before what that holds
// now: nothing is read of it until that is judged.
func TestCopyNotJudgedYet(t *testing.T) {
	t.Parallel()
	b := readByHand(t)
	b.write("app.log", text("a"))
	b.l.scan()
	b.look("a")
	g := &file{at: state{}}
	if err := b.reader.isNext(g); err != nil {
		t.Fatal(err)
	}
	b.write("app.log.1", text("a"))
	b.l.scan()
	cs, _ := b.l.take()
	cs[0].again = true
	b.reader.unsure = cs
	if err := b.reader.isNext(g); err != errOlder {
		t.Errorf("err %v", err)
	}
	b.look("a")
}
