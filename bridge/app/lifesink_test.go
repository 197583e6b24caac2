package app

import (
	"context"
	"errors"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/dispatch"
)

// lifeSink is the receiver of one life, in one process.
type lifeSink struct {
	*life
	process int
}

var errOld = errors.New("of an earlier process")

func (s lifeSink) Deliver(ctx context.Context, d bridge.Delivery) (bridge.Receipt, error) {
	s.mu.Lock()
	if s.process != s.life.process {
		s.mu.Unlock()
		<-ctx.Done()
		return bridge.Receipt{}, errOld
	}
	s.begins(d)
	took := time.Duration(s.luck.IntN(1500)) * time.Millisecond
	s.mu.Unlock()
	select {
	case <-time.After(took):
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != s.life.process {
		return bridge.Receipt{}, errOld
	}
	s.now--
	for _, e := range d.Events {
		delete(s.under, int(e.Timestamp))
		s.flying[e.Session]--
	}
	if ctx.Err() != nil {
		return bridge.Receipt{}, ctx.Err()
	}
	if err := s.answer(d); err != nil {
		return bridge.Receipt{}, err
	}
	for _, e := range d.Events {
		s.takes(int(e.Timestamp), e.Session)
	}
	return bridge.Receipt{}, nil
}

// begins looks at an attempt that begins.
func (s lifeSink) begins(d bridge.Delivery) {
	p, now := &s.policy, time.Now()
	s.now++
	most := p.MaxInFlight
	if p.Order == dispatch.Strict {
		most = 1
	}
	if s.now > most {
		s.t.Errorf("%s: %d attempts at once, of %d", s.name, s.now, most)
	}
	if len(d.Events) > p.BatchMaxEvents {
		s.t.Errorf("%s: a batch of %d, of %d", s.name, len(d.Events), p.BatchMaxEvents)
	}
	if every := p.RateLimit.Every(); now.Sub(s.lastBegun) < every {
		s.t.Errorf("%s: an attempt %v after the one before, and they may be %v apart", s.name, now.Sub(s.lastBegun), every)
	}
	s.lastBegun = now
	if !p.Enabled || p.Paused || s.person {
		s.t.Errorf("%s: an attempt while it is paused or disabled", s.name)
	}
	in := map[string]int{}
	for _, e := range d.Events {
		i := int(e.Timestamp)
		s.under[i] = s.process
		if e.Session != "" && !s.loose {
			if s.flying[e.Session] > 0 {
				s.t.Errorf("%s: %d of session %s begins while others of it are under way", s.name, i, e.Session)
			}
			if before, ok := in[e.Session]; ok && before > i {
				s.t.Errorf("%s: %d before %d in a batch", s.name, before, i)
			}
		}
		in[e.Session] = i
	}
	for _, e := range d.Events {
		s.flying[e.Session]++
	}
}

func (s lifeSink) answer(d bridge.Delivery) error {
	bad := func(scope bridge.Scope) *bridge.DeliveryError {
		return &bridge.DeliveryError{Scope: scope, Err: errors.New(s.mood)}
	}
	switch s.mood {
	case "down":
		err := bad(bridge.ThisRecipient)
		err.Down = true
		return err
	case "busy":
		return bad(bridge.ThisRecipient)
	case "later":
		err := bad(bridge.ThisRecipient)
		err.After = 15 * time.Second
		return err
	case "moody":
		if s.luck.IntN(2) == 0 {
			return bad(bridge.ThisEvent)
		}
	case "picky":
		for _, e := range d.Events {
			if e.Timestamp%7 == 0 {
				err := bad(bridge.ThisEvent)
				err.Permanent = e.Timestamp%2 == 0
				return err
			}
		}
	}
	return nil
}

// takes looks at an event that the receiver takes.
func (s lifeSink) takes(i int, session string) {
	owed, known := s.owed[i]
	switch {
	case !known || !owed:
		s.t.Errorf("%s: %d is not for it (it was there: %v)", s.name, i, known)
	case s.dead[i] || s.dropped[i]:
		s.t.Errorf("%s: %d is dead (%v) or dropped", s.name, i, s.dead[i])
	case s.taken[i] > 0 && !s.repeat[i]:
		s.t.Errorf("%s: %d is taken again", s.name, i)
	case !s.loose && session != "" && i < s.last[session] && !s.replayed[i] && !s.repeat[i]:
		s.t.Errorf("%s: %d of session %s after %d", s.name, i, session, s.last[session])
	}
	s.taken[i]++
	s.repeat[i] = false
	if !s.replayed[i] {
		s.last[session] = max(i, s.last[session])
	}
	delete(s.replayed, i)
}

// lifeWatcher is told how a life goes in one process.
type lifeWatcher struct {
	*life
	process int
}

func (w lifeWatcher) Attempted(a bridge.Attempt) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.process != w.life.process {
		return
	}
	i := int(a.ID[0]) | int(a.ID[1])<<8
	if a.Err == "" {
		delete(w.failing, i)
		return
	}
	if _, ok := w.first[i]; !ok {
		w.first[i] = w.ranLocked()
	}
	w.failing[i] = true
	if !a.Dead {
		return
	}
	delete(w.failing, i)
	w.dead[i] = true
	permanent := a.Err == "picky" && i%2 == 0
	if ran := w.ranLocked() - w.first[i]; ran < w.policy.RetryDuration.D() && !permanent && w.policy.Order == dispatch.None && !w.reorder {
		w.t.Errorf("%s: %d died after %v, of %v", w.name, i, ran, w.policy.RetryDuration)
	}
}

func (w lifeWatcher) Failing(_ string, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.process == w.life.process {
		w.told = n
	}
}
