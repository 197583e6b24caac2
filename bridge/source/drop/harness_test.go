package drop

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tailpost/tailpost/bridge"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testLinger = 150 * time.Millisecond
	testRescan = 20 * time.Millisecond
	patience   = 90 * time.Second
)

var errCrash = errors.New("crash")

// rig runs a source against a directory and plays the spool: what emit took is
// durable, and a restart goes on from there.
type rig struct {
	t    *testing.T
	dir  string
	o    Options
	src  *Source
	prep func(*Source)

	mu     sync.Mutex
	recs   []bridge.Record
	pos    map[string][]byte
	losses []bridge.Loss
	emits  int
	before func(n int, b bridge.Batch) error // of the nth batch; an error: it is not durable
	after  func(n int, b bridge.Batch) error // it is durable; an error: nobody was told

	stop context.CancelFunc
	done chan error
}

func newRig(t *testing.T, change ...func(*Options)) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), pos: map[string][]byte{}}
	r.o = Defaults()
	r.o.Name, r.o.Dir, r.o.Linger, r.o.Rescan = "test", r.dir, testLinger, testRescan
	for _, c := range change {
		c(&r.o)
	}
	if ps := r.o.Check(r.dir); len(ps) > 0 {
		t.Fatal(ps)
	}
	t.Cleanup(r.halt)
	return r
}

func mode(done string) func(*Options) { return func(o *Options) { o.Done = done } }

func (r *rig) emit(ctx context.Context, b bridge.Batch) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	r.emits++
	if r.before != nil {
		if err := r.before(r.emits, b); err != nil {
			return err
		}
	}
	for _, rec := range b.Records {
		rec.Line, rec.Head = slices.Clone(rec.Line), slices.Clone(rec.Head)
		r.recs = append(r.recs, rec)
	}
	for _, p := range b.Positions {
		if p.Gone {
			delete(r.pos, p.Stream)
		} else {
			r.pos[p.Stream] = slices.Clone(p.Data)
		}
	}
	r.losses = append(r.losses, b.Losses...)
	if r.after != nil {
		return r.after(r.emits, b)
	}
	return nil
}

// start runs the source from what is durable.
func (r *rig) start() *rig {
	r.t.Helper()
	r.src = New(r.o)
	if r.prep != nil {
		r.prep(r.src)
	}
	ctx, stop := context.WithCancel(context.Background())
	r.mu.Lock()
	var from []bridge.Position
	for _, k := range slices.Sorted(maps.Keys(r.pos)) {
		from = append(from, bridge.Position{Stream: k, Data: r.pos[k]})
	}
	r.mu.Unlock()
	done := make(chan error, 1)
	r.stop, r.done = stop, done
	src := r.src
	go func() { done <- src.Run(ctx, from, r.emit) }()
	return r
}

// halt ends the run; the rig stays as it is.
func (r *rig) halt() {
	if r.stop == nil {
		return
	}
	r.stop()
	err := <-r.done
	r.stop = nil
	if err != nil && !errors.Is(err, errCrash) {
		r.t.Errorf("Run: %v", err)
	}
}

func (r *rig) restart() { r.halt(); r.start() }

func (r *rig) until(what string, ok func() bool) {
	r.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	again := time.NewTicker(3 * time.Millisecond)
	defer again.Stop()
	for {
		r.mu.Lock()
		good := ok()
		r.mu.Unlock()
		if good {
			return
		}
		select {
		case <-deadline.C:
			r.t.Fatalf("waited %v for: %s; stats %+v; lines %.200q", patience, what, r.src.Stats(), r.lines())
		case <-again.C:
		}
	}
}

// lines are the durable ones; without the lock, for use in until and after
// halt.
func (r *rig) lines() (out []string) {
	for _, rec := range r.recs {
		out = append(out, string(rec.Line))
	}
	return out
}

// drop puts a file with an old mtime in place by a rename.
func (r *rig) drop(name, text string, age time.Duration) {
	r.t.Helper()
	tmp := r.path(name + ".tmp")
	r.write(tmp, text)
	at := time.Now().Add(-age).Truncate(time.Millisecond)
	if err := os.Chtimes(tmp, at, at); err != nil {
		r.t.Fatal(err)
	}
	if err := os.Rename(tmp, r.path(name)); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) path(name string) string { return filepath.Join(r.dir, name) }

func (r *rig) write(path, text string) {
	r.t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) add(path, text string) {
	r.t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		r.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		r.t.Fatal(err)
	}
}

// tree gives the files under the directory, but for our own directory.
func (r *rig) tree() (out []string) {
	r.t.Helper()
	err := filepath.WalkDir(r.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".tailpost-") {
			if left, err := os.ReadDir(path); err != nil || len(left) > 0 {
				out = append(out, d.Name()+" is not empty")
			}
			return filepath.SkipDir
		}
		if !d.IsDir() {
			name, _ := filepath.Rel(r.dir, path)
			out = append(out, name)
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

// idle waits until nothing is in work any more.
func (r *rig) idle() {
	r.t.Helper()
	r.until("no file in work", func() bool {
		for k := range r.pos {
			if strings.HasPrefix(k, placeStream) {
				return false
			}
		}
		return r.src.Stats().Known == 0 && r.scanned()
	})
}

// scanned reports whether the directory has nothing in it that is to be done.
func (r *rig) scanned() bool {
	left, err := os.ReadDir(r.dir)
	if err != nil {
		return false
	}
	n := 0
	for _, d := range left {
		if d.Type().IsRegular() && r.o.Takes(d.Name()) {
			n++
		}
	}
	if r.o.Done == DoneKeep {
		return r.src.Stats().Kept >= n
	}
	return n == 0
}

func zip(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func wantLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %.500q\nwant %.500q", got, want)
	}
}
