package drop

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge"
)

// 100,000 kept files are far from the 16 MiB that a source's state may have,
// and one more of them costs little.
func TestKeptIsSmall(t *testing.T) {
	k := newKept()
	saved := map[string][]byte{}
	save := func() (bytes int) {
		for _, p := range k.changes() {
			if bytes += len(p.Stream) + len(p.Data); p.Gone {
				delete(saved, p.Stream)
				continue
			}
			saved[p.Stream] = slices.Clone(p.Data)
		}
		return bytes
	}
	hash := func(i int) uint64 { return hashOf(fmt.Sprint("file", i), look{ino: uint64(i), size: 5, mtime: 6}) }
	most := 0
	for i := range 100_000 {
		k.add(hash(i))
		if i%1000 == 0 || i > 99_000 {
			bytes := save()
			if i > 99_000 {
				most = max(most, bytes)
			}
		}
	}
	total := 0
	for stream, data := range saved {
		total += len(stream) + len(data)
	}
	if total > 1<<20 || most > 4200 {
		t.Errorf("100,000 files are %d bytes, one is %d at most", total, most)
	}

	restore := func() *kept {
		again := newKept()
		for _, stream := range slices.Sorted(func(yield func(string) bool) {
			for s := range saved {
				if !yield(s) {
					return
				}
			}
		}) {
			r := &reader{kept: again}
			if err := r.restore(bridge.Position{Stream: stream, Data: saved[stream]}); err != nil {
				t.Fatal(err)
			}
		}
		return again
	}
	k = restore()
	there := map[uint64]struct{}{}
	for i := range 100_000 {
		if _, ok := k.has[hash(i)]; !ok {
			t.Fatalf("file %d is not remembered after a restart", i)
		}
		if i%2 == 0 {
			there[hash(i)] = struct{}{}
		}
	}
	if !k.keepOnly(there) || k.keepOnly(there) {
		t.Error("forgetting says otherwise than it does")
	}
	save()
	k = restore()
	if len(k.has) != 50_000 || len(saved) != (50_000+partSize-1)/partSize {
		t.Errorf("%d files in %d parts; want half of them", len(k.has), len(saved))
	}
}

// Where too many are kept no further one is taken; when some are gone, it goes
// on.
func TestTooManyKept(t *testing.T) {
	r := newRig(t, mode(DoneKeep))
	r.prep = func(s *Source) { s.tight = func(r *reader) { r.keptMost = 10 } }
	var want []string
	for i := range 12 {
		name := fmt.Sprintf("f%02d", i)
		r.drop(name, name+"\n", old)
		want = append(want, name)
	}
	r.start()
	const why = "10 files are kept"
	r.until("the bound", func() bool { return strings.Contains(r.src.Stats().Waiting, why) })
	r.restart()
	r.until("the bound again", func() bool { return strings.Contains(r.src.Stats().Waiting, why) })
	if n := len(r.lines()); n != 10 {
		t.Errorf("%d lines, want 10", n)
	}
	for _, name := range want[:5] {
		if err := os.Remove(r.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	r.until("the rest", func() bool { return len(r.recs) == 12 && r.src.Stats().Waiting == "" })
	r.halt()
	wantLines(t, r.lines(), want...)
}

// What is not to be seen for a while, like a disk that isn't mounted, is not
// forgotten.
func TestKeptOutlastsAnEmptyDirectory(t *testing.T) {
	r := newRig(t, mode(DoneKeep))
	r.drop("a", "1\n", old)
	r.start()
	r.idle()
	away := r.dir + ".away"
	if err := os.Rename(r.dir, away); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(r.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	r.drop("b", "2\n", old)
	r.until("another file", func() bool { return len(r.recs) == 2 })
	r.restart()
	if err := os.RemoveAll(r.dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(away, r.dir); err != nil {
		t.Fatal(err)
	}
	r.drop("c", "3\n", old)
	r.until("a third one", func() bool { return len(r.recs) == 3 })
	r.halt()
	wantLines(t, r.lines(), "1", "2", "3")
}

func FuzzPosition(f *testing.F) {
	p := place{look: look{ino: 5, size: 6, mtime: 7}, takenSize: 8, takenTime: 9, off: 10, sum: 11, finished: true}
	f.Add("f:a", p.position("a").Data)
	f.Add("k:0", []byte{placeVersion, 1, 2, 3, 4, 5, 6, 7, 8})
	f.Add("k:-1", []byte{placeVersion})
	f.Fuzz(func(t *testing.T, stream string, data []byte) {
		r, err := newReader(Options{}, &counters{}, []bridge.Position{{Stream: stream, Data: data}}, nil)
		if err != nil {
			return
		}
		for name, f := range r.files {
			back, err := decodePlace(f.position(name).Data)
			if err != nil || back != f.place {
				t.Errorf("%+v comes back as %+v, %v", f.place, back, err)
			}
		}
	})
}

func TestUnknownPosition(t *testing.T) {
	for _, p := range []bridge.Position{
		{Stream: "x"}, {Stream: "f:a"}, {Stream: "f:a", Data: []byte{2, 0}}, {Stream: "f:a", Data: []byte{1, 2}}, {Stream: "f:a", Data: []byte{1, 0, 1}},
		{Stream: "k:x", Data: []byte{1}}, {Stream: "k:0"}, {Stream: "k:0", Data: []byte{1, 2}}, {Stream: "k:-1", Data: []byte{1}},
	} {
		r := newRig(t)
		if err := New(r.o).Run(t.Context(), []bridge.Position{p}, r.emit); err == nil {
			t.Errorf("%q %v is taken", p.Stream, p.Data)
		}
	}
}
