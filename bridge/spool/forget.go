package spool

import (
	"context"
	"errors"
	"fmt"

	"github.com/tailpost/tailpost/bridge"
)

// ErrInUse says that a recipient can't be forgotten while it has a queue.
var ErrInUse = errors.New("the recipient is in use")

// Forget makes dead letters of all that waits for a recipient, as letter
// writes them, and takes its name out of the journal. What was accepted since
// it was removed from the configuration is left out. It gives how many letters
// it wrote. On an error the name stays, and what is a dead letter by
// then waits no longer. Events that can't be read back are left out.
//
// letter may not keep the item's data.
func (s *Spool) Forget(ctx context.Context, recipient string, letter func(bridge.Item) ([]byte, error)) (int, error) {
	s.revising.Lock()
	defer s.revising.Unlock()
	defer s.reserve(recipient)()
	if err := s.strikeLeft(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	inUse := s.queues[recipient] != nil
	s.mu.Unlock()
	if inUse {
		return 0, fmt.Errorf("recipient %s: %w", recipient, ErrInUse)
	}
	p, err := s.recipient(recipient)
	if err != nil {
		return 0, err
	}
	s.journal.mu.Lock()
	q := s.queueLocked(p)
	s.journal.mu.Unlock()
	defer q.Close()
	f := forgetting{q: q, ctx: ctx, letter: letter}
	if err := f.all(); err != nil {
		return f.n, fmt.Errorf("forget recipient %s: %w", recipient, err)
	}
	return f.n, s.unregister(q.p)
}

// leave closes a queue that was opened for a while.
func (s *Spool) leave(q *Queue) {
	q.c.close()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queues[q.p.name] == q {
		delete(s.queues, q.p.name)
	}
}

func (s *Spool) unregister(p *progress) error {
	j := &s.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range p.parked { // those that could not be read back
		j.tallyLocked(e.place, -1)
	}
	delete(j.recipients, p.handle)
	delete(j.byName, p.name)
	if err := j.renewLocked(); err != nil {
		j.recipients[p.handle], j.byName[p.name] = p, p
		for _, e := range p.parked {
			j.tallyLocked(e.place, 1)
		}
		return fmt.Errorf("forget recipient %s: %w", p.name, err)
	}
	s.kick()
	return nil
}

// forgetting makes dead letters of what waits, many with one sync.
type forgetting struct {
	q       *Queue
	ctx     context.Context
	letter  func(bridge.Item) ([]byte, error)
	batch   []stored
	numbers []uint64
	bytes   int
	n       int
}

func (f *forgetting) all() error {
	f.q.c.w.stubborn = true // a bad sector must not keep the name
	parked, _ := f.q.Restored()
	for _, p := range parked {
		it, err := f.get(p.Number)
		if errors.Is(err, bridge.ErrDamaged) {
			f.q.s.o.Log.Error().Err(err).Str("recipient", f.q.p.name).Msg("a parked event can't be read back; it is no dead letter")
			continue
		}
		if err == nil {
			err = f.add(it)
		}
		if err != nil {
			return err
		}
	}
	for {
		it, ok, err := f.q.Next()
		if err != nil {
			return err
		}
		if !ok || f.q.removedBefore(it.Number) {
			return f.flush()
		}
		if err := f.add(it); err != nil {
			return err
		}
	}
}

// get is the queue's Get, but that it tries until the event is there or counts
// as damaged.
func (f *forgetting) get(number uint64) (it bridge.Item, err error) {
	for range patience {
		it, err = f.q.Get(f.ctx, number)
		if err == nil || f.ctx.Err() != nil || errors.Is(err, bridge.ErrDamaged) || errors.Is(err, errOpen) {
			return it, err
		}
	}
	return it, fmt.Errorf("%w: %w", bridge.ErrDamaged, err)
}

func (f *forgetting) add(it bridge.Item) error {
	b, err := f.letter(it)
	if err != nil {
		return fmt.Errorf("event %x: %w", it.Number, err)
	}
	f.batch = append(f.batch, f.q.s.letter(f.q.p.name, it.Number, b))
	f.numbers = append(f.numbers, it.Number)
	if f.bytes += len(b); f.bytes < moveBatch {
		return nil
	}
	return f.flush()
}

func (f *forgetting) flush() error {
	if len(f.batch) == 0 {
		return nil
	}
	if err := f.q.s.putLetters(f.q.p.name, f.batch); err != nil {
		return err
	}
	for _, n := range f.numbers {
		if err := f.q.Settle(f.ctx, n, bridge.Dead); err != nil {
			return err
		}
	}
	f.n += len(f.batch)
	f.batch, f.numbers, f.bytes = nil, nil, 0
	return nil
}
