package spool

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// Verdict is what a person wants with a dead letter. Its zero value leaves it.
type Verdict struct {
	Drop   bool // for good
	Replay bool // it waits again: Session and Event must be set

	Session uint64 // under which its recipient parks it
	Event   []byte // as it was appended once
}

// ReviseDead shows judge each dead letter, oldest first, and does what it
// says: what is replayed waits again for its recipient, under the same number;
// what is dropped is settled for good. Neither is a dead letter any longer. It
// gives how many were replayed and dropped; all of that is durable. On an
// error, what was judged last may not be done.
//
// A replay takes room in the spool and among the parked events; where there is
// none it fails. The letter is valid until judge returns.
func (s *Spool) ReviseDead(ctx context.Context, judge func(DeadLetter) (Verdict, error)) (replayed, dropped int, err error) {
	s.revising.Lock()
	defer s.revising.Unlock()
	if err := s.strikeLeft(); err != nil {
		return 0, 0, err
	}
	r := revision{s: s, ctx: ctx}
	_, err = scanDead(s.o.FS, s.o.Dir, func(stored) {}, func(l DeadLetter, _ stored) error {
		v, err := judge(l)
		switch {
		case err != nil:
			return err
		case v.Replay:
			return r.replay(l, v)
		case v.Drop:
			return r.drop(l)
		}
		return nil
	})
	return r.replayed, r.dropped, errors.Join(err, r.flush())
}

// revision gathers what is to be done, a batch at a time.
type revision struct {
	s                 *Spool
	ctx               context.Context
	replays           []revival
	drops             []revival
	bytes             int
	replayed, dropped int
}

// revival is a dead letter that is to be no dead letter any longer.
type revival struct {
	p     *progress
	event movedEvent // without data for a drop
	at    place      // where it stands now
}

// revisedMost bounds a batch.
const revisedMost = 256

func (r *revision) replay(l DeadLetter, v Verdict) error {
	p, err := r.s.recipient(l.Recipient)
	if err != nil {
		return err
	}
	// It waits anew: how long it waited before is told by the letter.
	e := movedEvent{number: l.Number, session: v.Session, when: time.Now().UnixNano(), data: slices.Clone(v.Event)}
	r.replays = append(r.replays, revival{p: p, event: e})
	return r.full(len(e.data))
}

// drop takes letters of recipients that are gone, too.
func (r *revision) drop(l DeadLetter) error {
	p, err := r.s.recipient(l.Recipient)
	if err != nil {
		p = &progress{name: l.Recipient}
	}
	r.drops = append(r.drops, revival{p: p, event: movedEvent{number: l.Number}})
	return r.full(0)
}

func (r *revision) full(bytes int) error {
	if r.bytes += bytes; r.bytes < moveBatch && len(r.replays)+len(r.drops) < revisedMost {
		return nil
	}
	return r.flush()
}

func (r *revision) flush() error {
	replays, drops := r.replays, r.drops
	r.replays, r.drops, r.bytes = nil, nil, 0
	if len(replays) > 0 {
		n, err := r.s.revive(r.ctx, replays)
		if err != nil {
			return err
		}
		r.replayed += n
	}
	if len(drops) > 0 {
		n, err := r.s.dropDead(r.ctx, drops)
		if err != nil {
			return err
		}
		r.dropped += n
	}
	return nil
}

// dropDead strikes letters out and then counts their events as dropped: a
// start after a power cut between the two still counts them as dead. What
// waits anyway is left as it is. That the events are settled has to be durable
// before: without a letter they would wait again.
func (s *Spool) dropDead(ctx context.Context, rs []revival) (int, error) {
	j := &s.journal
	if rs = s.deadOnes(rs); len(rs) == 0 {
		return 0, nil
	}
	if err := j.sync(); err != nil {
		return 0, err
	}
	if err := s.strikeOut(rs); err != nil {
		return 0, err
	}
	for _, r := range rs {
		if r.p.handle == 0 {
			continue // of a recipient that is gone
		}
		f := frame{kind: kindRevive, detail: byte(bridge.Dropped), count: r.p.handle, first: r.event.number}
		if _, err := j.record(ctx, f, nil, nil, func() { r.p.dropDead(r.event.number); j.factLocked(r.p) }); err != nil {
			return 0, err
		}
	}
	return len(rs), j.sync()
}

// dropDead applies a fact: a dead event is given up for good. One of an
// earlier life of the name is in no count.
func (p *progress) dropDead(number uint64) {
	if number < p.first {
		return
	}
	p.counts[bridge.Dead] -= min(1, p.counts[bridge.Dead])
	p.counts[bridge.Dropped]++
}
