package dispatch

import (
	"container/heap"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// entry is one event that the worker holds: with its bytes in the window, or
// by number alone once it is parked.
type entry struct {
	number  uint64
	data    []byte // as the spool has it; nil while parked
	try     bridge.Try
	running time.Time // since when its clock runs in this process; zero: it doesn't
	parked  bool
	failed  bool      // an attempt of it has failed in this process
	tried   time.Time // when that was
	// afterGood says that the recipient's last answer before the first
	// attempt of this event was a success.
	afterGood bool
}

// clock is how long the entry's retry clock has run.
func (e *entry) clock(now time.Time) time.Duration {
	if e.running.IsZero() {
		return e.try.Clock
	}
	return e.try.Clock + now.Sub(e.running)
}

// stopClock makes the clock stand.
func (e *entry) stopClock(now time.Time) {
	e.try.Clock, e.running = e.clock(now), time.Time{}
}

// lane is a row of events that must not overtake each other. Where it stands
// is exactly one of: flying (its first event's attempt is under way), in the
// ready or the due row, or in the heap of those that wait for a time.
type lane struct {
	key    uint64
	events []*entry
	parked bool
	replay bool // its events were dead letters; see replays
	flying bool
	behind bool      // it waits for the end of a replay of its session, and stands nowhere
	queued bool      // stands in the ready or the due row
	next   time.Time // its first event isn't tried before; in the heap
	index  int       // in the heap; -1: not in it
}

func (l *lane) head() *entry { return l.events[0] }

// pop takes the first event off.
func (l *lane) pop() {
	l.events[0] = nil
	l.events = l.events[1:]
}

// waiting is a heap of lanes by the time of their next try.
type waiting []*lane

func (w waiting) Len() int           { return len(w) }
func (w waiting) Less(i, j int) bool { return w[i].next.Before(w[j].next) }
func (w waiting) Swap(i, j int) {
	w[i], w[j] = w[j], w[i]
	w[i].index, w[j].index = i, j
}
func (w *waiting) Push(x any) {
	l := x.(*lane)
	l.index = len(*w)
	*w = append(*w, l)
}
func (w *waiting) Pop() any {
	old := *w
	l := old[len(old)-1]
	old[len(old)-1] = nil
	*w = old[:len(old)-1]
	l.index = -1
	return l
}

// wait puts a lane into the heap until next.
func (w *waiting) wait(l *lane, next time.Time) {
	l.next = next
	heap.Push(w, l)
}

// takeDue takes a lane out whose time has come, or nil.
func (w *waiting) takeDue(now time.Time) *lane {
	if len(*w) == 0 || (*w)[0].next.After(now) {
		return nil
	}
	return heap.Pop(w).(*lane)
}

// row is a first-in-first-out row of lanes that could begin at once.
type row struct {
	lanes []*lane
	first int
}

func (r *row) len() int { return len(r.lanes) - r.first }

func (r *row) push(l *lane) {
	l.queued = true
	r.lanes = append(r.lanes, l)
}

func (r *row) take() *lane {
	if r.len() == 0 {
		return nil
	}
	l := r.lanes[r.first]
	r.lanes[r.first] = nil
	r.first++
	if r.first > 64 && r.first*2 > len(r.lanes) {
		r.lanes = append(r.lanes[:0], r.lanes[r.first:]...)
		r.first = 0
	}
	l.queued = false
	return l
}

// remove takes a lane out of the middle: a probe chose it.
func (r *row) remove(l *lane) {
	for i := r.first; i < len(r.lanes); i++ {
		if r.lanes[i] == l {
			r.lanes = append(r.lanes[:i], r.lanes[i+1:]...)
			l.queued = false
			return
		}
	}
}
