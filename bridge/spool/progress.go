package spool

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// place is where an event stands: the segment, the frame in it, which of the
// frame's events it is, and its size.
type place struct {
	seg   uint64
	off   int64
	index uint32
	size  uint32
}

// mark is a point in the order of numbers: everything below number was met,
// and so many of the events below it were passed or lost on the way.
type mark struct {
	number uint64
	place  place // where the event with that number stands, or where to look on
	passed uint64
	lost   uint64
}

// openEvent is an event that was given out and is neither settled nor parked.
type openEvent struct{ mark }

type parkedEvent struct {
	session uint64
	place   place
	try     *bridge.Try // nil: no attempt yet
	replay  bool        // it was a dead letter
	held    bool        // not to be given yet: the letter may still count. Never written
}

// progress is how far one recipient has come: all that the journal knows of
// it. It is guarded by the journal's mutex.
type progress struct {
	name   string
	handle uint32
	first  uint64 // its first number
	before uint64 // how many events had been given out before that
	paused bool
	said   standing
	off    disabled
	counts [settlements]uint64
	base   mark // the frontier as it stands in the journal
	parked map[uint64]parkedEvent
	tries  map[uint64]bridge.Try // of failed events that are not parked
	// batches are those that events were attempted in, oldest first, as
	// appendBatch has them; batchBytes is what they take in the journal, and
	// batchesLeast from when on they are pruned.
	batches                  [][]byte
	batchBytes, batchesLeast int
	// settled holds what was settled above the frontier.
	settled numberSet
	skips   []skip // above the frontier; see there
	// refused holds what was passed above the frontier, as far as it is kept:
	// the next worker, who may ask for more, must not send it behind later
	// events. It lives only as long as the process.
	refused numberSet

	// reached is where reading goes on; open, in order, is what was given out
	// before it and is not done. Both live only as long as the process.
	reached mark
	open    []openEvent
	highest uint64 // of the parked events that reading may come to yet

	facts    int       // written since its last checkpoint
	passedAt time.Time // the last checkpoint of what it has passed
	notes    int       // bytes of the notes in parked and tries
}

// settlements is the number of ways to end, with 0 left free.
const settlements = int(bridge.Damaged) + 1

func newProgress(name string, handle uint32, at mark) *progress {
	return &progress{
		name: name, handle: handle, first: at.number, base: at, reached: at,
		parked: make(map[uint64]parkedEvent), tries: make(map[uint64]bridge.Try),
	}
}

// frontier is the point below which every event is settled, parked, passed or
// lost.
func (p *progress) frontier() mark {
	if len(p.open) > 0 {
		return p.open[0].mark
	}
	return p.reached
}

// done reports whether an event at or above the frontier needs no giving out.
func (p *progress) done(number uint64) bool {
	if p.settled.has(number) {
		return true
	}
	_, ok := p.parked[number]
	return ok
}

// known counts the events in [from, to) that are done; from is at or above
// the frontier. What is skipped is left out.
func (p *progress) known(from, to uint64) uint64 {
	n := p.settledIn(from, to)
	for number := range p.parked {
		if from <= number && number < to && !p.skipped(number) {
			n++
		}
	}
	return n
}

// settledIn counts the settled events in [from, to), without what is skipped.
func (p *progress) settledIn(from, to uint64) (n uint64) {
	p.clip(from, to, func(from, to uint64) { n += uint64(p.settled.within(from, to)) })
	return n
}

// lose notes that the events in [from, to), which reading has just come past,
// can't be had. Those that are done, or skipped, need not be had.
func (p *progress) lose(from, to uint64) {
	p.clip(from, to, func(from, to uint64) {
		n := numbersBetween(from, to)
		p.reached.lost += n - min(n, p.known(from, to))
	})
}

// epochBits is the number of low bits of a number that count within an epoch.
const epochBits = 40

// numbersBetween counts the numbers from one up to another. Between two
// epochs lie numbers that were never given: only those of the later one count.
func numbersBetween(from, to uint64) uint64 {
	return to - max(from, to>>epochBits<<epochBits)
}

// refusedMost bounds progress.refused: so many blocks of 512 bytes.
const refusedMost = 256

// pass takes an event that was given out as one that isn't wanted. Those given
// out behind it now have one more before them.
func (p *progress) pass(number uint64) {
	i, ok := p.opened(number)
	if !ok {
		return
	}
	p.dropTry(number)
	if i > 0 && len(p.refused.blocks) < refusedMost {
		p.refused.add(number)
	}
	p.open = append(p.open[:i], p.open[i+1:]...)
	for k := range p.open[i:] {
		p.open[i+k].passed++
	}
	p.reached.passed++
	p.trim()
}

