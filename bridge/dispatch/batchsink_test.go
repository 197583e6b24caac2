package dispatch

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// call is one call of a batchSink.
type call struct {
	at      time.Duration // when it ended
	numbers []int64       // the events' timestamps
	nth     int
	err     error // nil: taken
}

// batchSink answers as its function says, takes its time, and watches over
// what must hold of each call.
type batchSink struct {
	t      *testing.T
	order  string
	start  time.Time
	answer func(events []bridge.Event, at time.Duration) error
	took   time.Duration

	mu     sync.Mutex
	calls  []call
	flying map[string]bool
	most   int           // in flight at once
	taken  map[int64]int // how often
	last   map[string]int64
}

func (s *batchSink) Deliver(ctx context.Context, d bridge.Delivery) (bridge.Receipt, error) {
	c := call{nth: d.Attempt}
	s.mu.Lock()
	seen := map[string]bool{}
	previous := ""
	for _, e := range d.Events {
		c.numbers = append(c.numbers, e.Timestamp)
		if s.order == Strict || s.order == Session && e.Session != "" {
			if s.flying[e.Session] && !seen[e.Session] {
				s.t.Errorf("session %s is under way twice", e.Session)
			}
		}
		if seen[e.Session] && previous != e.Session && s.order == Session {
			s.t.Errorf("the events of session %s don't stand in a row: %v", e.Session, c.numbers)
		}
		seen[e.Session], previous = true, e.Session
	}
	for name := range seen {
		s.flying[name] = true
	}
	s.most = max(s.most, len(s.flying))
	s.mu.Unlock()
	var cut error
	if s.took > 0 {
		select {
		case <-time.After(s.took):
		case <-ctx.Done():
			cut = ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range seen {
		delete(s.flying, name)
	}
	if cut != nil {
		c.at, c.err = time.Since(s.start), cut
		s.calls = append(s.calls, c)
		return bridge.Receipt{}, cut
	}
	c.at = time.Since(s.start)
	c.err = s.answer(d.Events, c.at)
	s.calls = append(s.calls, c)
	if c.err == nil {
		for _, e := range d.Events {
			s.taken[e.Timestamp]++
		}
	}
	return bridge.Receipt{Answer: "answer"}, c.err
}

// text gives "1,2,3@seconds" for each call, failed ones with a mark. Those that
// ended at the same time, because they took as long, stand in the order of their
// first numbers.
func (s *batchSink) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	calls := slices.Clone(s.calls)
	if s.took > 0 {
		slices.SortStableFunc(calls, func(a, b call) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.numbers[0], b.numbers[0])) })
	}
	for _, c := range calls {
		mark := ""
		if c.err != nil {
			mark = "!"
		}
		out = append(out, fmt.Sprintf("%s%s@%g", numberText(c.numbers), mark, c.at.Seconds()))
	}
	return strings.Join(out, " ")
}

// numberText gives rows as "1-4".
func numberText(numbers []int64) string {
	var out []string
	for i := 0; i < len(numbers); {
		k := i
		for k+1 < len(numbers) && numbers[k+1] == numbers[k]+1 {
			k++
		}
		if k-i > 1 {
			out = append(out, fmt.Sprintf("%d-%d", numbers[i], numbers[k]))
			i = k + 1
			continue
		}
		out = append(out, fmt.Sprint(numbers[i]))
		i++
	}
	return strings.Join(out, ",")
}

// batchRig is a rig whose sink takes batches.
type batchRig struct {
	*rig
	sink *batchSink
}

func newBatchRig(t *testing.T, order string, most int, change func(*Policy), answer func([]bridge.Event, time.Duration) error) *batchRig {
	t.Helper()
	r := newRig(t, func(p *Policy) {
		p.Order, p.BatchMaxEvents = order, most
		if change != nil {
			change(p)
		}
	}, nil)
	b := &batchRig{rig: r, sink: &batchSink{
		t: t, order: order, start: time.Now(), answer: answer, flying: map[string]bool{}, taken: map[int64]int{}, last: map[string]int64{},
	}}
	r.to = b.sink
	return b
}

// addMany adds so many events of as many sessions by turns.
func (r *batchRig) addMany(events, sessions int) {
	for i := range events {
		r.q.add(fmt.Sprint("s", i%sessions))
	}
}

func (r *batchRig) want(text string) {
	r.t.Helper()
	if got := r.sink.text(); got != text {
		r.t.Errorf("calls\n got %s\nwant %s", got, text)
	}
}

func allTaken([]bridge.Event, time.Duration) error { return nil }

// refuse fails every batch that holds one of these events.
func refuse(err error, numbers ...int64) func([]bridge.Event, time.Duration) error {
	return func(events []bridge.Event, _ time.Duration) error {
		for _, e := range events {
			if slices.Contains(numbers, e.Timestamp) {
				return err
			}
		}
		return nil
	}
}

// down fails everything until then.
func down(d time.Duration, err error) func([]bridge.Event, time.Duration) error {
	return func(_ []bridge.Event, at time.Duration) error {
		if at < d {
			return err
		}
		return nil
	}
}
