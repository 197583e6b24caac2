package spool_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

// fill appends events of 20 KB: twelve fill a segment of 256 KiB.
func (r *running) fill(from, to int) {
	r.t.Helper()
	for i := from; i < to; i++ {
		r.add("a", fmt.Sprintf("%d %s", i, strings.Repeat("x", 20_000)))
	}
}

// deliverAll settles whatever Next has, but parks those for which park holds.
func deliverAll(t *testing.T, q *spool.Queue, park func(i int) bool) {
	t.Helper()
	for {
		it, ok, err := q.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return
		}
		var i int
		if _, err := fmt.Sscan(string(it.Data), &i); err != nil {
			t.Fatal(err)
		}
		if park(i) {
			_, err = q.Park(t.Context(), it.Number, uint64(i), bridge.Try{Attempts: 1})
		} else {
			err = q.Settle(t.Context(), it.Number, bridge.Delivered)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func none(int) bool { return false }

// TestKeep deletes a segment once nobody wants it and its time is over, not
// before, and whatever stands before it.
func TestKeep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		o := options(fs)
		o.MaxBytes = 64 << 20
		o.Keep = option.Duration(time.Hour)
		s := open(t, o)
		q, slow := s.queue("r"), s.queue("slow")
		for i := range 3 {
			s.mustEnd() // a start begins a new segment
			s = open(t, o)
			q, slow = s.queue("r"), s.queue("slow")
			s.add("a", fmt.Sprint(i))
		}
		segments := func() int { return len(fs.Files(filepath.Join(dir, "segments"))) }
		deliverAll(t, q, none)
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		equal(t, "segments while one recipient waits", segments(), 3)
		_, n := texts(t, slow)
		for _, n := range n[1:] {
			if err := slow.Settle(t.Context(), n, bridge.Delivered); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Hour)
		equal(t, "segments while the first event waits", segments(), 3)
		if ok, err := slow.Park(t.Context(), n[0], 1, bridge.Try{}); !ok || err != nil {
			t.Fatal(ok, err)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		equal(t, "segments when it is parked", segments(), 1) // it is moved
		if err := slow.Settle(t.Context(), n[0], bridge.Delivered); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		equal(t, "segments when all is settled", segments(), 1)
		o.FS = fs.Crash(0)
		s2 := open(t, o)
		got, _ := texts(t, s2.queue("r"))
		more, _ := texts(t, s2.queue("slow"))
		equal(t, "events after a power cut", len(got)+len(more), 0)
		equal(t, "state after a power cut", s2.state("a"), "2")
	})
}

// TestMove moves parked events out of segments that hold little else.
func TestMove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		o := options(fs)
		o.Keep = 0
		s := open(t, o)
		q, other := s.queue("r"), s.queue("other")
		s.fill(0, 40)
		every := func(i int) bool { return i%12 == 3 }
		deliverAll(t, q, every)
		deliverAll(t, other, func(i int) bool { return i == 3 })
		s.fill(40, 41)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if n := s.Status().Segments; n > 2 {
			t.Errorf("%d segments", n)
		}
		check := func(q *spool.Queue, want int) {
			t.Helper()
			parked, _ := q.Restored()
			equal(t, "parked", len(parked), want)
			for _, p := range parked {
				it, err := q.Get(t.Context(), p.Number)
				if err != nil || !strings.HasPrefix(string(it.Data), fmt.Sprint(p.Session, " ")) {
					t.Errorf("event %x: %.10q, %v", p.Number, it.Data, err)
				}
			}
		}
		check(q, 4)
		check(other, 1)
		fs2 := fs.Crash(0)
		o.FS = fs2
		s2 := open(t, o)
		q2 := s2.queue("r")
		check(q2, 4)
		check(s2.queue("other"), 1)
		got, _ := texts(t, q2)
		equal(t, "given", len(got), 1) // moved ones are not given again
		var order []string
		err := spool.ReadEventsFS(fs2, dir, func(_ uint64, e []byte) error {
			order = append(order, strings.Fields(string(e))[0])
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if text := " " + strings.Join(order, " "); !strings.HasPrefix(text, " 3 15 27 ") || !strings.HasSuffix(text, " 40") {
			t.Errorf("ReadEvents gives%s", text)
		}
		// Settled, they let go of their new segment.
		parked, _ := q2.Restored()
		for _, p := range parked {
			if err := q2.Settle(t.Context(), p.Number, bridge.Delivered); err != nil {
				t.Fatal(err)
			}
		}
		equal(t, "parked", s2.Status().Parked, 1)
	})
}

