package spool_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

// TestManyWriters appends from many goroutines while a queue reads: each
// event comes out once, and those of one writer in order.
func TestManyWriters(t *testing.T) {
	for _, fsync := range []string{"always", "interval"} {
		t.Run(fsync, func(t *testing.T) {
			fs := spooltest.New(0)
			syncs := 0
			fs.SetFault(func(op spooltest.Op, name string) error {
				if op == spooltest.Sync && strings.Contains(name, "segments") {
					syncs++
					time.Sleep(time.Millisecond) // a disk
				}
				return nil
			})
			o := options(fs)
			o.Fsync, o.MaxBytes = fsync, 64<<20
			s := open(t, o)
			q := s.queue("r")
			const writers, each = 64, 40
			var wg sync.WaitGroup
			for w := range writers {
				wg.Go(func() {
					for i := range each {
						if _, err := s.Append(t.Context(), ingest(fmt.Sprint(w), fmt.Sprint(w, i))); err != nil {
							t.Error(err)
						}
					}
				})
			}
			next := make([]int, writers)
			for got := 0; got < writers*each; {
				it, ok, err := q.Next()
				if err != nil {
					t.Fatal(err)
				}
				if !ok {
					<-q.Wake()
					continue
				}
				var w, i int
				if _, err := fmt.Sscan(string(it.Data), &w, &i); err != nil || next[w] != i {
					t.Fatalf("%q, want event %d of its writer", it.Data, next[w])
				}
				next[w]++
				got++
			}
			wg.Wait()
			for w := range writers {
				equal(t, "state", s.state(fmt.Sprint(w)), fmt.Sprint(w, each-1))
			}
			if syncs > writers*each/8 {
				t.Errorf("%d syncs for %d records: groups don't share them", syncs, writers*each)
			}
		})
	}
}

// TestFailedWrites makes writes or syncs of segments fail: once, which
// nobody notices; and for longer, which makes ingest wait and say why.
func TestFailedWrites(t *testing.T) {
	for _, test := range []struct {
		name     string
		op       spooltest.Op
		fsync    string
		times    int
		wantWait bool
	}{
		{name: "a write fails once", op: spooltest.Write, fsync: "always", times: 1},
		{name: "a sync fails once", op: spooltest.Sync, fsync: "always", times: 1},
		{name: "a sync fails once, at an interval", op: spooltest.Sync, fsync: "interval", times: 1},
		{name: "writes fail", op: spooltest.Write, fsync: "always", times: 5, wantWait: true},
		{name: "syncs fail", op: spooltest.Sync, fsync: "always", times: 5, wantWait: true},
		{name: "names can't be made durable", op: spooltest.SyncDir, fsync: "always", times: 5, wantWait: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fs := spooltest.New(0)
				var log logged
				o := options(fs)
				o.Fsync, o.Log = test.fsync, zerolog.New(&log)
				s := open(t, o)
				q := s.queue("r")
				if test.op != spooltest.SyncDir { // needs a new segment
					s.add("a", "one")
				}
				time.Sleep(time.Second)
				left := test.times
				fs.SetFault(func(op spooltest.Op, name string) error {
					if op == test.op && strings.Contains(name, "segments") && left > 0 {
						left--
						return syscall.EIO
					}
					return nil
				})
				begun := time.Now()
				s.add("a", "two")
				if waited := time.Since(begun) > time.Second; waited != test.wantWait {
					t.Errorf("Append took %v", time.Since(begun))
				}
				s.add("a", "three")
				time.Sleep(time.Minute)
				synctest.Wait()
				equal(t, "faults left", left, 0)
				said := log.take()
				if n := strings.Count(said, "no lines are taken"); n != 1 && test.wantWait || n > 0 && !test.wantWait {
					t.Errorf("it says so %d times: %s", n, said)
				}
				want := []string{"one", "two", "three"}
				if test.op == spooltest.SyncDir {
					want = want[1:]
				}
				got, _ := texts(t, q)
				equal(t, "events", got, want)
				// The same after a power cut, and nothing twice.
				o.FS = fs.Crash(0)
				s2 := open(t, o)
				q = s2.queue("r")
				got, _ = texts(t, q)
				equal(t, "events after a power cut", got, want)
				equal(t, "damaged", q.Stats().Damaged, 0)
				equal(t, "state", s2.state("a"), "three")
			})
		})
	}
}

