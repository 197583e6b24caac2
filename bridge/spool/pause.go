package spool

import (
	"context"
	"errors"
	"fmt"
)

// ErrNoRecipient says that the journal knows no recipient of that name.
var ErrNoRecipient = errors.New("no such recipient")

// recipient finds what is known of a recipient.
func (s *Spool) recipient(name string) (*progress, error) {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	p := s.journal.byName[name]
	if p == nil {
		return nil, fmt.Errorf("recipient %s: %w", name, ErrNoRecipient)
	}
	return p, nil
}

// Pause keeps in the journal that nothing is to be sent to a recipient, until
// it is called with false. It returns once that is durable. Its queue, if it
// has one, is woken.
func (s *Spool) Pause(ctx context.Context, recipient string, paused bool) error {
	p, err := s.recipient(recipient)
	if err != nil {
		return err
	}
	j := &s.journal
	f := frame{kind: kindPause, detail: flag(paused), count: p.handle}
	// A fact about a name that was forgotten meanwhile would be taken, by a
	// start, for one about a name that the journal has lost.
	known := func() bool { return j.byName[recipient] == p }
	ok, err := j.record(ctx, f, nil, known, func() { p.paused = paused; j.factLocked(p) })
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("recipient %s: %w", recipient, ErrNoRecipient)
	}
	if err := j.sync(); err != nil {
		return err
	}
	s.wake(recipient)
	return nil
}

// Paused reports whether a recipient that the journal knows is paused. It may
// be called at any time.
func (s *Spool) Paused(recipient string) bool {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	p := s.journal.byName[recipient]
	return p != nil && p.paused
}

// wake lets a recipient's worker look again.
func (s *Spool) wake(recipient string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if q := s.queues[recipient]; q != nil {
		q.signal()
	}
}

// Paused reports whether the recipient is paused. It may be called at any
// time.
func (q *Queue) Paused() bool {
	q.s.journal.mu.Lock()
	defer q.s.journal.mu.Unlock()
	return q.p.paused
}
