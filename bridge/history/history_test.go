package history

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

var begun = time.Unix(1733240467, 123456000)

func idOf(n uint64) bridge.ID { return bridge.SenderID("in", fmt.Sprint(n), 0) }

func attempt(recipient string, number uint64, nth int, err string) bridge.Attempt {
	return bridge.Attempt{
		Recipient: recipient, Number: number, ID: idOf(number), Event: bridge.EventEnd, Nth: nth,
		At: begun.Add(time.Duration(nth) * time.Second), Took: 1500 * time.Microsecond, Peer: "192.0.2.1:443", Answer: "503 busy", Err: err,
	}
}

// running runs the ring until stop is called, which waits for the end.
func running(t *testing.T, r *Ring) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func read(t *testing.T, dir string) []*Trail {
	t.Helper()
	ts, err := Read(dir, func(bridge.ID) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

func TestGivesBackWhatItWasTold(t *testing.T) {
	dir := t.TempDir()
	r := New(Options{Dir: dir})
	stop := running(t, r)
	a := attempt("a", 7, 1, "503 Service Unavailable")
	a.Status, a.Wait = "gone", 30*time.Second
	b := attempt("a", 7, 2, "410 gone")
	b.Dead = true
	c := attempt("b\n", 7, 1, "")
	other := attempt("a", 8, 1, "")
	for _, x := range []bridge.Attempt{a, c, b, other} {
		r.Attempted(x)
	}
	stop()
	ts, err := Read(dir, func(id bridge.ID) bool { return id == idOf(7) })
	if err != nil || len(ts) != 2 {
		t.Fatalf("%d trails, %v", len(ts), err)
	}
	for i, want := range [][]bridge.Attempt{{a, b}, {c}} {
		if got := ts[i]; !reflect.DeepEqual(got.First, want) || got.Between != 0 || len(got.Last) != 0 || got.Number != 7 || got.ID != idOf(7) || got.Recipient != want[0].Recipient {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
	if s := r.Stats(); s != (Stats{Kept: 4}) {
		t.Errorf("stats %+v", s)
	}
	info, err := os.Stat(filepath.Join(dir, Dir))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	files, _ := list(dir)
	info, err = os.Stat(filepath.Join(dir, Dir, fileName(files[0].number)))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestNothingThereIsNoError(t *testing.T) {
	if ts, err := Read(t.TempDir(), func(bridge.ID) bool { return true }); len(ts) != 0 || err != nil {
		t.Errorf("%v, %v", ts, err)
	}
}

func TestTrail(t *testing.T) {
	for _, tc := range []struct {
		name        string
		nths        []int
		wantFirst   []int
		wantBetween int
		wantLast    []int
	}{
		{"one", []int{1}, []int{1}, 0, nil},
		{"three", []int{1, 2, 3}, []int{1, 2, 3}, 0, nil},
		{"eight", []int{1, 2, 3, 4, 5, 6, 7, 8}, []int{1, 2, 3}, 0, []int{4, 5, 6, 7, 8}},
		{"ten", []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, []int{1, 2, 3}, 2, []int{6, 7, 8, 9, 10}},
		{"with some that were not written", []int{1, 2, 3, 4, 90, 91, 100}, []int{1, 2, 3}, 93, []int{4, 90, 91, 100}},
		{"the beginning is gone", []int{50, 51}, nil, 49, []int{50, 51}},
		{"replayed", []int{1, 2, 1, 2}, []int{1, 2, 1}, 0, []int{2}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var tr Trail
			for _, n := range tc.nths {
				tr.add(bridge.Attempt{Nth: n})
			}
			if got := nths(tr.First); !reflect.DeepEqual(got, tc.wantFirst) {
				t.Errorf("first %v, want %v", got, tc.wantFirst)
			}
			if got := nths(tr.Last); !reflect.DeepEqual(got, tc.wantLast) || tr.Between != tc.wantBetween {
				t.Errorf("last %v, %d between; want %v, %d", got, tr.Between, tc.wantLast, tc.wantBetween)
			}
			if got := tr.Final().Nth; got != tc.nths[len(tc.nths)-1] {
				t.Errorf("final %d", got)
			}
		})
	}
}

func nths(as []bridge.Attempt) (out []int) {
	for _, a := range as {
		out = append(out, a.Nth)
	}
	return out
}

// An event that fails for days keeps its beginning and its end, and leaves
// room for the others.
func TestWhatFailsForDaysIsThinned(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{Dir: dir})
		stop := running(t, r)
		const n = 100_000
		for i := 1; i < n; i++ {
			r.Attempted(attempt("a", 1, i, "503"))
			time.Sleep(50 * time.Millisecond)
		}
		r.Attempted(attempt("a", 1, n, ""))
		stop()
		tr := read(t, dir)[0]
		if got, want := fmt.Sprint(nths(tr.First), tr.Between, nths(tr.Last)), fmt.Sprint([]int{1, 2, 3}, n-8, []int{n - 4, n - 3, n - 2, n - 1, n}); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if s := r.Stats(); s.Kept > 5100/10*5+50 || s.Dropped != 0 { // 5,000 s
			t.Errorf("%+v", s)
		}
	})
}

func TestManyThatFailAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{Dir: t.TempDir()})
		stop := running(t, r)
		for nth := 1; nth <= 20; nth++ {
			for e := range uint64(2 * tailsMax) {
				r.Attempted(attempt("a", e+1, nth, "503"))
				if e%1000 == 0 {
					time.Sleep(time.Second)
				}
			}
		}
		r.mu.Lock()
		held := len(r.tails.held)
		r.mu.Unlock()
		if held > tailsMax {
			t.Errorf("%d events are held", held)
		}
		seconds := 20 * (2*tailsMax/1000 + 1)
		if s := r.Stats(); s.Kept > 3*2*tailsMax+(tailBurst+seconds*tailRate)/tailCost {
			t.Errorf("%+v in %d s", s, seconds)
		}
		stop()
	})
}

