package spool

import (
	"github.com/tailpost/tailpost/bridge"
)

// checkpointFacts is after how many facts a recipient's checkpoint is written
// again, at the least: what is settled above the frontier in the journal
// stays few, and so does what is read again after a start.
const checkpointFacts = 1024

// settleLocked applies the fact that an event has ended.
func (j *journal) settleLocked(p *progress, number uint64, how bridge.Settlement) {
	if was, parked, _ := p.settle(number, how); parked {
		j.tallyLocked(was.place, -1)
	}
	j.factLocked(p)
}

// parkLocked applies the fact that an event waits aside.
func (j *journal) parkLocked(p *progress, number uint64, e parkedEvent) {
	if p.park(number, e) {
		j.tallyLocked(e.place, 1)
	}
	j.factLocked(p)
}

// moveLocked applies the fact that a parked event stands elsewhere now.
func (j *journal) moveLocked(p *progress, number uint64, to place) {
	if e, ok := p.parked[number]; ok {
		j.tallyLocked(e.place, -1)
		j.tallyLocked(to, 1)
		p.move(number, to)
	}
	j.factLocked(p)
}

func (j *journal) tallyLocked(at place, n int) {
	t := j.parkedIn[at.seg]
	t.events += n
	t.bytes += int64(n) * int64(at.size)
	if t.events == 0 {
		delete(j.parkedIn, at.seg)
	} else {
		j.parkedIn[at.seg] = t
	}
	j.parked += n
}

// recountLocked makes the tallies anew, after a replay.
func (j *journal) recountLocked() {
	j.parked, j.parkedIn = 0, make(map[uint64]tally)
	j.byName = make(map[string]*progress, len(j.recipients))
	for _, p := range j.recipients {
		j.byName[p.name] = p
		for _, e := range p.parked {
			j.tallyLocked(e.place, 1)
		}
	}
}

// factLocked counts a fact and writes the recipient's checkpoint when it is
// due. Where that fails the facts still stand: nothing is lost.
func (j *journal) factLocked(p *progress) {
	if p.facts++; p.facts >= max(checkpointFacts, 4*len(p.parked)) {
		_ = j.checkpointLocked(p)
	}
}

// checkpointLocked writes all that is known of one recipient.
func (j *journal) checkpointLocked(p *progress) error {
	if j.off+int64(p.checkpointBytes()) > j.room {
		return j.renewLocked()
	}
	payload := p.appendCheckpoint(nil)
	if err := j.writeLocked(frame{kind: kindRecipient, count: p.handle}, payload); err != nil {
		return err
	}
	p.base, p.facts = p.frontier(), 0
	return nil
}

// fits reports whether the checkpoints, grown by so many bytes, take no more
// than num/den of a journal file.
func (j *journal) fits(more, num, den int) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.fitsLocked(more, num, den)
}

func (j *journal) fitsLocked(more, num, den int) bool {
	n := int64(bodyStart + more)
	for _, p := range j.recipients {
		n += int64(p.checkpointBytes())
	}
	for _, u := range j.unknown {
		n += u.frame.bytes()
	}
	return n <= j.size*int64(num)/int64(den)
}

// freeHandleLocked gives a handle that no recipient has had.
func (j *journal) freeHandleLocked() (h uint32) {
	h = j.handles
	for used := range j.recipients {
		h = max(h, used+1)
	}
	j.handles = h + 1
	return h
}
