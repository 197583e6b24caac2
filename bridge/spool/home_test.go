package spool_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

// foreign puts another bridge's directory in ours' place: its files may well
// have the names of ours.
func foreign(t *testing.T, fs *spooltest.FS, segments []string) {
	t.Helper()
	for _, d := range []string{"", "segments", "journal", "dead", "quarantine", "damaged"} {
		if err := fs.MkdirAll(filepath.Join(dir, d)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range segments {
		fs.SetBytes(name, []byte("another's"))
	}
}

// TestDirectoryMoved: from the moment at which the state directory is gone
// nothing is acknowledged, nothing is taken for damaged, nothing is written into
// what stands in its place. It shows within five seconds, also where no line
// comes, and once the directory is back all goes on.
func TestDirectoryMoved(t *testing.T) {
	for _, tc := range []struct {
		name    string
		lines   bool // while it is away
		another bool // stands in its place
		want    string
	}{
		{name: "moved", want: "/state was moved or removed under the bridge: put it back"},
		{name: "moved, and lines come", lines: true, want: "/state was moved or removed under the bridge: put it back"},
		{name: "another in its place", another: true, want: "under the bridge, and another one stands in its place: put it back"},
		{name: "another in its place, and lines come", another: true, lines: true, want: "another one stands in its place: put it back"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fs := spooltest.New(1 << 30)
				var log logged
				s := watched(t, fs, func(o *spool.Options) { o.MaxBytes, o.Keep, o.Log = 4<<20, 0, zerolog.New(&log) })
				q := s.queue("r")
				s.fill(0, 40)                                         // several segments
				deliverAll(t, q, func(i int) bool { return i == 39 }) // the last one is parked
				parked := s.add("in", "waits")                        // and one more
				if it, ok, err := q.Next(); !ok || err != nil {
					t.Fatal(it, ok, err)
				}
				ours := fs.Files(filepath.Join(dir, "segments"))
				time.Sleep(time.Second)

				fs.Move(dir, "/elsewhere")
				if tc.another {
					foreign(t, fs, ours)
				}
				appended := make(chan error, 1)
				if tc.lines {
					go func() { _, err := s.Append(t.Context(), ingest("in", "later")); appended <- err }()
				}
				time.Sleep(5 * time.Second)
				synctest.Wait()
				if f := s.Status().Failing; !strings.Contains(f, tc.want) {
					t.Errorf("failing %q, want %q", f, tc.want)
				}
				if n := strings.Count(log.take(), "under the bridge"); n != 1 {
					t.Errorf("said %d times", n)
				}
				time.Sleep(10 * time.Minute) // retention has looked, and what can't be read would count as damaged
				synctest.Wait()
				if done(appended) {
					t.Error("it was acknowledged")
				}
				for range 10 {
					if _, err := q.Get(t.Context(), parked); err == nil || errors.Is(err, bridge.ErrDamaged) || !errors.Is(err, spool.ErrAway) {
						t.Errorf("Get: %v", err)
					}
				}
				if tc.another {
					equal(t, "another's files", fs.Files(filepath.Join(dir, "segments")), ours)
					for _, name := range ours {
						equal(t, name, string(fs.Bytes(name)), "another's")
					}
					fs.Move(dir, "")
				}

				fs.Move("/elsewhere", dir)
				time.Sleep(11 * time.Second)
				synctest.Wait()
				if f := s.Status().Failing; f != "" {
					t.Errorf("failing %q", f)
				}
				if tc.lines && !done(appended) {
					t.Error("it is not acknowledged")
				}
				if it, err := q.Get(t.Context(), parked); err != nil || string(it.Data) != "waits" {
					t.Errorf("Get: %q, %v", it.Data, err)
				}
				last := s.add("in", "last")
				want := []string{"last"}
				if tc.lines {
					want = []string{"later", "last"}
				}
				got, numbers := texts(t, q)
				equal(t, "events", got, want)
				equal(t, "the last", numbers[len(numbers)-1], last)
				fits(t, q.Stats())
				s.mustEnd()

				s = open(t, options(fs.Crash(0)))
				q = s.queue("r")
				got, _ = texts(t, q)
				equal(t, "events after a restart", got, append([]string{"waits"}, want...))
				fits(t, q.Stats())
			})
		})
	}
}

// TestDirectoryRemoved: nothing is acknowledged any more. What was is given from
// the file that is open still.
func TestDirectoryRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(1 << 30)
		s := watched(t, fs)
		q := s.queue("r")
		s.add("in", "one")
		if it, ok, err := q.Next(); !ok || err != nil || string(it.Data) != "one" {
			t.Fatal(it, ok, err)
		}
		s.add("in", "two", "three")
		fs.Move(dir, "")
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if n, err := s.Append(ctx, ingest("in", "four")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Append: %d, %v", n, err)
		}
		got, numbers := texts(t, q)
		equal(t, "events", got, []string{"two", "three"})
		if err := q.Settle(t.Context(), numbers[0], bridge.Delivered); err != nil {
			t.Error(err)
		}
		equal(t, "state", s.state("in"), "three")
	})
}

// TestSegmentRemoved: only the file of the segment in use is gone. What is
// written into it doesn't count; the next one takes it.
func TestSegmentRemoved(t *testing.T) {
	fs := spooltest.New(1 << 30)
	s := open(t, options(fs))
	s.add("in", "one")
	for _, name := range fs.Files(filepath.Join(dir, "segments")) {
		if err := fs.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	s.add("in", "two")
	s.mustEnd()
	s = open(t, options(fs))
	equal(t, "state", s.state("in"), "two")
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); <-time.After(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited for %s", what)
		}
	}
}

// TestRealDirectoryMoved does it with real files: what was in flight as the
// directory went is acknowledged once it is back, and is there.
func TestRealDirectoryMoved(t *testing.T) {
	o := options(nil)
	o.Dir, o.RetryEvery = filepath.Join(t.TempDir(), "state"), 10*time.Millisecond
	away := o.Dir + ".moved"
	s := open(t, o)
	s.add("in", "one")
	if err := os.Rename(o.Dir, away); err != nil {
		t.Fatal(err)
	}
	appended := make(chan error, 1)
	go func() { _, err := s.Append(t.Context(), ingest("in", "two")); appended <- err }()
	until(t, "it shows", func() bool { return s.Status().Failing != "" })
	if err := os.Mkdir(o.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	until(t, "it shows what stands there", func() bool {
		return strings.Contains(s.Status().Failing, "another one stands in its place")
	})
	if done(appended) {
		t.Error("it was acknowledged")
	}
	if err := os.Remove(o.Dir); err != nil { // it is empty still
		t.Error(err)
	}
	if err := os.Rename(away, o.Dir); err != nil {
		t.Fatal(err)
	}
	if err := <-appended; err != nil {
		t.Error(err)
	}
	s.mustEnd()
	s = open(t, o)
	equal(t, "state", s.state("in"), "two")
}
