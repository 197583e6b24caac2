package tail

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

var (
	stressLines = flag.Int("stress.lines", 4000, "lines a run of TestStress; make crashes writes more")
	stressRuns  = flag.Int("stress.runs", 1, "runs of each kind of TestStress; make crashes makes more")
	stressSeed  = flag.Uint64("stress.seed", 0, "seed of the first run of TestStress; 0: by the clock")
)

// stressPatience is how long a run may give no line.
const stressPatience = time.Minute

// TestStress writes numbered lines, in pieces that end anywhere, into a log
// that is rotated all the time, while the source is crashed at random and
// started again from what was durable. Every line must come, once, in order.
func TestStress(t *testing.T) {
	t.Parallel()
	kinds := []struct {
		name            string
		rename, copying bool
		partial         bool // rotate in the middle of a line: the rest follows in the same, renamed file
		zip             bool
		noWatch         bool
		unseen          bool // rotate before anybody has looked, and cut a copied file so much later that somebody does
	}{
		{name: "rename", rename: true},
		{name: "copytruncate", copying: true},
		{name: "both", rename: true, copying: true},
		{name: "late", rename: true, partial: true},
		{name: "gzip", rename: true, zip: true},
		{name: "gzip poll", rename: true, zip: true, noWatch: true},
		{name: "poll", rename: true, copying: true, noWatch: true},
		{name: "unseen", rename: true, copying: true, unseen: true, noWatch: true},
	}
	for _, k := range kinds {
		for run := range *stressRuns {
			seed := *stressSeed + uint64(run)
			if *stressSeed == 0 {
				seed = uint64(time.Now().UnixNano())
			}
			t.Run(fmt.Sprintf("%s/%d", k.name, run), func(t *testing.T) {
				t.Parallel()
				t.Logf("-stress.seed=%d", seed)
				w := &stressWriter{rnd: rand.New(rand.NewPCG(seed, 1)), rename: k.rename, copying: k.copying, partial: k.partial, zip: k.zip, unseen: k.unseen}
				stress(t, w, rand.New(rand.NewPCG(seed, 2)), k.noWatch)
			})
		}
	}
}

func stress(t *testing.T, w *stressWriter, rnd *rand.Rand, noWatch bool) {
	var log logBuffer
	r := newRig(t, withLog(&log), func(o *Options) { o.Linger = 2 * time.Second })
	if noWatch {
		r.src.watcher = noWatcher
	}
	w.r, w.total = r, *stressLines
	r.start()
	r.wantSeen() // siblings that are there at the very first start are not read
	r.mu.Lock()
	r.fail = func(b bridge.Batch) error {
		if rnd.IntN(60) == 0 {
			return errCrash
		}
		return nil
	}
	r.mu.Unlock()
	written := make(chan error, 1)
	go func() { written <- w.run() }()
	crashes := 0
	var ended error
	stalled := time.NewTimer(stressPatience)
	defer stalled.Stop()
	for have := 0; ; {
		r.mu.Lock()
		step, n := r.step, len(r.lines)
		r.mu.Unlock()
		if n >= w.total && w.done.Load() {
			break
		}
		if n > have {
			have = n
			stalled.Reset(stressPatience)
		}
		select {
		case ended = <-written:
			if ended != nil {
				t.Fatal(ended)
			}
			written = nil
		case err := <-r.done:
			if err != errCrash {
				t.Fatalf("Run: %v", err)
			}
			crashes++
			r.start()
		case <-step:
		case <-time.After(100 * time.Millisecond):
		case <-stalled.C:
			r.dump()
			t.Fatalf("stalled: %s; stats %+v", diff(r.texts(), w.total), r.src.Stats())
		}
	}
	r.halt()
	if d := diff(r.texts(), w.total); d != "" {
		prev := ""
		for _, l := range r.lines {
			if s := l.Stream + string(l.Head); s != prev {
				t.Log(filepath.Base(l.Stream), l.Offset, l.text[:12], string(l.Head[:12]))
				prev = s
			}
		}
		t.Fatalf("%s; stats %+v", d, r.src.Stats())
	}
	if len(r.losses) > 0 {
		t.Log(log.b.String())
		r.dump()
	}
	r.wantNoLoss()
	t.Logf("%d rotations, %d crashes, stats %+v", w.rotations, crashes, r.src.Stats())
}

// dump logs what files there are, and what is durable about them.
func (r *rig) dump() {
	r.mu.Lock()
	defer r.mu.Unlock()
	entries, err := os.ReadDir(r.dir)
	if err != nil {
		r.t.Log(err)
	}
	for _, e := range entries {
		b, _ := os.ReadFile(r.file(e.Name()))
		st, err := statPath(r.file(e.Name()))
		s, derr := decodeState(r.pos[st.id.key()])
		r.t.Logf("%s: %.12q, size %d, mtime %d, %v; position %d, finished %v, seq %d, mtime %d, %v",
			e.Name(), b, st.size, st.mtime, err, s.off, s.finished, s.seq, s.mtime, derr)
	}
}

// diff tells what is wrong with the lines; empty: each came once, in order.
func diff(got []string, total int) string {
	seen := make([]int, total)
	last, order := -1, 0
	strange := ""
	for _, l := range got {
		var n int
		if _, err := fmt.Sscanf(l, "line %06d", &n); err != nil || n >= total || l != numbered(n, n+1)[0] {
			strange = l
			continue
		}
		if seen[n]++; n < last {
			order++
			strange = fmt.Sprintf("%d after %d", n, last)
		}
		last = n
	}
	lost, twice, first := 0, 0, -1
	for n, c := range seen {
		if c == 0 {
			lost++
		}
		if c > 1 {
			twice++
		}
		if c != 1 && first < 0 {
			first = n
		}
	}
	if lost+twice+order == 0 && strange == "" {
		return ""
	}
	return fmt.Sprintf("%d of %d lines lost, %d repeated (the first is %d), %d out of order, strange: %q", lost, total, twice, first, order, strange)
}

// rotate shifts app.log.1 to app.log.2 and so on.
func (w *stressWriter) shift() error {
	for n := w.rotations; n > 0; n-- {
		for _, ext := range []string{"", ".gz"} {
			from := w.r.path + fmt.Sprintf(".%d", n) + ext
			if _, err := os.Stat(from); err != nil {
				continue
			}
			if err := os.Rename(from, w.r.path+fmt.Sprintf(".%d", n+1)+ext); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *stressWriter) copyAway() error {
	b, err := os.ReadFile(w.r.path)
	if err != nil {
		return err
	}
	f, err := os.Create(w.r.path + ".1")
	if err != nil {
		return err
	}
	for len(b) > 0 && err == nil { // a copy is not there at once
		n := min(len(b), 1+w.rnd.IntN(4096))
		_, err = f.Write(b[:n])
		b = b[n:]
	}
	f.Close()
	if err != nil {
		return err
	}
	if w.unseen {
		<-time.After(3 * testRescan / 4)
	}
	return os.Truncate(w.r.path, 0)
}

func openAppend(path string) (*os.File, error) {
	return os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
}
