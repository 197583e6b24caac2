package app

import (
	"context"
	"io"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/bridge/dispatch"
	"github.com/tailpost/tailpost/bridge/spool"
)

// recipient is a name that events go to. One worker at a time serves it,
// however often its settings change: the next one begins when the one before
// has ended. All fields but name are guarded by the app's mutex.
type recipient struct {
	name  string
	item  config.Item      // as it is to be served; of one that was removed, as it was
	queue *spool.Queue     // the latest; nil: none yet
	now   *dispatch.Worker // that serves it, or did last; nil: none yet
	next  *service         // that is to serve it then; nil: none
	gone  bool             // it was taken out of the configuration
	sink  bridge.Sink      // of now
	stuck string           // why its queue can't be opened; empty: it can
}

// service is how a recipient is served: what one configuration of it made.
type service struct {
	item   config.Item
	policy dispatch.Policy
	sink   bridge.Sink
	queue  *spool.Queue // of a name that nobody serves; nil: asked for when it begins
	fresh  bool         // what waits for its next try is tried now
}

// standing is what the spool must know of the recipient.
func (s *service) standing() spool.Recipient {
	return spool.Recipient{
		Name: s.item.Name, Kind: s.item.Kind, Keep: s.policy.RetryDuration.D(),
		Disabled: !s.policy.Enabled, Yields: s.policy.OnFull == dispatch.Skip,
	}
}

func (s *service) close() error {
	if c, ok := s.sink.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// discard ends what never began.
func (s *service) discard() {
	_ = s.close()
	if s.queue != nil {
		s.queue.Close()
	}
}

// serve runs one worker after the other, until ctx ends or the recipient is
// removed.
func (a *app) serve(ctx context.Context, r *recipient) error {
	for {
		s := a.begin(r)
		if s == nil {
			a.removed.Look()
			return nil
		}
		err := a.work(ctx, r, s)
		if cerr := s.close(); cerr != nil {
			a.o.Log.Warn().Str("recipient", r.name).Err(cerr).Msg("its sink could not be closed")
		}
		if err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// begin gives the service that comes next. Of a recipient that was removed it
// gives nil, and takes it out.
func (a *app) begin(r *recipient) *service {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.gone {
		delete(a.recipients, r.name)
		return nil
	}
	s := r.next
	r.next = nil
	return s
}

// work runs the worker of one service.
func (a *app) work(ctx context.Context, r *recipient, s *service) error {
	o := dispatch.Options{
		Name: r.name, Policy: s.policy, Sink: s.sink, Watcher: a.watchers, Grace: a.conf().Shutdown.Grace.D(), Log: a.o.Log,
		Fresh: s.fresh,
	}
	if s.queue == nil {
		if s.queue = a.openQueue(ctx, r, s); s.queue == nil {
			return nil
		}
	}
	defer s.queue.Close()
	o.Queue = s.queue
	if w := a.engage(r, s, o); w != nil {
		return w.Run(ctx)
	}
	return nil
}

// engage makes the worker of a service; nil: there is another service already.
func (a *app) engage(r *recipient, s *service, o dispatch.Options) *dispatch.Worker {
	a.mu.Lock()
	defer a.mu.Unlock()
	r.queue = s.queue
	if r.next != nil || r.gone {
		return nil
	}
	if r.now != nil {
		o.Before = r.now.Stats()
	}
	r.now, r.sink = dispatch.New(o), s.sink
	return r.now
}

// serveWait lies between two tries to open a queue.
const serveWait = time.Second

// openQueue gives the queue of a recipient that was served before. It tries
// until the spool can take note of its settings; nil: ctx has ended.
func (a *app) openQueue(ctx context.Context, r *recipient, s *service) *spool.Queue {
	said := ""
	for ctx.Err() == nil {
		q, err := a.spool.Serve(s.standing())
		a.noteStuck(r, err)
		if err == nil {
			return q
		}
		if err.Error() != said {
			said = err.Error()
			a.o.Log.Error().Str("recipient", s.item.Name).Err(err).Dur("retry_in", serveWait).Msg("the recipient can't be served")
		}
		select {
		case <-ctx.Done():
		case <-time.After(serveWait):
		}
	}
	return nil
}

// noteStuck keeps why a recipient can't be served for those who ask.
func (a *app) noteStuck(r *recipient, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.stuck = ""; err != nil {
		r.stuck = "its queue can't be opened: " + oneLine(err.Error())
	}
}

// assign lets a service take the place of the one that a recipient has. It
// gives the recipient if nobody runs it yet.
func (a *app) assign(name string, s *service) (fresh *recipient) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.recipients[name]
	if r == nil {
		r = &recipient{name: name}
		a.recipients[name] = r
		fresh = r
	}
	a.takeOverLocked(r, s)
	r.item, r.gone = s.item, false
	if s.queue != nil {
		r.queue = s.queue
	}
	return fresh
}

// remove ends what serves a recipient.
func (a *app) remove(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r := a.recipients[name]; r != nil {
		a.takeOverLocked(r, nil)
		r.gone = true
	}
}

// takeOverLocked sets what comes next. What serves the recipient begins
// nothing more, and ends what is under way.
func (a *app) takeOverLocked(r *recipient, next *service) {
	if r.next != nil {
		r.next.discard()
	}
	r.next = next
	if r.now != nil {
		r.now.Retire()
	}
}

// closeUnbegun closes what was made for nothing, at the end.
func (a *app) closeUnbegun() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, r := range a.recipients {
		if r.next != nil {
			r.next.discard()
			r.next = nil
		}
	}
}
