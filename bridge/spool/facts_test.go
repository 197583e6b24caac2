package spool_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

// TestFacts does one thing with the second of three events, and looks what a
// start finds of it, after a kill.
func TestFacts(t *testing.T) {
	try := bridge.Try{Attempts: 3, Clock: time.Hour, Wait: time.Minute, Since: 1_700_000_000, Fault: bridge.ThisRecipient, Note: []byte("note")}
	for _, test := range []struct {
		name       string
		do         func(ctx context.Context, q *spool.Queue, n uint64) error
		wantNext   string
		wantParked string
		wantTries  string
		wantStats  spool.QueueStats // without First and Frontier
	}{
		{
			name:     "nothing",
			do:       func(context.Context, *spool.Queue, uint64) error { return nil },
			wantNext: "one two three", wantStats: spool.QueueStats{Window: 3, Waiting: 3},
		},
		{
			name: "delivered",
			do: func(ctx context.Context, q *spool.Queue, n uint64) error {
				return q.Settle(ctx, n, bridge.Delivered)
			},
			wantNext: "one three", wantStats: spool.QueueStats{Delivered: 1, Window: 2, Waiting: 2},
		},
		{
			name: "dropped",
			do: func(ctx context.Context, q *spool.Queue, n uint64) error {
				return q.Settle(ctx, n, bridge.Dropped)
			},
			wantNext: "one three", wantStats: spool.QueueStats{Dropped: 1, Window: 2, Waiting: 2},
		},
		{
			name: "skipped",
			do: func(ctx context.Context, q *spool.Queue, n uint64) error {
				return q.Settle(ctx, n, bridge.Skipped)
			},
			wantNext: "one three", wantStats: spool.QueueStats{Skipped: 1, Window: 2, Waiting: 2},
		},
		{
			name: "failed", do: func(ctx context.Context, q *spool.Queue, n uint64) error { return q.Fail(ctx, n, try) },
			wantNext: "one two three", wantTries: fmt.Sprint(try), wantStats: spool.QueueStats{Window: 3, Waiting: 3},
		},
		{
			name: "parked", do: func(ctx context.Context, q *spool.Queue, n uint64) error {
				_, err := q.Park(ctx, n, 99, try)
				return err
			},
			wantNext: "one three", wantParked: fmt.Sprint(99, try), wantStats: spool.QueueStats{Parked: 1, Window: 2, Waiting: 3},
		},
		{
			name: "parked, then failed", do: func(ctx context.Context, q *spool.Queue, n uint64) error {
				_, err := q.Park(ctx, n, 99, bridge.Try{})
				return errors.Join(err, q.Fail(ctx, n, try))
			},
			wantNext: "one three", wantParked: fmt.Sprint(99, try), wantStats: spool.QueueStats{Parked: 1, Window: 2, Waiting: 3},
		},
		{
			name: "parked, then delivered", do: func(ctx context.Context, q *spool.Queue, n uint64) error {
				_, err := q.Park(ctx, n, 99, try)
				return errors.Join(err, q.Settle(ctx, n, bridge.Delivered))
			},
			wantNext: "one three", wantStats: spool.QueueStats{Delivered: 1, Window: 2, Waiting: 2},
		},
		{
			name: "buried", do: func(ctx context.Context, q *spool.Queue, n uint64) error { return q.Bury(ctx, n, []byte("letter")) },
			wantNext: "one three", wantStats: spool.QueueStats{Dead: 1, Window: 2, Waiting: 2},
		},
		{
			name: "passed: looked at again, because the first is open",
			do: func(_ context.Context, q *spool.Queue, n uint64) error {
				q.Pass(n)
				return nil
			},
			wantNext: "one two three", wantStats: spool.QueueStats{Window: 3, Waiting: 3},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			fs := spooltest.New(0)
			s := open(t, options(fs))
			q := s.queue("r")
			s.add("a", "one", "two", "three")
			_, numbers := texts(t, q)
			if err := test.do(t.Context(), q, numbers[1]); err != nil {
				t.Fatal(err)
			}
			fs = fs.Kill()
			// Twice: the facts, then the checkpoint that the start makes of them.
			for range 2 {
				s := open(t, options(fs))
				q := s.queue("r")
				parked, tries := q.Restored()
				got, _ := texts(t, q)
				equal(t, "next", strings.Join(got, " "), test.wantNext)
				text := ""
				for _, p := range parked {
					equal(t, "parked number", p.Number, numbers[1])
					text += fmt.Sprint(p.Session, p.Try)
				}
				equal(t, "parked", text, test.wantParked)
				text = ""
				for n, try := range tries {
					equal(t, "tried number", n, numbers[1])
					text += fmt.Sprint(try)
				}
				equal(t, "tries", text, test.wantTries)
				st := q.Stats()
				equal(t, "frontier", st.Frontier, numbers[0])
				fits(t, st)
				st.First, st.Given, st.Frontier = 0, 0, 0
				equal(t, "stats", st, test.wantStats)
				s.mustEnd()
			}
		})
	}
}

