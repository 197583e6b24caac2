package dispatch

import (
	"cmp"
	"slices"
	"time"
)

// batch is what one attempt hands over: events from the fronts of lanes, those
// of a lane in a row. A batch that was attempted keeps its members until it is
// taken or halved, so that it goes out as the same one again; see Queue.Join.
//
// A batch of several lanes stands at the front of each of them. One of a
// single lane may stand behind others of it.
type batch struct {
	events  []*entry
	data    [][]byte // of the events, while it is under way
	lanes   []*lane
	joined  bool // the queue knows its members
	missing int  // members of an earlier run that were not read yet
	// afterGood says that the recipient's last answer before the first attempt
	// of these events alone was a success; it holds once judged is set.
	afterGood, judged bool

	next  time.Time // it isn't tried before; in the heap
	index int       // in the heap; -1: not in it
}

// batchBytes bounds the events of a batch, as the spool has them; one event is
// always taken.
const batchBytes = 1 << 20

// newBatch makes a batch of a lane's first events that are in none yet, so
// many at most.
func newBatch(l *lane, most int) *batch {
	b := &batch{index: -1}
	b.draw(l, most)
	return b
}

// alone makes a batch of one event, wherever it stands in its lane.
func alone(e *entry) {
	e.batch = &batch{events: []*entry{e}, lanes: []*lane{e.lane}, judged: e.try.Attempts > 0, index: -1}
}

// draw adds a lane's first events, so many at most, and gives their bytes as
// far as they are known.
func (b *batch) draw(l *lane, most int) (bytes int) {
	b.lanes = append(b.lanes, l)
	for _, e := range l.events[:min(most, len(l.events))] {
		if e.batch != nil {
			break
		}
		e.batch = b
		b.events = append(b.events, e)
		bytes += len(e.data)
	}
	return bytes
}

// attempts is how often its events were attempted.
func (b *batch) attempts() int { return b.events[0].try.Attempts }

// note is what the sink kept. Each event has it, but after a kill in the middle
// of recording that: then those that were attempted most often do, which all of
// the batch were with them.
func (b *batch) note() []byte {
	return slices.MaxFunc(b.events, func(x, y *entry) int {
		return cmp.Or(cmp.Compare(x.try.Attempts, y.try.Attempts), cmp.Compare(len(x.try.Note), len(y.try.Note)))
	}).try.Note
}

func (b *batch) replay() bool { return b.lanes[0].replay }

// inFront reports whether the batch stands at the front of its lanes.
func (b *batch) inFront() bool { return b.lanes[0].head().batch == b }

func (b *batch) numbers() []uint64 {
	out := make([]uint64, len(b.events))
	for i, e := range b.events {
		out[i] = e.number
	}
	return out
}

// expired reports whether the clock of one of its events has run out.
func (b *batch) expired(after time.Duration) bool {
	return slices.ContainsFunc(b.events, func(e *entry) bool { return e.try.Clock >= after })
}

// halve gives two batches for one: between two lanes, so that neither waits
// for the other; within a lane the second stands behind the first.
func (b *batch) halve() (first, second *batch) {
	cut := len(b.events) / 2
	if len(b.lanes) > 1 {
		cut = b.border(cut)
	}
	first = b.part(b.events[:cut])
	second = b.part(b.events[cut:])
	// The failure was about these very events; what stands behind them is
	// judged by how they fare.
	first.afterGood, first.judged = b.afterGood, true
	return first, second
}

// border gives the border between two lanes that is next to at.
func (b *batch) border(at int) int {
	best := 0
	for i := 1; i < len(b.events); i++ {
		if b.events[i].lane != b.events[i-1].lane && (best == 0 || abs(i-at) < abs(best-at)) {
			best = i
		}
	}
	return best
}

func abs(n int) int { return max(n, -n) }

func (b *batch) part(events []*entry) *batch {
	p := &batch{events: events[:len(events):len(events)], index: -1}
	for _, e := range events {
		e.batch = p
		if n := len(p.lanes); n == 0 || p.lanes[n-1] != e.lane {
			p.lanes = append(p.lanes, e.lane)
		}
	}
	return p
}

// relane looks once more whose events a batch has, after some have left it:
// lanes without any begin something else.
func (w *Worker) relane(b *batch) {
	lanes := b.lanes
	b.lanes = nil
	for _, l := range lanes {
		switch {
		case len(l.events) == 0:
		case l.head().batch == b:
			b.lanes = append(b.lanes, l)
		default:
			w.line(l)
		}
	}
}