// TestAppendEnds looks at every way for Append to end without success.
func TestAppendEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		o := options(fs)
		o.MaxBytes = 1 << 20
		s := open(t, o)
		_, err := s.Append(t.Context(), ingest("a", strings.Repeat("x", 2<<20)))
		if !errors.Is(err, spool.ErrTooBig) {
			t.Errorf("a record over max_bytes: %v", err)
		}
		in := spool.Ingest{Source: "a", Changes: []bridge.Entry{{Key: []byte("k"), Value: make([]byte, 900_000)}}}
		if _, err := s.Append(t.Context(), in); !errors.Is(err, spool.ErrTooBig) {
			t.Errorf("a state that can't stand at a segment's head: %v", err)
		}
		fs.SetFault(func(op spooltest.Op, _ string) error {
			if op == spooltest.Sync {
				return syscall.EIO
			}
			return nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		begun := time.Now()
		if _, err := s.Append(ctx, ingest("a", "one")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a failing disk: %v", err)
		}
		equal(t, "time", time.Since(begun), 15*time.Second)
		fs.SetFault(nil)
		s.add("a", "two")
		q := s.queue("r")
		s.add("a", "three")
		got, _ := texts(t, q)
		equal(t, "events", got, []string{"three"})
		s.mustEnd()
		if _, err := s.Append(t.Context(), ingest("a", "four")); !errors.Is(err, spool.ErrClosed) {
			t.Errorf("a closed spool: %v", err)
		}
		if err := q.Fail(t.Context(), 1, bridge.Try{}); err == nil {
			t.Error("a closed spool takes facts")
		}
	})
}

// TestGivenUpIsNotThere: what Append has given up doesn't come out, and the
// next record of the source takes its place.
func TestGivenUpIsNotThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		s := open(t, options(fs))
		q := s.queue("r")
		s.add("a", "one")
		fs.SetFault(func(op spooltest.Op, _ string) error {
			if op == spooltest.Sync {
				return syscall.EIO
			}
			return nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.Append(ctx, ingest("a", "given up")); err == nil {
			t.Fatal("no error")
		}
		fs.SetFault(nil)
		s.add("a", "two")
		for range 2 {
			got, _ := texts(t, q)
			equal(t, "events", got, []string{"one", "two"})
			q = open(t, options(fs.Kill())).queue("r")
		}
	})
}

// TestSegmentsRoll writes more than a segment holds, of records that are
// small, and of some that are larger than a segment.
func TestSegmentsRoll(t *testing.T) {
	fs := spooltest.New(0)
	o := options(fs)
	o.MaxBytes = 8 << 20 // segments of 512 KiB
	s := open(t, o)
	q := s.queue("r")
	var want []string
	for i := range 60 {
		size := 20_000
		if i%20 == 7 {
			size = 600_000
		}
		e := fmt.Sprint(i) + strings.Repeat(" ", size)
		want = append(want, fmt.Sprint(i))
		if _, err := s.Append(t.Context(), spool.Ingest{Source: "a", Events: [][]byte{[]byte(e), []byte(e)}}); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		got, _ := texts(t, q)
		var short []string
		for i := 0; i < len(got); i += 2 {
			short = append(short, strings.TrimSpace(got[i]))
		}
		equal(t, "events", short, want)
		if n := s.Status().Segments; n < 8 {
			t.Errorf("%d segments", n)
		}
		o.FS = fs.Crash(0)
		q = open(t, o).queue("r")
	}
	for _, name := range fs.Files(dir + "/segments")[1:] {
		if b := fs.Bytes(name); string(b[:8]) != "tpsegmnt" {
			t.Errorf("%s begins with %q", name, b[:8])
		}
	}
}
