package spool

import (
	"context"
	"maps"
	"slices"
	"time"
)

const (
	// passDelay is how long what a recipient has passed may wait for a
	// checkpoint. A crash costs none of it: those events are looked at again.
	passDelay = time.Second
	// passLarge is from how many bytes on a checkpoint is a large one, which is
	// written each passSlow at most: it holds the whole parked set.
	passLarge = 64 << 10
	passSlow  = time.Minute
)

// passesLocked notes that somebody has passed events: no fact says so, but for
// the frontier in the next checkpoint.
func (j *journal) passesLocked() {
	select {
	case j.passed <- struct{}{}:
	default:
	}
}

// runPassed writes checkpoints of recipients that have passed events, so that
// who reads the files finds them as filtered, and not as waiting until other
// facts make a checkpoint due. It returns when ctx ends.
func (j *journal) runPassed(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-j.passed:
		}
		for wait, more := passDelay, true; more; {
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
			more = j.savePassed(time.Now())
			wait = max(passDelay, j.retryEvery)
		}
	}
}

// savePassed writes what is due. It reports whether some of it is left for
// later.
func (j *journal) savePassed(now time.Time) (more bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return false
	}
	for _, handle := range slices.Sorted(maps.Keys(j.recipients)) {
		p := j.recipients[handle]
		if !p.hasPassed() {
			continue
		}
		if p.checkpointBytes() > passLarge && now.Sub(p.passedAt) < passSlow {
			more = true
			continue
		}
		if j.checkpointLocked(p) != nil {
			return true // it was said
		}
		p.passedAt = now
	}
	return more
}

// hasPassed reports whether its last checkpoint doesn't say all that it has
// passed below the frontier, or lost.
func (p *progress) hasPassed() bool {
	at := p.frontier()
	return at.passed != p.base.passed || at.lost != p.base.lost
}

// saveAll writes a checkpoint of all that have come further than their last
// one says. It is for the end: what can't be written now is looked at again at
// the next start.
func (j *journal) saveAll() {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, handle := range slices.Sorted(maps.Keys(j.recipients)) {
		if p := j.recipients[handle]; p.hasPassed() && (j.closed || j.checkpointLocked(p) != nil) {
			return
		}
	}
}