// TestFrontier settles out of order, over restarts.
func TestFrontier(t *testing.T) {
	fs := spooltest.New(0)
	s := open(t, options(fs))
	first := s.add("a", "before")
	q := s.queue("r")
	equal(t, "first", q.Stats().First, first+1)
	s.add("a", "1", "2", "3", "4")
	_, n := texts(t, q)
	for i, step := range []struct {
		settle       int
		wantFrontier uint64
	}{{2, n[0]}, {1, n[0]}, {0, n[3]}, {3, n[3] + 1}} {
		if err := q.Settle(t.Context(), n[step.settle], bridge.Delivered); err != nil {
			t.Fatal(err)
		}
		equal(t, fmt.Sprintf("frontier after step %d", i), q.Stats().Frontier, step.wantFrontier)
		s.mustEnd()
		s = open(t, options(fs))
		q = s.queue("r")
		texts(t, q)
		equal(t, fmt.Sprintf("frontier after step %d and a start", i), q.Stats().Frontier, step.wantFrontier)
	}
	equal(t, "delivered", q.Stats().Delivered, 4)
	equal(t, "names", s.Names(), []string{"r"})
	if err := q.Settle(t.Context(), n[0], bridge.Delivered); err == nil {
		t.Error("an event that is settled can be settled again")
	}
}

