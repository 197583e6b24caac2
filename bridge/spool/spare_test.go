package spool_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

// brim makes the disk as large as what stands on it: others have taken the rest.
func brim(fs *spooltest.FS) {
	total := int64(0)
	for _, d := range []string{"", "/segments", "/journal", "/dead", "/quarantine", "/damaged"} {
		for _, name := range fs.Files(dir + d) {
			total += int64(len(fs.Bytes(name)))
		}
	}
	fs.SetTotal(total)
}

func hasSpare(fs *spooltest.FS) bool { return slices.Contains(fs.Files(dir), dir+"/spare") }

// TestSpareForLetters: on a disk that others have filled a dead letter can
// still be written, and the spare blocks come back with the room.
func TestSpareForLetters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		s := open(t, options(fs))
		q := s.queue("r")
		s.add("a", "one", "two")
		_, numbers := texts(t, q)
		if !hasSpare(fs) {
			t.Fatal("no spare blocks")
		}
		brim(fs)
		if err := q.Bury(t.Context(), numbers[0], []byte("letter")); err != nil {
			t.Fatal(err)
		}
		equal(t, "dead letters", deadOnes(t, fs.Crash(0)), []string{"letter"})
		if hasSpare(fs) {
			t.Error("it was written without the spare blocks")
		}
		fs.SetTotal(0)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if !hasSpare(fs) {
			t.Error("there is room, and no spare blocks")
		}
	})
}

// TestSpareForSettled: all is settled, the disk is full. A segment with
// nothing but its head takes the place of the one that holds the room.
func TestSpareForSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		o := options(fs)
		o.Keep = 0
		s := open(t, o)
		q := s.queue("r")
		s.add("a", strings.Repeat("x", 3<<20))
		settleAll(t, q)
		brim(fs)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := s.Append(ctx, ingest("a", strings.Repeat("y", 2<<20))); err != nil {
			t.Fatalf("%v: %+v", err, s.Status())
		}
	})
}

// TestSpareForMoves: max_bytes is reached. What is parked in an old segment is
// moved all the same, the segment goes, and lines are taken again.
func TestSpareForMoves(t *testing.T) {
	// Segments take blocks ahead: with one of these sizes next to nothing is
	// left when lines are stopped.
	for more := range 32 {
		spareForMoves(t, option.Size(4<<20+more*(8<<10)))
	}
}

func spareForMoves(t *testing.T, maxBytes option.Size) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		o := options(fs)
		o.Keep, o.MaxBytes = 0, maxBytes
		s := open(t, o)
		q := s.queue("r")
		var err error
		for n := 0; err == nil; n++ {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			_, err = s.Append(ctx, ingest("a", strings.Repeat("x", 10_000)))
			cancel()
		}
		if !errors.Is(err, context.DeadlineExceeded) || s.Status().Full == "" {
			t.Fatal(err, s.Status())
		}
		// One event of the oldest segment is parked, the rest of it delivered;
		// all others wait.
		first, _, _ := q.Next()
		if ok, err := q.Park(t.Context(), first.Number, 1, bridge.Try{Attempts: 1}); !ok || err != nil {
			t.Fatal(ok, err)
		}
		oldest := s.Status().Oldest
		for n := 0; s.Status().Oldest == oldest; n++ {
			if n > 40 { // some 25 events a segment
				t.Fatalf("max_bytes %v: the oldest segment stays until others go", maxBytes)
			}
			it, ok, err := q.Next()
			if !ok || err != nil {
				t.Fatal("the oldest segment stays", err)
			}
			if err := q.Settle(t.Context(), it.Number, bridge.Delivered); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if _, err := q.Get(t.Context(), first.Number); err != nil {
			t.Error(err)
		}
		s.add("a", "lines again")
		if st := s.Status(); st.Bytes > st.MaxBytes {
			t.Errorf("over max_bytes: %+v", st)
		}
	})
}
