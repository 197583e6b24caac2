package dispatch

import "time"

// members are the batches of an earlier run whose events are not all read yet,
// by event.
type members map[uint64]member

type member struct {
	batch *batch
	at    int // its place in it
}

// restoreBatches takes up the batches that were attempted. One that is larger
// than batches may be now is dissolved: its events go out one by one.
func (w *Worker) restoreBatches() {
	restored := w.o.Queue.Batches()
	w.joins = w.o.Policy.most() > 1 || len(restored) > 0
	w.members = members{}
	for _, numbers := range restored {
		if len(numbers) > w.o.Policy.most() {
			continue
		}
		b := &batch{events: make([]*entry, len(numbers)), missing: len(numbers), joined: true, index: -1}
		for i, n := range numbers {
			w.members[n] = member{b, i}
			w.known = max(w.known, n)
		}
	}
}

// enroll puts an event that has just been added to its lane into the batch
// that it was attempted in.
func (w *Worker) enroll(e *entry) {
	m, ok := w.members[e.number]
	switch {
	case ok:
		m.batch.events[m.at], e.batch = e, m.batch
		w.arrive(e.number, m.batch)
	case e.try.Attempts > 0:
		alone(e)
	}
}

func (w *Worker) arrive(number uint64, b *batch) {
	delete(w.members, number)
	if b.missing--; b.missing == 0 {
		assemble(b)
		w.assembled = append(w.assembled, b)
	}
}

// assemble makes a batch of its members that have come. Where they don't stand
// in a row, because the order was another one then, it is dissolved.
func assemble(b *batch) {
	came := b.events[:0]
	for _, e := range b.events {
		if e != nil {
			came = append(came, e)
		}
	}
	b.events = came
	for _, e := range came {
		if n := len(b.lanes); n == 0 || b.lanes[n-1] != e.lane {
			b.lanes = append(b.lanes, e.lane)
		}
	}
	if len(came) > 0 {
		b.judged = b.attempts() > 0
	}
	if !b.inRow() {
		for _, e := range came {
			alone(e)
		}
	}
}

// inRow reports whether the events of each lane follow each other there, at
// its front where there are several lanes.
func (b *batch) inRow() bool {
	i := 0
	for _, l := range b.lanes {
		at := 0
		for at < len(l.events) && l.events[at] != b.events[i] {
			at++
		}
		if len(b.lanes) > 1 && at > 0 {
			return false
		}
		for ; i < len(b.events) && b.events[i].lane == l; i, at = i+1, at+1 {
			if at >= len(l.events) || l.events[at] != b.events[i] {
				return false
			}
		}
	}
	return true
}

// passKnown says that reading has come past all that an earlier run has left,
// or can't go on: what has not come by now will not come, or not into its
// batch.
func (w *Worker) passKnown(now time.Time) {
	for n, m := range w.members {
		w.arrive(n, m.batch)
	}
	w.placeAssembled(now)
}

// placeAssembled lets batches begin whose members have all come.
func (w *Worker) placeAssembled(now time.Time) {
	for _, b := range w.assembled {
		for _, e := range b.events {
			if e == e.lane.head() && (e.batch != b || b.lanes[0] == e.lane) {
				w.place(e.lane, now)
			}
		}
	}
	w.assembled = w.assembled[:0]
}

// place lets the first batch of a lane begin that stands nowhere yet: what was
// parked, and all in strict order, waits as it was saved, but never longer
// than the interval in force.
func (w *Worker) place(l *lane, now time.Time) {
	b := l.head().batch
	switch {
	case b == nil:
		w.line(l)
	case b.missing > 0 || b.lanes[0] != l:
	case w.o.Policy.Order == Strict || l.parked:
		w.waiting.wait(b, now.Add(min(l.head().try.Wait, w.o.Policy.longest())))
	default:
		// What failed while the recipient was down is tried at once: the
		// recipient counts as up until it shows otherwise.
		w.due.push(b)
	}
}