// TestManyFacts goes through the journal's two files again and again.
func TestManyFacts(t *testing.T) {
	fs := spooltest.New(0)
	o := options(fs)
	o.MaxBytes = 1 << 20 // two files of 64 KiB
	s := open(t, o)
	q, idle := s.queue("r"), s.queue("idle")
	const events, each = 6000, 100
	for i := range events / each {
		var texts []string
		for k := range each {
			texts = append(texts, fmt.Sprint(i*each+k))
		}
		s.add("a", texts...)
	}
	for i := range events {
		it, ok, err := q.Next()
		if err != nil || !ok || string(it.Data) != fmt.Sprint(i) {
			t.Fatalf("event %d: %q %v %v", i, it.Data, ok, err)
		}
		if i%1000 == 999 {
			_, err = q.Park(t.Context(), it.Number, uint64(i), bridge.Try{})
		} else {
			err = q.Settle(t.Context(), it.Number, bridge.Delivered)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	want := spool.QueueStats{Delivered: events - 6, Parked: 6, Waiting: 6}
	for range 2 {
		st := q.Stats()
		fits(t, st)
		st.First, st.Given, st.Frontier = 0, 0, 0
		equal(t, "stats", st, want)
		equal(t, "stats of the idle one", idle.Stats().Waiting, events)
		fs = fs.Kill()
		o.FS = fs
		s = open(t, o)
		q, idle = s.queue("r"), s.queue("idle")
		if got, _ := texts(t, q); len(got) > 0 {
			t.Errorf("settled events come again: %q", got)
		}
	}
}

// TestMaxParked stops parking at the bound, and goes on below it.
func TestMaxParked(t *testing.T) {
	o := options(spooltest.New(0))
	o.MaxParked = 2
	s := open(t, o)
	q := s.queue("r")
	s.add("a", "1", "2", "3")
	_, n := texts(t, q)
	for i, want := range []bool{true, true, false} {
		ok, err := q.Park(t.Context(), n[i], 1, bridge.Try{})
		if ok != want || err != nil {
			t.Errorf("park %d: %v, %v; want %v", i, ok, err, want)
		}
	}
	if err := q.Settle(t.Context(), n[0], bridge.Delivered); err != nil {
		t.Fatal(err)
	}
	if ok, err := q.Park(t.Context(), n[2], 1, bridge.Try{}); !ok || err != nil {
		t.Errorf("park below the bound: %v, %v", ok, err)
	}
	equal(t, "parked", s.Status().Parked, 2)
}

// TestParkedNotesFit parks events with large notes until the journal's room
// ends; a start must find them all.
func TestParkedNotesFit(t *testing.T) {
	fs := spooltest.New(0)
	o := options(fs)
	o.MaxBytes = 1 << 20
	s := open(t, o)
	q := s.queue("r")
	var es []string
	for i := range 100 {
		es = append(es, fmt.Sprint(i))
	}
	s.add("a", es...)
	_, n := texts(t, q)
	note := make([]byte, bridge.NoteMax)
	parked := 0
	for _, n := range n {
		ok, err := q.Park(t.Context(), n, 1, bridge.Try{Attempts: 1, Note: note})
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			parked++
		}
	}
	if parked < 4 || parked > 20 {
		t.Errorf("%d events with notes of 4 KiB are parked in a journal of 64 KiB", parked)
	}
	for _, n := range n { // notes that don't fit are left out
		if err := q.Fail(t.Context(), n, bridge.Try{Attempts: 2, Note: note}); err != nil {
			t.Fatal(err)
		}
	}
	o.FS = fs.Kill()
	q = open(t, o).queue("r")
	again, tries := q.Restored()
	equal(t, "parked after a start", len(again), parked)
	equal(t, "tries after a start", len(tries), len(n)-parked)
}

// TestJournalFails makes the journal's writes or syncs fail: nothing is
// taken as recorded before it is, and all is well when it works again.
func TestJournalFails(t *testing.T) {
	inJournal := func(op, want spooltest.Op, name string) error {
		if op == want && strings.Contains(name, "journal") {
			return syscall.EIO
		}
		return nil
	}
	for _, test := range []struct {
		name     string
		op       spooltest.Op
		times    int // how often it fails
		wantWait bool
	}{
		{name: "a write fails once", op: spooltest.Write, times: 1},
		{name: "a sync fails once", op: spooltest.Sync, times: 1},
		{name: "writes fail", op: spooltest.Write, times: 20, wantWait: true},
		{name: "syncs fail", op: spooltest.Sync, times: 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fs := spooltest.New(0)
				var log logged
				o := options(fs)
				o.Log = zerolog.New(&log)
				s := open(t, o)
				q := s.queue("r")
				s.add("a", "one", "two")
				_, n := texts(t, q)
				left := test.times
				fs.SetFault(func(op spooltest.Op, name string) error {
					if err := inJournal(op, test.op, name); err != nil && left > 0 {
						left--
						return err
					}
					return nil
				})
				begun := time.Now()
				if err := q.Settle(t.Context(), n[0], bridge.Delivered); err != nil {
					t.Fatal(err)
				}
				if waited := time.Since(begun) > time.Second; waited != test.wantWait {
					t.Errorf("Settle took %v", time.Since(begun))
				}
				time.Sleep(time.Minute)
				if err := q.Settle(t.Context(), n[1], bridge.Delivered); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
				synctest.Wait()
				equal(t, "faults left", left, 0)
				if said := log.take(); test.times > 1 && strings.Count(said, "can't be written; deliveries wait") != 1 {
					t.Errorf("it should say so once: %s", said)
				}
				equal(t, "status", s.Status().JournalFailing, "")
				o.FS = fs.Crash(0)
				q = open(t, o).queue("r")
				got, _ := texts(t, q)
				equal(t, "events after a power cut", got, []string(nil))
				equal(t, "delivered", q.Stats().Delivered, 2)
			})
		})
	}
}

