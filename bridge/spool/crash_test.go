package spool_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

// The failure walk of docs/design.md, the spool's part: what stands on disk
// when the process or the machine dies at one place, and what a start makes
// of it.

// settle ends an event as delivered.
func settle(t *testing.T, q *spool.Queue, number uint64) {
	t.Helper()
	if err := q.Settle(t.Context(), number, bridge.Delivered); err != nil {
		t.Fatal(err)
	}
}

// newest is the name of the last segment.
func newest(fs *spooltest.FS) string {
	segs := fs.Files(dir + "/segments")
	return segs[len(segs)-1]
}

// TestHalfARecordIsLeftOut cuts the last record at every byte: what stands
// before it is whole, and it is read again, since the state is that before it.
func TestHalfARecordIsLeftOut(t *testing.T) {
	fs := spooltest.New(0)
	s := open(t, options(fs))
	s.queue("r")
	s.add("a", "one")
	before := fs.Bytes(newest(fs))
	s.add("a", "two")
	after := fs.Bytes(newest(fs))
	s.mustEnd()
	from := 0
	for from < len(before) && before[from] == after[from] {
		from++
	}
	to := len(after)
	for after[to-1] == 0 {
		to--
	}
	for cut := from + 1; cut < to; cut++ {
		killed := fs.Kill()
		torn := slices.Clone(after)
		clear(torn[cut:])
		killed.SetBytes(newest(killed), torn)
		s := open(t, options(killed))
		q := s.queue("r")
		got, _ := texts(t, q)
		equal(t, fmt.Sprintf("cut at %d: events", cut), got, []string{"one"})
		equal(t, "state", s.state("a"), "one")
		if len(killed.Files(dir+"/damaged")) == 0 {
			t.Errorf("cut at %d: the half record was not set aside", cut)
		}
		s.add("a", "two")
		got, _ = texts(t, q)
		equal(t, "read again", got, []string{"two"})
		s.mustEnd()
	}
}

// TestNotSyncedIsNotSeen: until the sync has returned nobody is told and
// nothing is given out; a sync that failed is never tried again on its file.
func TestNotSyncedIsNotSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		s := open(t, options(fs))
		q := s.queue("r")
		s.add("a", "one")
		texts(t, q)
		fs.SetFault(func(op spooltest.Op, name string) error {
			if op == spooltest.Sync && strings.Contains(name, "segments") {
				return syscall.EIO
			}
			return nil
		})
		first := newest(fs)
		done := make(chan error, 1)
		go func() {
			_, err := s.Append(t.Context(), ingest("a", "two"))
			done <- err
		}()
		time.Sleep(25 * time.Second) // two more tries
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatalf("told without a sync: %v", err)
		default:
		}
		if got, _ := texts(t, q); len(got) > 0 {
			t.Fatalf("given out without a sync: %q", got)
		}
		equal(t, "state", s.state("a"), "one")
		if s.Status().Failing == "" {
			t.Error("the status doesn't say that it fails")
		}

		// A power cut now: the record is not there, or whole.
		crashed := fs.Crash(0)
		fs.SetFault(nil)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		got, _ := texts(t, q)
		equal(t, "events", got, []string{"two"})
		if newest(fs) == first {
			t.Error("it went on in the segment whose sync failed")
		}
		s.mustEnd()

		s = open(t, options(crashed))
		got, _ = texts(t, s.queue("r"))
		equal(t, "events after the power cut", got, []string{"one"})
		s.mustEnd()
	})
}

// TestDeadLetterAloneIsTheSettle: the letter is on disk, the journal knows
// nothing of it.
func TestDeadLetterAloneIsTheSettle(t *testing.T) {
	fs := spooltest.New(0)
	o := options(fs)
	o.RetryEvery = time.Millisecond
	s := open(t, o)
	q := s.queue("r")
	s.add("a", "one", "two")
	_, numbers := texts(t, q)
	fs.SetFault(func(op spooltest.Op, name string) error {
		if op == spooltest.Write && strings.Contains(name, "journal") {
			return syscall.EIO
		}
		return nil
	})
	synced := make(chan error, 1)
	go func() { synced <- q.Bury(t.Context(), numbers[0], []byte("letter")) }()
	letters := func(fs *spooltest.FS) (n int) {
		for _, name := range fs.Files(dir + "/dead") {
			n += bytes.Count(fs.Bytes(name), []byte("letter"))
		}
		return n
	}
	for deadline := time.Now().Add(time.Minute); letters(fs.Crash(0)) == 0; {
		if time.Now().After(deadline) {
			t.Fatal("the letter never became durable")
		}
	}
	crashed := fs.Crash(0)
	fs.SetFault(nil)
	if err := <-synced; err != nil {
		t.Fatal(err)
	}

	s2 := open(t, options(crashed))
	q2 := s2.queue("r")
	got, _ := texts(t, q2)
	equal(t, "events", got, []string{"two"})
	equal(t, "dead", q2.Stats().Dead, 1)
}