func TestRingStaysWithinItsLimit(t *testing.T) {
	dir := t.TempDir()
	const limit = 512 << 10 // the queue takes more
	for start := range 3 {
		r := New(Options{Dir: dir, Limit: limit})
		stop := running(t, r)
		for i := range uint64(10_000) {
			r.Attempted(attempt("a", uint64(start)<<20+i+1, 1, ""))
		}
		stop()
		if s := r.Stats(); s.Dropped != 0 || s.Kept != 10_000 {
			t.Errorf("%+v", s)
		}
		all, err := list(dir)
		if err != nil {
			t.Fatal(err)
		}
		total := int64(0)
		for _, f := range all {
			total += f.size
			if f.size > limit/fileParts {
				t.Errorf("a file of %d bytes", f.size)
			}
		}
		if total > limit || total < limit/2 {
			t.Errorf("%d bytes in all", total)
		}
	}
	ts := read(t, dir)
	if n := len(ts); ts[n-1].Number != 2<<20+10_000 || ts[0].Number <= 1<<20 {
		t.Errorf("from %x to %x", ts[0].Number, ts[n-1].Number)
	}
}

func TestNoRoomDropsAndGoesOnLater(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var full atomic.Bool
		r := New(Options{Dir: dir, Room: func() bool { return !full.Load() }})
		stop := running(t, r)
		for i, f := range []bool{false, true, true, false} {
			full.Store(f)
			r.Attempted(attempt("a", uint64(i+1), 1, fmt.Sprint("error ", i%2)))
			time.Sleep(time.Second)
			if got := r.Stats().Failing != ""; got != f {
				t.Errorf("%d: failing %q", i, r.Stats().Failing)
			}
		}
		stop()
		if s := r.Stats(); s != (Stats{Kept: 2, Dropped: 2}) {
			t.Errorf("%+v", s)
		}
		ts := read(t, dir)
		if len(ts) != 2 || ts[0].Number != 1 || ts[1].Number != 4 || ts[1].Final().Err != "error 1" || ts[1].Final().Recipient != "a" {
			t.Errorf("%d trails: %+v", len(ts), ts)
		}
	})
}

func TestDirectoryThatCanNotBeMade(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, Dir), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{Dir: dir})
		stop := running(t, r)
		r.Attempted(attempt("a", 1, 1, ""))
		time.Sleep(time.Second)
		if s := r.Stats(); s.Dropped != 1 || s.Failing == "" {
			t.Errorf("%+v", s)
		}
		if err := os.Remove(filepath.Join(dir, Dir)); err != nil {
			t.Fatal(err)
		}
		r.Attempted(attempt("a", 2, 1, ""))
		time.Sleep(time.Second)
		stop()
		if s := r.Stats(); s != (Stats{Kept: 1, Dropped: 1}) {
			t.Errorf("%+v", s)
		}
	})
	if ts := read(t, dir); len(ts) != 1 || ts[0].Number != 2 {
		t.Errorf("%+v", ts)
	}
}

// A state directory that was moved comes back under its name: nothing may be
// there by then.
func TestStateDirectoryIsNotMadeAnew(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{Dir: dir})
		stop := running(t, r)
		r.Attempted(attempt("a", 1, 1, ""))
		time.Sleep(time.Second)
		if _, err := os.Stat(dir); err == nil || r.Stats().Dropped != 1 {
			t.Errorf("it is there: %v; %+v", err, r.Stats())
		}
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Error(err)
		}
		r.Attempted(attempt("a", 2, 1, ""))
		time.Sleep(time.Second)
		stop()
	})
	if ts := read(t, dir); len(ts) != 1 || ts[0].Number != 2 {
		t.Errorf("%+v", ts)
	}
}

// Nobody writes: the queue is bounded, and nobody is held up.
func TestQueueIsBounded(t *testing.T) {
	r := New(Options{Dir: t.TempDir()})
	a := attempt("a", 1, 1, "")
	a.Answer = strings.Repeat("x", 10_000)
	for i := range uint64(100_000) {
		a.Number, a.Peer = i+1, fmt.Sprint(i)
		r.Attempted(a)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.queued > queueMax || r.stats.Dropped == 0 || r.stats.Kept+r.stats.Dropped != 100_000 {
		t.Errorf("%d bytes, %+v", r.queued, r.stats)
	}
}

// BenchmarkAttempted is all that an attempt costs, with its writing.
func BenchmarkAttempted(b *testing.B) {
	r := New(Options{Dir: b.TempDir()})
	f := files{dir: r.o.Dir, limit: r.o.Limit}
	defer f.close()
	a := attempt("servicenow", 1, 1, "")
	b.ReportAllocs()
	for b.Loop() {
		a.Number++
		r.Attempted(a)
		if a.Number%2000 == 0 {
			r.write(&f)
		}
	}
	b.ReportMetric(float64(r.Stats().Dropped)/float64(b.N), "dropped/op")
	b.ReportMetric(float64(f.total)/float64(b.N), "B-kept/op")
}