// TestJournalWaitsForNobody ends with the context.
func TestJournalWaitsForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		s := open(t, options(fs))
		q := s.queue("r")
		s.add("a", "one")
		_, n := texts(t, q)
		fs.SetFault(func(op spooltest.Op, name string) error {
			if op == spooltest.Write {
				return syscall.EIO
			}
			return nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
		defer cancel()
		for what, f := range map[string]func() error{
			"Settle": func() error { return q.Settle(ctx, n[0], bridge.Delivered) },
			"Fail":   func() error { return q.Fail(ctx, n[0], bridge.Try{}) },
			"Park": func() error {
				_, err := q.Park(ctx, n[0], 1, bridge.Try{})
				return err
			},
		} {
			if err := f(); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v", what, err)
			}
		}
		equal(t, "stats", q.Stats().Window, 1)
		fs.SetFault(nil)
		if err := q.Settle(t.Context(), n[0], bridge.Delivered); err != nil {
			t.Error(err)
		}
	})
}

// TestPowerCutAfterSync: 50 ms after a fact it is durable.
func TestPowerCutAfterSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		s := open(t, options(fs))
		q := s.queue("r")
		s.add("a", "one")
		_, n := texts(t, q)
		if err := q.Settle(t.Context(), n[0], bridge.Delivered); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		early := fs.Crash(0)
		time.Sleep(51 * time.Millisecond)
		synctest.Wait()
		late := fs.Crash(0)
		got, _ := texts(t, open(t, options(early)).queue("r"))
		equal(t, "at once", got, []string{"one"})
		got, _ = texts(t, open(t, options(late)).queue("r"))
		equal(t, "51 ms later", got, []string(nil))
	})
}

// TestLostJournal sends all again, but dead letters.
func TestLostJournal(t *testing.T) {
	fs := spooltest.New(0)
	s := open(t, options(fs))
	q := s.queue("r")
	s.add("a", "one", "two", "three")
	_, n := texts(t, q)
	if err := errors.Join(q.Bury(t.Context(), n[1], []byte("letter")), q.Settle(t.Context(), n[0], bridge.Delivered)); err != nil {
		t.Fatal(err)
	}
	s.mustEnd()
	for _, name := range fs.Files(filepath.Join(dir, "journal")) {
		if err := fs.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		s = open(t, options(fs))
		q = s.queue("r")
		got, again := texts(t, q)
		equal(t, "events", got, []string{"one", "three"})
		equal(t, "numbers", again, []uint64{n[0], n[2]})
		equal(t, "dead", q.Stats().Dead, 1)
		s.mustEnd()
	}
	// The journal is sound now: a new name gets what comes.
	s = open(t, options(fs))
	fresh := s.queue("fresh")
	s.add("a", "four")
	got, _ := texts(t, fresh)
	equal(t, "events of a new recipient", got, []string{"four"})
}

// TestReadDead gives the letters, once each, whatever failed meanwhile.
func TestReadDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		s := open(t, options(fs))
		q := s.queue("r")
		s.add("a", "one", "two", "three")
		_, numbers := texts(t, q)
		for i, n := range numbers {
			letter := fmt.Append(nil, "letter ", i)
			fs.FailNth(spooltest.Sync, 1, syscall.EIO)
			if err := q.Bury(t.Context(), n, letter); !errors.Is(err, syscall.EIO) {
				t.Errorf("a disk that fails: %v", err)
			}
			equal(t, "dead", q.Stats().Dead, uint64(i))
			if err := q.Bury(t.Context(), n, letter); err != nil {
				t.Fatal(err)
			}
		}
		var got []string
		err := spool.ReadDeadFS(fs.Kill(), dir, func(l spool.DeadLetter) error {
			got = append(got, fmt.Sprintf("%s %t %s", l.Recipient, slices.Contains(numbers, l.Number), l.Letter))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "letters", got, []string{"r true letter 0", "r true letter 1", "r true letter 2"})
	})
}
