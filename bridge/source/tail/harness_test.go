package tail

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tailpost/tailpost/bridge"
)

// Tests here mostly wait: more of them run side by side than there are CPUs,
// where -parallel doesn't say how many.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

const (
	testLinger = 150 * time.Millisecond
	testRescan = 10 * time.Millisecond
	patience   = time.Minute
)

var noHints = flag.Bool("nohints", false, "no inotify in any test")

// line is a record that the rig has kept.
type line struct {
	bridge.Record
	text string
}

// rig runs a source against a directory and plays the spool: what emit took
// is durable, and a restart goes on from there.
type rig struct {
	t    *testing.T
	dir  string
	path string
	o    Options
	src  *Source

	mu     sync.Mutex
	lines  []line
	pos    map[string][]byte
	losses []bridge.Loss
	step   chan struct{} // closed and made anew at each emit

	fail func(b bridge.Batch) error // asked before a batch is taken; nil: it is taken

	stop context.CancelFunc
	done chan error
}

func newRig(t *testing.T, change ...func(*Options)) *rig {
	t.Helper()
	dir := t.TempDir()
	r := &rig{t: t, dir: dir, path: filepath.Join(dir, "app.log"), pos: map[string][]byte{}, step: make(chan struct{})}
	r.o = Defaults()
	r.o.Name, r.o.Path, r.o.Start = "test", r.path, StartBeginning
	r.o.Linger, r.o.Rescan = testLinger, testRescan
	for _, c := range change {
		c(&r.o)
	}
	if ps := r.o.Check(dir); len(ps) > 0 {
		t.Fatal(ps)
	}
	r.src = New(r.o)
	if *noHints {
		r.src.watcher = noWatcher
	}
	t.Cleanup(r.halt)
	return r
}

func (r *rig) emit(ctx context.Context, b bridge.Batch) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.fail != nil {
		if err := r.fail(b); err != nil {
			return err
		}
	}
	for _, rec := range b.Records {
		l := line{rec, string(rec.Line)}
		l.Line, l.Head = slices.Clone(rec.Line), slices.Clone(rec.Head)
		r.lines = append(r.lines, l)
	}
	for _, p := range b.Positions {
		if p.Gone {
			delete(r.pos, p.Stream)
		} else {
			r.pos[p.Stream] = slices.Clone(p.Data)
		}
	}
	r.losses = append(r.losses, b.Losses...)
	close(r.step)
	r.step = make(chan struct{})
	return nil
}

// start runs the source from what is durable.
func (r *rig) start() {
	r.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	r.mu.Lock()
	var from []bridge.Position
	for _, k := range slices.Sorted(maps.Keys(r.pos)) {
		from = append(from, bridge.Position{Stream: k, Data: r.pos[k]})
	}
	r.mu.Unlock()
	r.stop, r.done = stop, make(chan error, 1)
	done := r.done
	go func() { done <- r.src.Run(ctx, from, r.emit) }()
}

// halt ends the run; the rig stays as it is.
func (r *rig) halt() {
	if r.stop == nil {
		return
	}
	r.stop()
	err := <-r.done
	r.stop = nil
	if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, errCrash) {
		r.t.Errorf("Run: %v", err)
	}
}

var errCrash = errors.New("crash")

func (r *rig) restart() { r.halt(); r.start() }

// until waits for a condition, which is asked after each emit, and now and
// then for what no emit tells. It is patient as long as something is emitted.
func (r *rig) until(what string, ok func() bool) {
	r.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		r.mu.Lock()
		good, step := ok(), r.step
		r.mu.Unlock()
		if good {
			return
		}
		select {
		case <-step:
			deadline.Reset(patience)
		case <-again.C:
		case <-deadline.C:
			r.t.Fatalf("never: %s; have %d lines: %s; stats %+v", what, len(r.texts()), brief(r.texts()), r.src.Stats())
		}
	}
}

func (r *rig) texts() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.textsLocked()
}

func (r *rig) textsLocked() []string {
	ts := make([]string, len(r.lines))
	for i, l := range r.lines {
		ts[i] = l.text
	}
	return ts
}

// want waits until exactly these lines have come.
func (r *rig) want(lines ...string) {
	r.t.Helper()
	r.until(fmt.Sprintf("%d lines", len(lines)), func() bool { return len(r.lines) >= len(lines) })
	if got := r.texts(); !slices.Equal(got, lines) {
		r.t.Fatalf("lines\n got %s\nwant %s", brief(got), brief(lines))
	}
}

// wantSeen waits until the first start is decided.
func (r *rig) wantSeen() {
	r.t.Helper()
	r.until("the first start to be decided", func() bool { return r.pos[seenStream] != nil })
}

// wantStats waits until the counters are so.
func (r *rig) wantStats(what string, ok func(Stats) bool) {
	r.t.Helper()
	r.until(what, func() bool { return ok(r.src.Stats()) })
}

// quiet lets some looks go by, in which nothing must come.
func (r *rig) quiet() {
	r.t.Helper()
	r.mu.Lock()
	n := len(r.lines)
	r.mu.Unlock()
	r.settle()
	if got := r.texts(); len(got) != n {
		r.t.Fatalf("more lines came: %s", brief(got[n:]))
	}
}

// settle lets a linger go by between looks that see what there is. On a busy
// machine these may take longer than their interval.
func (r *rig) settle() {
	r.looks()
	timer := time.NewTimer(testLinger + 5*testRescan)
	defer timer.Stop()
	<-timer.C
	r.looks()
}

// looks waits until the source has looked, with a scan of its own that began
// after the call: the first two rounds may be of hints from before. It gives up
// where the source doesn't look, because it rescans rarely, has ended, or waits
// in emit.
func (r *rig) looks() {
	if r.o.Rescan > 10*testRescan || r.stop == nil {
		return
	}
	last := r.src.counts.rounds.Load() + 4
	deadline := time.NewTimer(time.Second)
	defer deadline.Stop()
	again := time.NewTicker(2 * time.Millisecond)
	defer again.Stop()
	for r.src.counts.rounds.Load() < last {
		select {
		case <-again.C:
		case <-deadline.C:
			return
		}
	}
}

func (r *rig) wantNoLoss() {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.losses) > 0 {
		r.t.Fatalf("losses: %+v", r.losses)
	}
}