// TestDeletionFinishes: the intent is durable, the unlink was undone by the
// power cut. Nothing of the segment is sent again, and it goes.
func TestDeletionFinishes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		o := options(fs)
		o.Keep = 0
		s := open(t, o)
		s.queue("r")
		s.add("a", "one")
		old, content := newest(fs), fs.Bytes(newest(fs))
		s.mustEnd()
		s = open(t, o) // a start begins a new segment
		q := s.queue("r")
		_, numbers := texts(t, q)
		settle(t, q, numbers[0])
		s.add("a", "two")
		texts(t, q)
		for fs.Bytes(old) != nil {
			time.Sleep(time.Second) // until retention looks
			synctest.Wait()
		}
		s.mustEnd()

		back := fs.Kill()
		back.SetBytes(old, content)
		o.FS = back
		s = open(t, o)
		got, _ := texts(t, s.queue("r"))
		equal(t, "events", got, []string{"two"})
		for back.Bytes(old) != nil {
			time.Sleep(time.Second)
			synctest.Wait()
		}
		s.mustEnd()
	})
}

// TestHalfACompactionLeavesTheOtherFile: power goes at every stage of writing
// the journal anew; what was settled and synced before stays settled.
func TestHalfACompactionLeavesTheOtherFile(t *testing.T) {
	fs := spooltest.New(0)
	s := open(t, options(fs))
	q := s.queue("r")
	s.add("a", "one", "two", "three")
	_, numbers := texts(t, q)
	settle(t, q, numbers[0])
	s.mustEnd()

	// A new recipient is a new file of the journal.
	s = open(t, options(fs))
	q = s.queue("r")
	texts(t, q)
	settle(t, q, numbers[1])
	fs.SetFault(func(op spooltest.Op, name string) error {
		if op == spooltest.Sync && strings.Contains(name, "journal") {
			return errors.New("power is about to go")
		}
		return nil
	})
	if _, err := s.Queue("new"); err == nil {
		t.Fatal("registered without a sync")
	}
	for keep := 0; keep < 4096; keep += 64 {
		crashed := open(t, options(fs.Crash(keep)))
		q := crashed.queue("r")
		got, _ := texts(t, q)
		if len(got) == 0 || got[len(got)-1] != "three" || slices.Contains(got, "one") {
			t.Fatalf("after %d more bytes: events %q; want three, and perhaps two", keep, got)
		}
		crashed.mustEnd()
	}
	fs.SetFault(nil)
}

// TestFullDiskStopsIngestAlone: without a free block appends wait, outcomes
// are recorded and deliveries go on; all resumes by itself.
func TestFullDiskStopsIngestAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 6 << 20
		fs := spooltest.New(size)
		o := options(fs)
		o.Keep = 0
		s := open(t, o)
		q := s.queue("r")
		event := strings.Repeat("x", 64<<10)
		done := make(chan error, 1)
		go func() {
			for range 200 {
				if _, err := s.Append(t.Context(), ingest("a", event)); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
		time.Sleep(time.Minute)
		synctest.Wait()
		if s.Status().Full == "" {
			t.Fatalf("not full: %+v", s.Status())
		}
		got := 0
		for got < 200 {
			it, ok, err := q.Next()
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				time.Sleep(time.Second)
				synctest.Wait()
				continue
			}
			got++
			settle(t, q, it.Number)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		equal(t, "delivered", q.Stats().Delivered, 200)
		s.mustEnd()
	})
}

// TestNumbersAreNeverGivenTwice, over starts and torn tails.
func TestNumbersAreNeverGivenTwice(t *testing.T) {
	fs := spooltest.New(0)
	seen := map[uint64]bool{}
	for i := range 20 {
		s := open(t, options(fs))
		q := s.queue("r")
		n := s.add("a", fmt.Sprint("a", i), fmt.Sprint("b", i))
		if seen[n] || seen[n+1] {
			t.Fatalf("start %d: number %x was given before", i, n)
		}
		seen[n], seen[n+1] = true, true
		texts(t, q)
		s.mustEnd()
		if i%3 == 0 { // the tail is torn: its numbers are burnt
			b := fs.Bytes(newest(fs))
			fs.SetBytes(newest(fs), b[:len(b)-len(b)/4])
		}
		fs = fs.Kill()
	}
}
