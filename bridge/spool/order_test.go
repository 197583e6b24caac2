package spool_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

// What must be durable before what: each test cuts the power at the moment
// when the second has just been done.

// TestUnlinkWaitsForTheJournal: a segment doesn't go before it is durable
// that its events are settled.
func TestUnlinkWaitsForTheJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		o := options(fs)
		o.Keep = 0
		s := open(t, o)
		s.queue("r")
		s.add("a", "old")
		s.mustEnd()
		s = open(t, o)
		q := s.queue("r")
		s.add("a", "new")
		_, n := texts(t, q)
		if err := q.Settle(t.Context(), n[0], bridge.Delivered); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // retention was told, and no time has passed
		equal(t, "segments", len(fs.Files(filepath.Join(dir, "segments"))), 1)
		o.FS = fs.Crash(0)
		q = open(t, o).queue("r")
		got, _ := texts(t, q)
		equal(t, "events", got, []string{"new"})
		equal(t, "damaged", q.Stats().Damaged, 0)
		equal(t, "delivered", q.Stats().Delivered, 1)
	})
}

// TestMoveWaitsForTheSync: a parked event stands durable in its new place
// before its old one goes, with fsync = interval too.
func TestMoveWaitsForTheSync(t *testing.T) {
	for _, fsync := range []string{"always", "interval"} {
		t.Run(fsync, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fs := spooltest.New(0)
				o := options(fs)
				o.Keep, o.Fsync, o.MaxBytes = 0, fsync, 32<<20
				s := open(t, o)
				s.queue("r")
				s.fill(0, 40)
				s.mustEnd()
				s = open(t, o)
				q := s.queue("r")
				s.add("a", "40 begins a new segment")
				time.Sleep(time.Second)
				deliverAll(t, q, func(i int) bool { return i == 3 })
				for i := range 20 {
					synctest.Wait()
					at := o
					at.FS = fs.Crash(0)
					again := open(t, at).queue("r")
					parked, _ := again.Restored()
					given, _ := texts(t, again)
					found := false
					for _, p := range parked {
						it, err := again.Get(t.Context(), p.Number)
						found = found || err == nil && strings.HasPrefix(string(it.Data), "3 ")
					}
					for _, e := range given {
						found = found || strings.HasPrefix(e, "3 ")
					}
					if !found || again.Stats().Damaged > 0 {
						t.Fatalf("after %d × 50 ms the parked event is lost: %+v", i, again.Stats())
					}
					time.Sleep(50 * time.Millisecond)
				}
				equal(t, "segments", len(fs.Files(filepath.Join(dir, "segments"))), 1)
			})
		})
	}
}

// TestStartSyncs: what a kill left in the page cache is durable before it is
// given out.
func TestStartSyncs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		o := options(fs)
		o.Fsync = "interval"
		s := open(t, o)
		s.queue("r")
		s.add("a", "one")
		time.Sleep(time.Second)
		s.add("a", "two") // no sync covers it yet
		killed := fs.Kill()
		for _, test := range []struct {
			name string
			fs   *spooltest.FS
			want []string
		}{
			{"a power cut", killed.Crash(0), []string{"one"}},
			{"a kill", killed, []string{"one", "two"}},
		} {
			got, _ := texts(t, open(t, options(test.fs)).queue("r"))
			equal(t, "events after "+test.name, got, test.want)
		}
		got, _ := texts(t, open(t, options(killed.Crash(0))).queue("r"))
		equal(t, "events after a kill, a start and a power cut", got, []string{"one", "two"})
	})
}

// failSyncs lets all syncs in a folder fail, and what was begun there stay.
func failSyncs(fs *spooltest.FS, folder string) {
	fs.SetFault(func(op spooltest.Op, name string) error {
		if strings.Contains(name, folder) && (op == spooltest.Sync || op == spooltest.Remove) {
			return syscall.EIO
		}
		return nil
	})
}

// TestStartWritesAgain: a sync failed, a kill followed, and the page cache
// shows what the disk never got, as if it had been written. What a start has
// taken from it is still there after a power cut.
func TestStartWritesAgain(t *testing.T) {
	for name, before := range map[string][]string{"in use": {"one"}, "new": nil} {
		synctest.Test(t, func(t *testing.T) {
			fs := spooltest.New(0)
			s := open(t, options(fs))
			s.queue("r")
			for _, e := range before {
				s.add("a", e)
			}
			failSyncs(fs, "segments")
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if _, err := s.Append(ctx, ingest("a", "two")); err == nil {
				t.Error(name, ": appended without a sync")
			}
			killed := fs.Kill()
			first := open(t, options(killed))
			found, _ := texts(t, first.queue("r"))
			equal(t, name+": events after the kill", found, append(before, "two"))
			cut := open(t, options(killed.Crash(0)))
			got, _ := texts(t, cut.queue("r"))
			equal(t, name+": events after the power cut", got, found)
			equal(t, name+": state", cut.state("a"), "two")
		})
	}
}

