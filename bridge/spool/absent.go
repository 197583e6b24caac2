package spool

import (
	"context"
	"slices"
	"strings"
	"time"
)

// Absent is a recipient that the journal knows and that nobody serves.
type Absent struct {
	Name    string
	Kind    string        // empty: not known
	Keep    time.Duration // Recipient.Keep as it was said last; 0: never
	Gone    time.Duration // how long nobody has served it, as far as Age was told
	Waiting uint64        // events
	Paused  bool          // by a person
	Stats   QueueStats    // Waiting is of it
}

// Absent gives the recipients without a queue, sorted by name.
func (s *Spool) Absent() (out []Absent) {
	j := &s.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, p := range j.recipients {
		if !s.served(p.name) {
			a := Absent{Name: p.name, Kind: p.said.kind, Keep: p.said.keep, Gone: p.said.gone, Paused: p.paused, Stats: p.balance(&s.segs)}
			a.Waiting = a.Stats.Waiting
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b Absent) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// served reports whether a name has a queue.
func (s *Spool) served(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queues[name] != nil
}

// Age adds to the time for which those that are Absent have been so. The first
// time that it is told of one only begins that: by may be longer than it has
// been away. What is accepted from then on is not for it when it is forgotten;
// should the name come back it is. A name that is served again begins anew.
func (s *Spool) Age(ctx context.Context, by time.Duration) error {
	j := &s.journal
	for _, a := range s.Absent() {
		j.mu.Lock()
		p := j.byName[a.Name]
		absent := func() bool { return j.byName[a.Name] == p && !s.served(a.Name) }
		if p == nil || !absent() {
			j.mu.Unlock()
			continue
		}
		said := p.said
		j.mu.Unlock()
		if said.from == 0 {
			said.from = s.endMark().number
		} else {
			said.gone += by
		}
		f := frame{kind: kindStanding, count: p.handle}
		if _, err := j.record(ctx, f, appendStanding(nil, said), absent, func() { p.said = said; j.factLocked(p) }); err != nil {
			return err
		}
	}
	return nil
}

// removedBefore reports whether the recipient had been removed when the event
// was accepted.
func (q *Queue) removedBefore(number uint64) bool {
	q.s.journal.mu.Lock()
	defer q.s.journal.mu.Unlock()
	return q.p.said.from != 0 && number >= q.p.said.from
}
