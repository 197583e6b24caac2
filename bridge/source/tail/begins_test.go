package tail

import (
	"os"
	"testing"
	"time"
)

// A log of which no line was whole yet begins anew, and is longer at the next
// look than it was: what stood in it is missed, or comes from the copy.
func TestBeginsAnewBeforeItsFirstLine(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		copy     bool
		want     []string
		wantLost int64
	}{
		{name: "written over", want: []string{"new", "newer"}, wantLost: 4},
		{name: "copied before", copy: true, want: []string{"new", "half", "newer"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := readByHand(t)
			b.reader.o.Linger = time.Nanosecond
			b.write("app.log", "half")
			b.l.scan()
			b.look()
			if tc.copy {
				b.copy("app.log", "app.log.1")
			}
			b.put("app.log", "new\nne", os.O_TRUNC|os.O_WRONLY)
			for range 3 {
				b.l.scan()
				if _, err := b.reader.look(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			b.write("app.log", "wer\n")
			b.l.scan()
			b.look(tc.want...)
			var lost int64
			for _, l := range b.losses {
				lost += l.Bytes
			}
			if lost != tc.wantLost {
				t.Errorf("%d bytes are told to be lost, want %d", lost, tc.wantLost)
			}
		})
	}
}

// The end of a line that was searched is written over: what is handed out when
// the file has been rotated is lines, not a piece with a newline in it.
func TestEndWrittenOver(t *testing.T) {
	t.Parallel()
	b := readByHand(t)
	b.reader.o.Linger = time.Nanosecond
	b.write("app.log", text("a")+"half")
	b.l.scan()
	b.look("a")
	if err := os.Truncate(b.path, 2); err != nil {
		t.Fatal(err)
	}
	b.write("app.log", "b\nhalf c")
	b.rename("app.log", "app.log.1")
	b.write("app.log", text("d"))
	for range 4 {
		b.l.scan()
		if _, err := b.reader.look(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	b.look("a", "d", "b", "half c") // it was not looked for where it had been searched
}
