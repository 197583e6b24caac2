package drop

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge"
)

// Files of any bytes under any names: each line is handed out once, as it is.
func TestHostileFiles(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	lines := hostileLines(t, rnd)
	r := newRig(t, mode(DoneDelete))
	r.start()
	want := map[string]int{}
	for i, n := 0, 0; i < len(lines); i, n = i+1+n, rnd.IntN(40) {
		part := lines[i:min(i+1+n, len(lines))]
		for _, l := range part {
			want[string(l)]++
		}
		r.drop(hostileName(rnd, i), string(bytes.Join(part, []byte("\n")))+"\n", 0)
	}
	total := 0
	for _, n := range want {
		total += n
	}
	r.until("all lines", func() bool { return len(r.recs) >= total })
	r.idle()
	r.halt()
	for _, l := range r.lines() {
		want[l]--
	}
	for l, n := range want {
		if n != 0 {
			t.Errorf("%d too few of %.80q", n, l)
		}
	}
	if got := r.tree(); len(got) > 0 {
		t.Errorf("files are left: %q", got)
	}
}

// hostileName gives a name that no other number has.
func hostileName(rnd *rand.Rand, i int) string {
	b := make([]byte, 1+rnd.IntN(200))
	for j := range b {
		for b[j] == 0 || b[j] == '/' || j == 0 && b[j] == '.' {
			b[j] = byte(rnd.Uint32())
		}
	}
	return fmt.Sprintf("%s-%d", b, i)
}

// hostileLines gives 1,000 random strings and 1,000 mutated lines of the
// corpus, without line ends in them.
func hostileLines(t *testing.T, rnd *rand.Rand) (out [][]byte) {
	t.Helper()
	noise := func(b []byte) {
		for i := range b {
			if b[i] = byte(rnd.Uint32()); b[i] == '\n' {
				b[i] = 0
			}
		}
	}
	for range 1000 {
		b := make([]byte, rnd.IntN(300))
		noise(b)
		out = append(out, b)
	}
	files, err := filepath.Glob("../../../parsers/testdata/corpus/*")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var lines [][]byte
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, bytes.Split(b, []byte("\n"))...)
	}
	for range 1000 {
		b := bytes.Clone(lines[rnd.IntN(len(lines))])
		if n := len(b); n > 3 {
			at := rnd.IntN(n - 3)
			noise(b[at : at+3])
		}
		out = append(out, b)
	}
	return out
}

// A line of 100 MiB, plain and packed, is cut and held in little memory; what
// stands behind the cut is no line.
func TestHugeLine(t *testing.T) {
	r := newRig(t)
	huge := strings.Repeat("\x00", 100<<20) + "forged\nnext\n"
	r.write(r.path("a.tmp"), huge)
	r.write(r.path("b.gz.tmp"), zip(t, huge[90<<20:]))
	huge = ""
	for _, name := range []string{"a", "b.gz"} {
		if err := os.Rename(r.path(name+".tmp"), r.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	runtime.GC()
	var before, most runtime.MemStats
	runtime.ReadMemStats(&before)
	r.before = func(int, bridge.Batch) error {
		runtime.ReadMemStats(&most)
		return nil
	}
	r.start()
	r.until("all lines", func() bool { return len(r.recs) == 4 })
	r.idle()
	r.halt()
	for i, want := range []int64{99<<20 + 6, 0, 9<<20 + 6, 0} {
		rec := r.recs[i]
		if rec.Cut != want || rec.Cut > 0 && len(rec.Line) != 1<<20 || rec.Cut == 0 && string(rec.Line) != "next" {
			t.Errorf("line %d: %d bytes, %d cut", i, len(rec.Line), rec.Cut)
		}
	}
	if grown := int64(most.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 {
		t.Errorf("%d bytes of heap", grown)
	}
}

// A stop in the middle of a file without a line end comes at once.
func TestStopInAHugeLine(t *testing.T) {
	r := newRig(t)
	f, err := os.Create(r.path("a"))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(64 << 30); err != nil {
		t.Fatal(err)
	}
	f.Close()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	src := New(r.o)
	opened := make(chan struct{})
	src.tight = func(*reader) { close(opened) }
	go func() { done <- src.Run(ctx, nil, r.emit) }()
	<-opened
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