// TestStartWritesLettersAgain is the same for a dead letter: once the journal
// says that the event is one, the letter has to be durable.
func TestStartWritesLettersAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		s := open(t, options(fs))
		q := s.queue("r")
		s.add("a", "one", "two")
		_, numbers := texts(t, q)
		failSyncs(fs, "dead")
		if err := q.Bury(t.Context(), numbers[0], []byte("letter")); err == nil {
			t.Error("buried without a sync")
		}
		killed := fs.Kill()
		found, _ := texts(t, open(t, options(killed)).queue("r"))
		equal(t, "events after the kill", found, []string{"two"})
		cut := killed.Crash(0)
		got, _ := texts(t, open(t, options(cut)).queue("r"))
		equal(t, "events after the power cut", got, found)
		letters := 0
		if err := spool.ReadDeadFS(cut, dir, func(spool.DeadLetter) error { letters++; return nil }); err != nil {
			t.Fatal(err)
		}
		equal(t, "letters", letters, 1)
	})
}

// TestNeverCounted: a segment whose first sync failed and that could not even
// be removed doesn't count, because the next one says so.
func TestNeverCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		s := open(t, options(fs))
		s.queue("r")
		s.add("a", "one")
		// The sync of the segment in use fails, then that of its successor,
		// which stays.
		left := 2
		fs.SetFault(func(op spooltest.Op, name string) error {
			if !strings.Contains(name, "segments") {
				return nil
			}
			if op == spooltest.Sync && left > 0 {
				left--
				return syscall.EIO
			}
			if op == spooltest.Remove {
				return syscall.EIO
			}
			return nil
		})
		s.add("a", "two", "three")
		s.add("a", "four")
		equal(t, "segments", len(fs.Files(filepath.Join(dir, "segments"))), 3)
		var read []string
		err := spool.ReadEventsFS(fs, dir, func(_ uint64, e []byte) error {
			read = append(read, string(e))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"one", "two", "three", "four"}
		equal(t, "events that are read without the lock", read, want)
		for name, fs := range map[string]*spooltest.FS{"kill": fs.Kill(), "power cut": fs.Crash(0)} {
			q := open(t, options(fs)).queue("r")
			got, _ := texts(t, q)
			equal(t, "events after a "+name, got, want)
			equal(t, "damaged after a "+name, q.Stats().Damaged, 0)
			equal(t, "segments after a "+name, len(fs.Files(filepath.Join(dir, "segments"))), 2)
		}
	})
}

// TestPassedCounts: passed events are counted with the frontier that is
// behind them, however the two come about.
func TestPassedCounts(t *testing.T) {
	for _, test := range []struct {
		name string
		do   string // of events 0 to 4: p passes, s settles, parted by blanks
		want uint64 // filtered, after a start: those below the frontier
	}{
		{name: "none", do: "s0", want: 0},
		{name: "the first", do: "p0", want: 1},
		{name: "the second, with the first open", do: "p1", want: 0},
		{name: "the second, then the first is done", do: "p1 s0", want: 1},
		{name: "the second after the third was settled", do: "s2 p1 s0", want: 1},
		{name: "every second", do: "p1 p3 s0 s2", want: 2},
		{name: "backwards", do: "p4 p3 p2 p1 s0", want: 4},
	} {
		t.Run(test.name, func(t *testing.T) {
			fs := spooltest.New(0)
			s := open(t, options(fs))
			q := s.queue("r")
			s.add("a", "0", "1", "2", "3", "4")
			_, n := texts(t, q)
			for _, step := range strings.Fields(test.do) {
				var i int
				if _, err := fmt.Sscan(step[1:], &i); err != nil {
					t.Fatal(err)
				}
				if step[0] == 'p' {
					q.Pass(n[i])
				} else if err := q.Settle(t.Context(), n[i], bridge.Delivered); err != nil {
					t.Fatal(err)
				}
			}
			equal(t, "filtered", q.Stats().Filtered, uint64(strings.Count(test.do, "p")))
			s.queue("another") // writes all checkpoints
			q = open(t, options(fs.Kill())).queue("r")
			equal(t, "filtered after a start", q.Stats().Filtered, test.want)
			_, again := texts(t, q)
			st := q.Stats()
			sum := st.Delivered + st.Filtered + st.Waiting
			equal(t, "sum", sum, 5)
			equal(t, "given again", len(again), 5-int(st.Delivered+test.want))
		})
	}
}

// TestKeepDead deletes the oldest letters when their time is over; the event
// stays settled.
func TestKeepDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		o := options(fs)
		o.KeepDead = option.Duration(time.Hour)
		letters := func() (n int) {
			t.Helper()
			err := spool.ReadDeadFS(fs, dir, func(spool.DeadLetter) error {
				n++
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		for i := range 2 {
			s := open(t, o)
			q := s.queue("r")
			s.add("a", fmt.Sprint(i))
			_, n := texts(t, q)
			equal(t, "waiting", len(n), 1)
			if err := q.Bury(t.Context(), n[0], []byte("letter")); err != nil {
				t.Fatal(err)
			}
			equal(t, "letters", letters(), i+1)
			s.mustEnd()
		}
		time.Sleep(2 * time.Hour)
		s := open(t, o)
		q := s.queue("r")
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		equal(t, "letters", letters(), 0)
		equal(t, "dead", q.Stats().Dead, 2)
		got, _ := texts(t, q)
		equal(t, "events", got, []string(nil))
	})
}