// opened finds an event that was given out.
func (p *progress) opened(number uint64) (int, bool) {
	return slices.BinarySearchFunc(p.open, number, func(o openEvent, n uint64) int { return cmp.Compare(o.number, n) })
}

// close takes an event out of those that were given out. Mostly it stands near
// the front: what is before it moves, or what is behind it, if that is less.
func (p *progress) close(number uint64) {
	i, ok := p.opened(number)
	switch {
	case !ok:
	case i < len(p.open)/2:
		copy(p.open[1:], p.open[:i])
		p.open = p.open[1:]
	default:
		p.open = append(p.open[:i], p.open[i+1:]...)
	}
}

// settle applies a fact: the event has ended so. It reports whether that was
// news, and the parked event if it was one.
func (p *progress) settle(number uint64, how bridge.Settlement) (was parkedEvent, wasParked, news bool) {
	if was, wasParked = p.parked[number]; wasParked {
		p.notes -= noteBytes(was.try)
		delete(p.parked, number)
	} else {
		if number < p.base.number || p.settled.has(number) || p.skipped(number) {
			return parkedEvent{}, false, false
		}
		p.dropTry(number)
		p.close(number)
	}
	if number >= p.frontier().number { // reading may come to it (again)
		p.settled.add(number)
	}
	p.trim()
	p.counts[how]++
	return was, wasParked, true
}

// fail applies a fact: an attempt failed.
func (p *progress) fail(number uint64, t bridge.Try) {
	if e, ok := p.parked[number]; ok {
		p.notes += len(t.Note) - noteBytes(e.try)
		e.try = &t
		p.parked[number] = e
		return
	}
	if number < p.base.number || p.settled.has(number) || p.skipped(number) {
		return
	}
	p.dropTry(number)
	p.tries[number] = t
	p.notes += len(t.Note)
}

// park applies a fact: the event waits aside. It reports whether that was
// news.
func (p *progress) park(number uint64, e parkedEvent) bool {
	if _, ok := p.parked[number]; ok || number < p.base.number || p.settled.has(number) || p.skipped(number) {
		return false
	}
	p.dropTry(number)
	p.close(number)
	p.parked[number] = e
	p.highest = max(p.highest, number)
	p.notes += noteBytes(e.try)
	p.trim()
	return true
}

func (p *progress) dropTry(number uint64) {
	if t, ok := p.tries[number]; ok {
		p.notes -= len(t.Note)
		delete(p.tries, number)
	}
}

// trim forgets what was settled below the frontier, now and then.
func (p *progress) trim() {
	if len(p.settled.blocks) > 2 || len(p.refused.blocks) > 2 || len(p.open) == 0 {
		p.settled.dropBelow(p.frontier().number)
		p.refused.dropBelow(p.frontier().number)
		p.forgetSkips(p.frontier().number)
	}
}

func noteBytes(t *bridge.Try) int {
	if t == nil {
		return 0
	}
	return len(t.Note)
}

// stats gives the counts, without what waits unread.
func (p *progress) stats() QueueStats {
	st := QueueStats{
		First:     p.first,
		Frontier:  p.frontier().number,
		Delivered: p.counts[bridge.Delivered],
		Dead:      p.counts[bridge.Dead],
		Dropped:   p.counts[bridge.Dropped],
		Filtered:  p.counts[bridge.Filtered] + p.reached.passed,
		Skipped:   p.counts[bridge.Skipped],
		Damaged:   p.counts[bridge.Damaged] + p.reached.lost,
		Parked:    uint64(len(p.parked)),
		Window:    uint64(len(p.open)),
	}
	st.Waiting = st.Parked + st.Window
	return st
}

// balance is stats with what waits unread in the segments.
func (p *progress) balance(segs *segments) QueueStats {
	st := p.stats()
	at := p.reached.number
	all, unread := segs.given(math.MaxUint64), uint64(0)
	p.clip(at, math.MaxUint64, func(from, to uint64) { unread += segs.between(from, to) })
	st.Given = all - min(all, p.before)
	if p.off.on {
		st.Skipped += all - min(all, p.off.given)
	}
	if at <= p.highest { // those were counted as parked
		unread -= min(unread, p.known(at, math.MaxUint64))
	} else {
		unread -= min(unread, p.settledIn(at, math.MaxUint64))
	}
	p.clip(at, math.MaxUint64, func(from, to uint64) { // it was given to an earlier queue
		n := min(unread, uint64(p.refused.within(from, to)))
		st.Filtered, unread = st.Filtered+n, unread-n
	})
	st.Waiting += unread
	return st
}

func unknownEvent(name string, number uint64) error {
	return fmt.Errorf("recipient %s: event %x is neither given out nor parked", name, number)
}