// TestRescue loses the journal's word of a deletion after parked events were
// moved: they are parked again.
func TestRescue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		o := options(fs)
		o.Keep = 0
		s := open(t, o)
		q := s.queue("r")
		journals := make(map[string][]byte)
		for _, name := range fs.Files(filepath.Join(dir, "journal")) {
			journals[name] = fs.Bytes(name)
		}
		s.fill(0, 40)
		deliverAll(t, q, func(i int) bool { return i == 3 })
		s.fill(40, 41)
		time.Sleep(2 * time.Minute)
		s.mustEnd()
		fs = fs.Crash(0)
		for name, b := range journals { // as if all facts since were damaged
			fs.SetBytes(name, b)
		}
		o.FS = fs
		s = open(t, o)
		q = s.queue("r")
		parked, _ := q.Restored()
		if len(parked) != 1 || parked[0].Session != 3 {
			t.Fatalf("parked: %+v", parked)
		}
		if it, err := q.Get(t.Context(), parked[0].Number); err != nil || !strings.HasPrefix(string(it.Data), "3 ") {
			t.Errorf("%.10q, %v", it.Data, err)
		}
		got, _ := texts(t, q)
		if len(got) == 0 || !strings.HasPrefix(got[len(got)-1], "40 ") {
			t.Errorf("%d events are given", len(got))
		}
		// Nobody knows what became of those whose segments are gone.
		equal(t, "sum", int(q.Stats().Damaged)+len(got)+len(parked), 41)
	})
}

// TestFull fills the spool up to max_bytes. Ingest waits and says whom for;
// it goes on by itself when that one has its events.
func TestFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		var log logged
		o := options(fs)
		o.Keep = option.Duration(24 * time.Hour)
		o.Log = zerolog.New(&log)
		s := open(t, o)
		q, slow := s.queue("quick"), s.queue("the slow one")
		last := -1
		for i := range 400 {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			_, err := s.Append(ctx, ingest("a", fmt.Sprintf("%d %s", i, strings.Repeat("x", 20_000))))
			cancel()
			if errors.Is(err, context.DeadlineExceeded) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			last = i
			deliverAll(t, q, none)
		}
		if last < 100 || last > 250 {
			t.Fatalf("full after %d events of 20 KB, with 4 MiB", last)
		}
		st := s.Status()
		if st.Full == "" || st.Holder != "the slow one" || st.Bytes > st.MaxBytes {
			t.Errorf("status %+v", st)
		}
		said := log.take()
		for _, want := range []string{`"percent":50`, `"percent":80`, "the spool is full", `"recipient":"the slow one"`} {
			if !strings.Contains(said, want) {
				t.Errorf("it doesn't say %s: %s", want, said)
			}
		}
		done := make(chan error, 1)
		go func() {
			_, err := s.Append(t.Context(), ingest("a", "after"))
			done <- err
		}()
		time.Sleep(time.Minute)
		synctest.Wait()
		// Small as it is, it may have found room: fill that up, too.
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
		default:
			_, n := texts(t, slow)
			for _, n := range n {
				if err := slow.Settle(t.Context(), n, bridge.Delivered); err != nil {
					t.Fatal(err)
				}
			}
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		settleAll(t, slow)
		s.fill(1000, 1020)
		synctest.Wait()
		equal(t, "full", s.Status().Full, "")
	})
}

// TestFullOfSettled: the newest segment has the state, and so never goes. But
// where it holds nothing else that is wanted, a new one with the state alone
// takes its place.
func TestFullOfSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		o := options(fs)
		o.MaxBytes = 1 << 20
		s := open(t, o)
		q := s.queue("r")
		for range 5 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			_, err := s.Append(ctx, ingest("a", strings.Repeat("x", 600_000)))
			cancel()
			if err != nil {
				t.Fatalf("%v: %+v", err, s.Status())
			}
			settleAll(t, q)
		}
	})
}

// settleAll settles whatever there is.
func settleAll(t *testing.T, q *spool.Queue) {
	t.Helper()
	_, n := texts(t, q)
	for _, n := range n {
		if err := q.Settle(t.Context(), n, bridge.Delivered); err != nil {
			t.Fatal(err)
		}
	}
}

// TestMinFree waits while the file system's free space is under min_free.
func TestMinFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(8 << 20)
		o := options(fs)
		o.MinFree = "2MiB"
		o.MaxBytes = 100 << 20
		s := open(t, o)
		fs.SetTotal(2 << 20)
		done := make(chan error, 1)
		go func() {
			_, err := s.Append(t.Context(), ingest("a", strings.Repeat("x", 300_000)))
			done <- err
		}()
		time.Sleep(time.Minute)
		synctest.Wait()
		if st := s.Status(); !strings.Contains(st.Full, "min_free") {
			t.Errorf("status %+v", st)
		}
		fs.SetTotal(8 << 20)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // the status changes after the answer
		equal(t, "status", s.Status().Full, "")
	})
}

// TestOpenOnAFullDisk starts, delivers and makes room without a new block.
func TestOpenOnAFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		o := options(fs)
		o.Keep = 0
		s := open(t, o)
		s.queue("r")
		s.fill(0, 30)
		s.mustEnd()
		fs.SetTotal(1)
		s = open(t, o)
		q := s.queue("r")
		got, n := texts(t, q)
		equal(t, "events", len(got), 30)
		for _, n := range n {
			if err := q.Settle(t.Context(), n, bridge.Delivered); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		equal(t, "segments", s.Status().Segments, 1)
	})
}

