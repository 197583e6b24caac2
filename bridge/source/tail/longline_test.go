package tail

import (
	"runtime"
	"strings"
	"testing"
)

func shortLines(o *Options) { o.MaxLine = minMaxLine }

var full = strings.Repeat("x", minMaxLine)

func TestLongLines(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, in string
		want     []string
		wantCut  []int64
	}{
		{name: "as long as may be", in: full + "\nb\n", want: []string{full, "b"}, wantCut: []int64{0, 0}},
		{name: "one more", in: full + "y\nb\n", want: []string{full, "b"}, wantCut: []int64{1, 0}},
		{name: "between others", in: "a\n" + full + "yyy\nb\n", want: []string{"a", full, "b"}, wantCut: []int64{0, 3, 0}},
		{name: "two", in: full + "y\n" + full + "yy\nb\n", want: []string{full, full, "b"}, wantCut: []int64{1, 2, 0}},
		{name: "much longer than a batch", in: "a\n" + strings.Repeat(full, 2000) + "\nb\n", want: []string{"a", full, "b"}, wantCut: []int64{0, 1999 * minMaxLine, 0}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, shortLines)
			r.write("app.log", tc.in)
			r.start()
			r.want(tc.want...)
			r.quiet()
			for i, l := range r.lines {
				if l.Cut != tc.wantCut[i] || l.Partial {
					t.Errorf("line %d: cut %d, partial %v", i, l.Cut, l.Partial)
				}
			}
			if s := r.src.Stats(); s.Bytes != int64(len(tc.in)) {
				t.Errorf("stats %+v", s)
			}
		})
	}
}

// The rest of a line that was cut is never a line of its own, whenever it
// comes: it could forge events.
func TestRestOfALongLineComesLater(t *testing.T) {
	t.Parallel()
	r := newRig(t, shortLines)
	r.write("app.log", full+"yy")
	r.start()
	r.want(full)
	if r.lines[0].Cut != 2 {
		t.Errorf("cut %d", r.lines[0].Cut)
	}
	r.write("app.log", "more")
	r.quiet()
	r.restart()
	r.quiet()
	r.write("app.log", " event=forged\nreal\n")
	r.want(full, "real")
	if got := r.lines[1].Offset; got != minMaxLine+20 {
		t.Errorf("offset %d", got)
	}
	r.wantStats("all left out bytes are counted", func(s Stats) bool { return s.Cut == 1 && s.CutBytes == 19 })
}

func TestRestOfALongLineOverARotation(t *testing.T) {
	t.Parallel()
	r := newRig(t, shortLines)
	r.write("app.log", full+"yy")
	r.start()
	r.want(full)
	r.write("app.log", "more")
	r.quiet()
	r.rename("app.log", "app.log.1")
	r.write("app.log", text("b"))
	r.want(full, "b")
	r.quiet()
	r.write("app.log.1", "event=forged\nreal\n")
	r.want(full, "b", "real")
}

func TestLongLineAtTheEndOfARotatedFile(t *testing.T) {
	t.Parallel()
	r := newRig(t, shortLines)
	r.write("app.log", "a\nb")
	r.start()
	r.want("a")
	r.halt()
	r.rename("app.log", "app.log.1")
	r.write("app.log.1", full)
	r.start()
	r.want("a", "b"+full[1:])
	if l := r.lines[1]; l.Cut != 1 {
		t.Errorf("record cut %d", l.Cut)
	}
}

// 300 MiB without a newline take no more memory than a line may.
func TestEndlessLineIsBounded(t *testing.T) {
	r := newRig(t)
	r.write("app.log", "a\n")
	f, err := openAppend(r.path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(300 << 20); err != nil { // zeros
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r.start()
	r.until("two lines", func() bool { return len(r.lines) == 2 })
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 32<<20 {
		t.Errorf("%d MiB were allocated", got>>20)
	}
	writeTo(t, f, "\nb\n")
	r.until("three lines", func() bool { return len(r.lines) == 3 })
	if r.lines[1].Cut != 299<<20-2 || r.lines[2].text != "b" {
		t.Errorf("cut %d, then %q", r.lines[1].Cut, r.lines[2].text)
	}
}
