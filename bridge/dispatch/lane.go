package dispatch

import (
	"container/heap"
	"slices"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// entry is one event that the worker holds: with its bytes in the window, or
// by number alone once it is parked.
type entry struct {
	number   uint64
	lane     *lane
	data     []byte // as the spool has it; nil while parked
	try      bridge.Try
	batch    *batch    // what it is attempted with; nil before it is first
	arrived  time.Time // when it was read; zero: it was there before the worker
	accepted int64     // Item.Accepted; 0 before a parked one was read back
	running  time.Time // since when its clock runs in this process; zero: it doesn't
	parked   bool
	failed   bool      // an attempt of it has failed in this process
	tried    time.Time // when that was
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
// is exactly one of: flying (its first events' attempt is under way); in the
// ready row, where its first event is in no batch yet; or where the batch of
// its first event stands: in the due row, or in the heap of those that wait
// for a time. Only replays stand in their own row.
type lane struct {
	key    uint64
	events []*entry
	parked bool
	replay bool // its events were dead letters; see replays
	flying bool
	behind bool // it waits for the end of a replay of its session, and stands nowhere
}

func (l *lane) head() *entry { return l.events[0] }

// add puts an event at the end.
func (l *lane) add(e *entry) {
	e.lane = l
	l.events = append(l.events, e)
}

// remove takes an event off, mostly the first one.
func (l *lane) remove(e *entry) {
	i := slices.Index(l.events, e)
	if i > 0 {
		l.events = slices.Delete(l.events, i, i+1)
		return
	}
	l.events[0] = nil
	l.events = l.events[1:]
}

// waiting is a heap of batches by the time of their next try.
type waiting []*batch

func (w waiting) Len() int           { return len(w) }
func (w waiting) Less(i, j int) bool { return w[i].next.Before(w[j].next) }
func (w waiting) Swap(i, j int) {
	w[i], w[j] = w[j], w[i]
	w[i].index, w[j].index = i, j
}
func (w *waiting) Push(x any) {
	b := x.(*batch)
	b.index = len(*w)
	*w = append(*w, b)
}
func (w *waiting) Pop() any {
	old := *w
	b := old[len(old)-1]
	old[len(old)-1] = nil
	*w = old[:len(old)-1]
	b.index = -1
	return b
}

// wait puts a batch into the heap until next.
func (w *waiting) wait(b *batch, next time.Time) {
	b.next = next
	heap.Push(w, b)
}

// takeDue takes a batch out whose time has come, or nil.
func (w *waiting) takeDue(now time.Time) *batch {
	if len(*w) == 0 || (*w)[0].next.After(now) {
		return nil
	}
	return heap.Pop(w).(*batch)
}

// row is a first-in-first-out row of lanes or batches that could begin at
// once.
type row[T comparable] struct {
	all   []T
	first int
}

func (r *row[T]) len() int { return len(r.all) - r.first }

func (r *row[T]) push(x T) { r.all = append(r.all, x) }

// take gives the first one; the zero value where there is none.
func (r *row[T]) take() (x T) {
	if r.len() == 0 {
		return x
	}
	var none T
	x, r.all[r.first] = r.all[r.first], none
	r.first++
	if r.first > 64 && r.first*2 > len(r.all) {
		r.all = append(r.all[:0], r.all[r.first:]...)
		r.first = 0
	}
	return x
}

// remove takes one out of the middle, if it is there: a probe chose it.
func (r *row[T]) remove(x T) {
	if i := slices.Index(r.all[r.first:], x); i >= 0 {
		r.all = slices.Delete(r.all, r.first+i, r.first+i+1)
	}
}