// TestQuarantineOutlivesItsSegment: lines are found in their segments, then
// in their store, each once.
func TestQuarantineOutlivesItsSegment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		o := options(fs)
		o.Keep = 0
		lines := func() (got []string) {
			t.Helper()
			numbers := make(map[uint64]bool)
			err := spool.ReadQuarantineFS(fs, dir, func(l spool.QuarantinedLine) error {
				if numbers[l.Number] {
					t.Errorf("two lines have the number %x", l.Number)
				}
				numbers[l.Number] = true
				got = append(got, l.Source+" "+string(l.Line))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		want := []string{"a bad line 0", "b bad line 0", "a bad line 1", "b bad line 1", "a bad line 2", "b bad line 2"}
		for i := range 3 {
			s := open(t, o)
			for _, source := range []string{"a", "b"} {
				in := ingest(source, "event")
				in.Quarantined = [][]byte{fmt.Append(nil, "bad line ", i)}
				if _, err := s.Append(t.Context(), in); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(2 * time.Minute)
			synctest.Wait()
			equal(t, "segments", s.Status().Segments, 1)
			equal(t, "lines", lines(), want[:2*i+2])
			s.mustEnd()
		}
		// A month later they go.
		s := open(t, o)
		time.Sleep(31 * 24 * time.Hour)
		synctest.Wait()
		equal(t, "lines after keep_dead", lines(), want[4:]) // the newest stand in their segment
		s.mustEnd()
	})
}

// TestRemovedRecipient holds its segments even without a queue.
func TestRemovedRecipient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		o := options(fs)
		o.Keep = 0
		s := open(t, o)
		s.queue("removed")
		s.fill(0, 30)
		s.mustEnd()
		s = open(t, o)
		s.fill(30, 60)
		time.Sleep(time.Hour)
		synctest.Wait()
		got, _ := texts(t, s.queue("removed"))
		equal(t, "events", len(got), 60)
		equal(t, "holder", s.Status().Holder, "removed")
	})
}

// TestReplayedLineStaysReplayed: the segment that says that a line was replayed
// goes before the one with the line, and what says so in the store is over its
// time first.
func TestReplayedLineStaysReplayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New(0)
		o := options(fs)
		o.Keep, o.MaxBytes = 0, 1<<20
		o.KeepDead = o.KeepDead / 30 // a day
		s := open(t, o)
		slow := s.queue("slow")
		in := ingest("a", strings.Repeat("x", 60_000))
		in.Quarantined = [][]byte{[]byte("bad")}
		if _, err := s.Append(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		_, n := texts(t, slow)
		if ok, err := slow.Park(t.Context(), n[0], 1, bridge.Try{}); !ok || err != nil {
			t.Fatal(ok, err)
		}
		var number uint64
		_ = spool.ReadQuarantineFS(fs, dir, func(l spool.QuarantinedLine) error { number = l.Number; return nil })
		in = ingest("a", strings.Repeat("y", 60_000))
		in.Replayed = []uint64{number}
		if _, err := s.Append(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		s.add("a", strings.Repeat("z", 60_000))
		_, m := texts(t, slow)
		for _, k := range m {
			settle(t, slow, k)
		}
		time.Sleep(2 * time.Minute)
		s.mustEnd()
		time.Sleep(23 * time.Hour)
		s = open(t, o)
		slow = s.queue("slow")
		s.add("a", strings.Repeat("w", 60_000))
		_, m = texts(t, slow)
		m = append(m, n[0])
		for _, k := range m {
			settle(t, slow, k)
		}
		time.Sleep(2 * time.Minute)
		time.Sleep(2 * time.Hour)
		_ = spool.ReadQuarantineFS(fs, dir, func(l spool.QuarantinedLine) error { t.Errorf("again: %s", l.Line); return nil })
	})
}

// TestHeldBytes: what events hold is told apart from what is taken in advance.
func TestHeldBytes(t *testing.T) {
	s := open(t, options(spooltest.New(0)))
	q := s.queue("r")
	if st := s.Status(); st.Held != 0 || st.Wanted < 64<<10 {
		t.Errorf("nothing waits: %d held, %d wanted", st.Held, st.Wanted)
	}
	_, err := s.Append(t.Context(), ingest("a", strings.Repeat("x", 50_000)))
	must(t, err)
	if st := s.Status(); st.Held < 50_000 || st.Held > 60_000 {
		t.Errorf("one waits: %d held", st.Held)
	}
	_, n := texts(t, q)
	must(t, q.Settle(t.Context(), n[0], bridge.Delivered))
	if st := s.Status(); st.Held != 0 {
		t.Errorf("it is delivered: %d held", st.Held)
	}
	s.mustEnd()
}
