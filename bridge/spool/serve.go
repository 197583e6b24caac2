package spool

import (
	"errors"
	"fmt"
	"time"
)

// Recipient is what the configuration says of a recipient, as far as the spool
// must know it.
type Recipient struct {
	Name     string
	Kind     string        // it never changes; empty: not known
	Keep     time.Duration // for how long its queue is kept once the name is removed
	Disabled bool          // what is accepted from now on is skipped
	Yields   bool          // while the spool is full it gives up its oldest events; see Queue.GiveUp
}

// ErrKind says that a name stood for a recipient of another kind before.
var ErrKind = errors.New("a name can't change its kind")

// CheckKind reports an ErrKind where that recipient can't be served.
func (s *Spool) CheckKind(r Recipient) error {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return r.checkKind(s.journal.byName[r.Name])
}

func (r *Recipient) checkKind(p *progress) error {
	if p == nil || p.said.kind == "" || p.said.kind == r.Kind {
		return nil
	}
	return fmt.Errorf("recipient %s: %w: it was of kind %s and would be %s; give the new one another name, or take the old one out of the configuration first, and then: tailpost spool forget",
		r.Name, ErrKind, p.said.kind, r.Kind)
}

// Serve registers a recipient, or takes note of its settings, and gives its
// queue, which begins at the frontier. All of that is durable when it returns.
// What Queue says of new names holds. A name whose queue is open is ErrInUse:
// there are never two. While the name is forgotten it waits.
//
// From the moment that it is disabled, what is accepted is skipped, until it
// is served enabled again; what waited before, waits.
func (s *Spool) Serve(r Recipient) (*Queue, error) {
	defer s.reserve(r.Name)()
	s.mu.Lock()
	inUse := s.queues[r.Name] != nil
	s.mu.Unlock()
	if inUse {
		return nil, fmt.Errorf("recipient %s: %w", r.Name, ErrInUse)
	}
	j := &s.journal
	j.mu.Lock()
	p := j.byName[r.Name]
	err := r.checkKind(p)
	said := standing{kind: r.Kind, keep: r.Keep}
	switch {
	case err != nil:
	case p == nil:
		p, err = s.registerLocked(r.Name, said, r.Disabled)
	default:
		err = s.settingsLocked(p, said, r.Disabled)
	}
	if err != nil {
		j.mu.Unlock()
		return nil, err
	}
	q := s.queueLocked(p)
	q.yields = r.Yields
	j.mu.Unlock()
	if err := j.sync(); err != nil {
		q.Close()
		return nil, fmt.Errorf("recipient %s: %w", r.Name, err)
	}
	return q, nil
}

// settingsLocked writes down what is new. Each fact is true by itself.
func (s *Spool) settingsLocked(p *progress, said standing, off bool) error {
	j := &s.journal
	if p.said != said {
		if err := j.writeLocked(frame{kind: kindStanding, count: p.handle}, appendStanding(nil, said)); err != nil {
			return err
		}
		p.said = said
		j.factLocked(p)
	}
	switch {
	case off && !p.off.on:
		now := s.disabledNow()
		if _, any := s.segs.last(); !any { // nothing was there to be given, in earlier epochs either
			now.number = min(now.number, p.reached.number)
		}
		if n := len(p.skips); n > 0 { // it may have ended where the epoch begins
			now.number = max(now.number, p.skips[n-1].to)
		}
		if err := j.writeLocked(frame{kind: kindDisable, count: p.handle}, appendDisabled(nil, now)); err != nil {
			return err
		}
		p.off = now
		j.factLocked(p)
	case !off && p.off.on:
		return s.enableLocked(p)
	}
	return nil
}

// disabledNow is what a recipient that is disabled now keeps of that. It begins
// behind the last event, and not at the next number, which may be of a later
// epoch: what lies between was never given, and nothing else may say so later.
func (s *Spool) disabledNow() disabled {
	s.mu.Lock()
	defer s.mu.Unlock()
	number := s.next
	if last, ok := s.segs.last(); ok {
		behind := last.next
		if behind <= last.first() {
			behind = last.head.prevNext
		}
		number = min(number, behind)
	}
	return disabled{on: true, number: number, given: s.segs.given(s.next)}
}

// enableLocked ends a time in which a recipient was disabled: what was
// accepted in it is counted, and skipped.
func (s *Spool) enableLocked(p *progress) error {
	j := &s.journal
	if len(p.skips) >= skipsMost {
		return fmt.Errorf("recipient %s: it was disabled and enabled again %d times while events wait for it; it can be once some of them are settled", p.name, skipsMost)
	}
	to := s.endMark()
	events := s.segs.given(to.number) - min(p.off.given, s.segs.given(to.number))
	sk := skip{from: p.off.number, to: to.number, at: to.place}
	if events == 0 {
		sk.to = sk.from
	}
	if err := j.writeLocked(frame{kind: kindSkip, detail: 1, count: p.handle, first: sk.from}, appendSkip(nil, sk, events, 0)); err != nil {
		return err
	}
	p.off = disabled{}
	p.skip(sk, events, 0)
	j.factLocked(p)
	s.o.Log.Info().Str("recipient", p.name).Uint64("skipped", events).Msg("recipient is enabled again; what was accepted meanwhile is not sent to it")
	s.kick()
	return nil
}

// reserve keeps others from opening or forgetting a name until release is
// called. It waits for those who do.
func (s *Spool) reserve(name string) (release func()) {
	mine := make(chan struct{})
	for {
		s.mu.Lock()
		other := s.reserved[name]
		if other == nil {
			s.reserved[name] = mine
		}
		s.mu.Unlock()
		if other == nil {
			break
		}
		<-other
	}
	return func() {
		s.mu.Lock()
		delete(s.reserved, name)
		s.mu.Unlock()
		close(mine)
	}
}
