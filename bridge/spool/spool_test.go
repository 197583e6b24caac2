package spool_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

const dir = "/state"

func options(fs spool.FS) spool.Options {
	o := spool.Defaults()
	o.Dir, o.FS, o.MinFree = dir, fs, "0"
	o.MaxBytes = 4 << 20
	return o
}

// running is a spool whose Run is under way.
type running struct {
	*spool.Spool
	*run
	t testing.TB
}

// run is what ends it. It forgets the spool then: a test may open thousands,
// and all that a test must clean up is held until its end.
type run struct {
	s    *spool.Spool
	stop context.CancelFunc
	done chan error
}

func open(t testing.TB, o spool.Options) *running {
	t.Helper()
	s, err := spool.Open(t.Context(), o)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return begin(t, s)
}

func begin(t testing.TB, s *spool.Spool) *running {
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	r := &run{s: s, stop: stop, done: make(chan error, 1)}
	go func() { r.done <- s.Run(ctx) }()
	t.Cleanup(func() { r.end() })
	return &running{Spool: s, run: r, t: t}
}

// end stops Run and closes the spool, once.
func (r *run) end() error {
	if r.s == nil {
		return nil
	}
	s := r.s
	r.s = nil
	r.stop()
	err := <-r.done
	if cerr := s.Close(); err == nil {
		err = cerr
	}
	return err
}

func (r *running) mustEnd() {
	r.t.Helper()
	if err := r.end(); err != nil {
		r.t.Fatalf("close: %v", err)
	}
}

// add appends events with those texts, one record, and gives the first number.
func (r *running) add(source string, events ...string) uint64 {
	r.t.Helper()
	n, err := r.Append(r.t.Context(), ingest(source, events...))
	if err != nil {
		r.t.Fatalf("Append: %v", err)
	}
	return n
}

// ingest makes a record whose position is its last event, the front of it.
func ingest(source string, events ...string) spool.Ingest {
	in := spool.Ingest{Source: source}
	for _, e := range events {
		in.Events = append(in.Events, []byte(e))
		in.Changes = []bridge.Entry{{Key: []byte("at"), Value: []byte(e[:min(len(e), 16)])}}
	}
	return in
}

func (r *running) queue(name string) *spool.Queue {
	r.t.Helper()
	q, err := r.Queue(name)
	if err != nil {
		r.t.Fatalf("Queue: %v", err)
	}
	return q
}

// texts gives the events that Next has now.
func texts(t fataler, q *spool.Queue) (out []string, numbers []uint64) {
	t.Helper()
	for {
		it, ok, err := q.Next()
		if err != nil {
			t.Fatalf("Next: %v", err)
		}
		if !ok {
			return out, numbers
		}
		out, numbers = append(out, string(it.Data)), append(numbers, it.Number)
	}
}

func (r *running) state(source string) string {
	for _, e := range r.State(source) {
		if string(e.Key) == "at" {
			return string(e.Value)
		}
	}
	return ""
}

func TestRoundTrip(t *testing.T) {
	fs := spooltest.New(0)
	s := open(t, options(fs))
	q := s.queue("r")
	s.add("a", "one", "two")
	s.add("b", "three")
	got, numbers := texts(t, q)
	equal(t, "events", got, []string{"one", "two", "three"})
	if err := q.Settle(t.Context(), numbers[0], bridge.Delivered); err != nil {
		t.Fatal(err)
	}
	s.mustEnd()

	s = open(t, options(fs.Crash(0)))
	q = s.queue("r")
	got, again := texts(t, q)
	equal(t, "events after reopen", got, []string{"two", "three"})
	equal(t, "numbers after reopen", again, numbers[1:])
	equal(t, "state", s.state("a")+s.state("b"), "twothree")
	if n := s.add("a", "four"); n <= numbers[2] || n>>40 != numbers[2]>>40+1 {
		t.Errorf("number %x after %x: no new epoch", n, numbers[2])
	}
	st := q.Stats()
	equal(t, "delivered", st.Delivered, 1)
	equal(t, "waiting", st.Waiting, 3)
}

type fataler interface {
	Helper()
	Fatalf(string, ...any)
}

func equal[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		t.Errorf("%s: got %s, want %s", what, g, w)
	}
}

// logged takes log lines, for a test to look at.
type logged struct {
	mu sync.Mutex
	b  []byte
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b = append(l.b, b...)
	return len(b), nil
}

// take gives what was logged since the last take.
func (l *logged) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := string(l.b)
	l.b = nil
	return s
}

// fits checks the balance.
func fits(t testing.TB, st spool.QueueStats) {
	t.Helper()
	if st.Given != st.Sum() {
		t.Errorf("%d events were given out, and %d are accounted for: %+v", st.Given, st.Sum(), st)
	}
}
