package dispatch

import (
	"container/heap"
	"context"
	"sort"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// result is how an attempt ended.
type result struct {
	batch   *batch
	data    [][]byte // what was to be delivered
	probe   bool
	began   time.Time
	before  time.Time      // when another one last began
	events  []bridge.Event // what data holds
	damaged []undecodable  // nothing was sent
	receipt bridge.Receipt
	err     error
}

// took is how long the attempt took; now is when it was looked at.
func (r *result) took(now time.Time) time.Duration {
	if r.receipt.Took > 0 {
		return r.receipt.Took
	}
	return now.Sub(r.began)
}

// undecodable is an event of a batch whose bytes can't be decoded.
type undecodable struct {
	at  int
	err error
}

// begin starts what may be started now.
func (w *Worker) begin(ctx context.Context, now time.Time) error {
	for b := w.waiting.takeDue(now); b != nil; b = w.waiting.takeDue(now) {
		w.again(b)
	}
	w.gatherAt = time.Time{}
	if w.health.holdTill.After(now) || w.limit().After(now) {
		return nil
	}
	if w.health.down {
		return w.beginProbe(ctx, now)
	}
	for w.inFlight < w.o.Policy.slots() && !w.limit().After(now) {
		b := w.pick(now)
		if b == nil {
			return nil
		}
		if err := w.start(ctx, b, false, now); err != nil {
			return err
		}
	}
	return nil
}

func (w *Worker) beginProbe(ctx context.Context, now time.Time) error {
	if w.probing || now.Before(w.health.probeAt) {
		return nil
	}
	l := w.probe(now)
	if l == nil { // all that it has is under way
		w.health.probeAt = now.Add(w.health.interval)
		return nil
	}
	err := w.start(ctx, w.takeFront(l), true, now)
	if !w.probing { // it did not fly
		w.health.probeAt = now.Add(w.health.interval)
	}
	return err
}

// pick takes from new events and the due row by turns: failing events don't
// hold up new ones, nor the other way round.
func (w *Worker) pick(now time.Time) *batch {
	if l := w.pickReplay(); l != nil {
		return w.front(l)
	}
	for b := w.pickLive(now); b != nil; b = w.pickLive(now) {
		if !w.waitsForReplay(b) {
			return b
		}
	}
	if l := w.takeReplay(); l != nil {
		return w.front(l)
	}
	return nil
}

// pickLive leaves replays aside.
func (w *Worker) pickLive(now time.Time) *batch {
	w.dueTurn = !w.dueTurn
	if w.dueTurn {
		if b := w.due.take(); b != nil {
			return b
		}
	}
	if w.mayGather(now) {
		if b := w.gather(); b != nil {
			return b
		}
	}
	return w.due.take()
}

// front gives the batch that a lane begins with: one event, if it is new.
func (w *Worker) front(l *lane) *batch {
	if b := l.head().batch; b != nil {
		return b
	}
	return newBatch(l, 1)
}

// probe chooses what a recipient that is down is tried with: by turns the
// oldest event that was never attempted, and the first events of each of the
// oldest sessions. Poisonous events must not be the only probes. New events that
// wait for their batch are none: an outage is not to break it up.
func (w *Worker) probe(now time.Time) *lane {
	var oldest []*lane
	var fresh *lane
	gathers := w.mayGather(now)
	for _, l := range w.lanes {
		if !w.mayProbe(l) || l.head().batch == nil && !gathers {
			continue
		}
		oldest = append(oldest, l)
		if l.head().try.Attempts == 0 && (fresh == nil || l.head().number < fresh.head().number) {
			fresh = l
		}
	}
	switch {
	case len(w.lanes) == 0:
		return w.replays.oldest()
	case len(oldest) == 0:
		return nil
	}
	sort.Slice(oldest, func(i, j int) bool { return oldest[i].head().number < oldest[j].head().number })
	oldest = oldest[:min(len(oldest), w.o.Policy.slots())]
	turn := w.health.turn % (len(oldest) + 1)
	w.health.turn++
	if turn == 0 && fresh != nil {
		return fresh
	}
	return oldest[max(0, turn-1)]
}

// mayProbe reports whether a lane's front could begin now. Of a batch, its
// first lane speaks for all.
func (w *Worker) mayProbe(l *lane) bool {
	if l.flying || w.replayFlies(l) {
		return false
	}
	b := l.head().batch
	if b == nil {
		return true
	}
	if b.missing > 0 || b.lanes[0] != l {
		return false
	}
	for _, l := range b.lanes[1:] {
		if w.replayFlies(l) {
			return false
		}
	}
	return true
}

// takeFront takes the front of a lane out of wherever it stands.
func (w *Worker) takeFront(l *lane) *batch {
	b := l.head().batch
	switch {
	case b != nil && b.index >= 0:
		heap.Remove(&w.waiting, b.index)
	case l.replay:
		w.replays.row.remove(l)
		delete(w.replays.held, l.key)
	case b != nil:
		w.due.remove(b)
	default:
		w.ready.remove(l)
		if w.o.Policy.BatchMaxWait > 0 {
			return w.gatherFrom(l)
		}
	}
	return w.front(l)
}

// start begins an attempt of a batch, if something of it is left to be sent.
// Its members are recorded before: should we end in the middle of it, the
// same batch is sent again.
func (w *Worker) start(ctx context.Context, b *batch, probe bool, now time.Time) error {
	if ok, err := w.load(ctx, b, now); !ok || err != nil {
		return err
	}
	if err := w.join(ctx, b); err != nil {
		return err
	}
	if !b.judged {
		b.afterGood, b.judged = w.health.lastGood, true
	}
	for _, l := range b.lanes {
		l.flying = true
	}
	w.inFlight++
	if b.replay() {
		w.replays.inFlight++
	}
	w.probing = w.probing || probe
	d := bridge.Delivery{Attempt: b.attempts() + 1, Note: b.note()}
	r := result{batch: b, data: b.data, probe: probe, began: now, before: w.begun}
	b.data, w.begun = nil, now
	w.board.update(func(s *Stats) { s.Attempts++; s.Begun = now })
	go func() { w.results <- w.attempt(r, d) }()
	return nil
}

// join records the members of a batch, if they aren't yet.
func (w *Worker) join(ctx context.Context, b *batch) error {
	if !w.joins || b.joined || b.replay() {
		return nil
	}
	if err := w.o.Queue.Join(ctx, b.numbers()); err != nil {
		return err
	}
	b.joined = true
	return nil
}

// attempt runs in a goroutine of its own; w.results has room for it.
func (w *Worker) attempt(r result, d bridge.Delivery) result {
	r.events = make([]bridge.Event, len(r.data))
	for i, data := range r.data {
		var err error
		if r.events[i], err = decode(data); err != nil {
			r.damaged = append(r.damaged, undecodable{i, err})
		}
	}
	if len(r.damaged) > 0 {
		return r
	}
	d.Events = r.events
	r.receipt, r.err = w.o.Sink.Deliver(w.attempts, d)
	return r
}

func decode(data []byte) (bridge.Event, error) {
	head, err := bridge.ParseHead(data)
	if err != nil {
		return bridge.Event{}, err
	}
	return bridge.DecodeEvent(head.JSON)
}
