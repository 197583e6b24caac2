package spool_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

// batchesOf gives the batches as places of their events, from 1, sorted.
func batchesOf(q *spool.Queue, first uint64) string {
	var out []string
	for _, b := range q.Batches() {
		var one []string
		for _, n := range b {
			one = append(one, fmt.Sprint(n-first+1))
		}
		out = append(out, strings.Join(one, ","))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// manyEvents appends so many events of a few bytes each and takes them.
func manyEvents(t *testing.T, s *running, q *spool.Queue, many int) (numbers []uint64) {
	t.Helper()
	for many > 0 {
		var events []string
		for range min(many, 1000) {
			events = append(events, "e")
		}
		many -= len(events)
		s.add("a", events...)
	}
	_, numbers = texts(t, q)
	return numbers
}

// TestBatchesAreKept until their events have joined others or are settled,
// over restarts, and whatever becomes of the journal's files.
func TestBatchesAreKept(t *testing.T) {
	for _, c := range []struct {
		name    string
		facts   int // written besides
		kill    bool
		restart int
	}{
		{"at once", 0, false, 0},
		{"after an end", 0, false, 1},
		{"after a kill", 0, true, 1},
		{"after checkpoints", 3000, true, 1},
		{"after new files", 20_000, true, 1},
		{"after several starts", 3000, false, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			fs := spooltest.New(0)
			s := open(t, options(fs))
			q := s.queue("r")
			n := manyEvents(t, s, q, 20)
			ctx := t.Context()
			join := func(places ...int) {
				var numbers []uint64
				for _, p := range places {
					numbers = append(numbers, n[p-1])
				}
				must(t, q.Join(ctx, numbers))
			}
			join(1, 2, 3)
			join(9, 4, 12)
			join(6)
			join(7, 8)
			must(t, q.Settle(ctx, n[1], bridge.Delivered))
			must(t, q.SettleAll(ctx, []uint64{n[6], n[7]}, bridge.Delivered))
			parked, err := q.Park(ctx, n[11], 12, bridge.Try{Attempts: 1})
			if must(t, err); !parked {
				t.Fatal("not parked")
			}
			for i := range c.facts {
				must(t, q.Fail(ctx, n[19], bridge.Try{Attempts: i + 1}))
			}
			join(1) // leaves 3 behind
			join(4, 15, 14)
			for range c.restart {
				s, fs = restarted(t, s, fs, c.kill)
				q = s.queue("r")
			}
			if got, want := batchesOf(q, n[0]), "1 3 4,15,14 6 9,12"; got != want {
				t.Errorf("batches %s, want %s", got, want)
			}
			s.mustEnd()
		})
	}
}

// TestReplayedEventIsInNoBatch: it was settled between.
func TestReplayedEventIsInNoBatch(t *testing.T) {
	for _, kill := range []bool{false, true} {
		t.Run(fmt.Sprint("kill ", kill), func(t *testing.T) {
			fs := spooltest.New(0)
			s := open(t, options(fs))
			q := s.queue("r")
			n := manyEvents(t, s, q, 3)
			ctx := t.Context()
			must(t, q.Join(ctx, n))
			must(t, q.Bury(ctx, n[1], []byte("letter")))
			_, _, err := s.ReviseDead(ctx, func(spool.DeadLetter) (spool.Verdict, error) {
				return spool.Verdict{Replay: true, Session: 1, Event: []byte("e")}, nil
			})
			must(t, err)
			if got, want := batchesOf(q, n[0]), "1,3"; got != want {
				t.Errorf("batches %s, want %s", got, want)
			}
			s, _ = restarted(t, s, fs, kill)
			if got, want := batchesOf(s.queue("r"), n[0]), "1,3"; got != want {
				t.Errorf("after a start: batches %s, want %s", got, want)
			}
			s.mustEnd()
		})
	}
}

// TestSettleAll settles what was given out and what is parked, in as few
// writes as fit.
func TestSettleAll(t *testing.T) {
	fs := spooltest.New(0)
	s := open(t, options(fs))
	q := s.queue("r")
	n := manyEvents(t, s, q, 1500)
	ctx := t.Context()
	for _, number := range n[:300] {
		if parked, err := q.Park(ctx, number, 1, bridge.Try{}); !parked || err != nil {
			t.Fatal(parked, err)
		}
	}
	writes := 0
	fs.SetFault(func(op spooltest.Op, name string) error {
		if op == spooltest.Write && strings.Contains(name, "journal") {
			writes++
		}
		return nil
	})
	must(t, q.SettleAll(ctx, n[:1400], bridge.Delivered))
	if writes > 40 {
		t.Errorf("%d writes for 1400 events", writes)
	}
	if err := q.SettleAll(ctx, []uint64{n[1450], n[0]}, bridge.Delivered); err == nil {
		t.Error("an event that is settled was settled again")
	}
	s, _ = restarted(t, s, fs, true)
	q = s.queue("r")
	if _, left := texts(t, q); !slices.Equal(left, n[1400:]) {
		t.Errorf("%d events come again", len(left))
	}
	if st := q.Stats(); st.Delivered != 1400 || st.Parked != 0 || st.Given != st.Sum() {
		t.Errorf("stats %+v", st)
	}
	s.mustEnd()
}

// TestNoRoomForBatches: the journal is small, and batches are many. What there
// is no room for is left out, and nothing stands still.
func TestNoRoomForBatches(t *testing.T) {
	fs := spooltest.New(0)
	o := options(fs)
	o.MaxBytes = 1 << 20
	var said strings.Builder
	o.Log = zerolog.New(&said)
	s := open(t, o)
	q := s.queue("r")
	n := manyEvents(t, s, q, 20_000)
	ctx := t.Context()
	var batches [][]uint64
	for i := range 20 {
		var b []uint64
		for k := range 500 {
			b = append(b, n[i*500+k], n[19_999-i*500-k]) // far from each other
		}
		batches = append(batches, b)
		must(t, q.Join(ctx, b))
	}
	kept := len(q.Batches())
	if kept == 0 || kept == len(batches) || !strings.Contains(said.String(), "no room in the journal for the members of a batch") {
		t.Errorf("%d of %d batches are kept; said: %s", kept, len(batches), said.String())
	}
	begun := time.Now()
	for _, b := range batches[10:] {
		must(t, q.SettleAll(ctx, b, bridge.Delivered))
	}
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	fs = fs.Kill()
	_ = s.end()
	o.FS = fs
	s = open(t, o)
	q = s.queue("r")
	if st := q.Stats(); st.Delivered != 10_000 || st.Waiting != 10_000 {
		t.Errorf("stats %+v", st)
	}
	for _, b := range q.Batches() {
		if !slices.ContainsFunc(batches, func(all []uint64) bool { return slices.Equal(all, b) }) {
			t.Errorf("a batch of %d that was never made", len(b))
		}
	}
	s.mustEnd()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
