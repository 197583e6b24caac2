package app

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"syscall"
	"time"

	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/bridge/ingest"
)

// newWatch follows the configuration's files. Workers and sources that a
// reload brings run in these groups.
func (a *app) newWatch(workers, sources *group) *config.Watch {
	return config.NewWatch(config.WatchOptions{
		Config: a.conf(), Hangup: a.o.Hangup, Asked: a.asked, Log: a.o.Log,
		Apply: func(ctx context.Context, c *config.Config, asked bool) error {
			return a.reload(ctx, c, asked, workers, sources)
		},
	})
}

// reload puts a configuration into force. Everything that can fail happens
// before anything that runs is touched: on an error all is as it was.
func (a *app) reload(ctx context.Context, c *config.Config, asked bool, workers, sources *group) error {
	restart, err := c.KeepFixed(a.conf())
	if err != nil {
		return err
	}
	p := &plan{c: c, restart: restart, same: c.Same(a.conf())}
	p.sources.between(a.conf().Sources(), c.Sources())
	p.recipients.between(a.conf().Recipients(), c.Recipients())
	if err := a.prepare(ctx, p); err != nil {
		a.undo(ctx, p)
		return err
	}
	a.commit(p, workers, sources)
	a.tell(p, asked)
	return nil
}

// prepare makes all that is needed, in the order of what it costs to undo.
func (a *app) prepare(ctx context.Context, p *plan) (err error) {
	if p.relay = a.relay; !reflect.DeepEqual(p.c.SMTP, a.conf().SMTP) {
		if p.relay, err = mailRelay(p.c, a.o); err != nil {
			return err
		}
	}
	for _, it := range p.recipients.coming() {
		s, err := a.newService(it, p.relay)
		if err != nil {
			return fmt.Errorf("recipient %s: %w", it.Name, err)
		}
		s.fresh = true
		p.services = append(p.services, s)
		if err := a.spool.CheckKind(s.standing()); err != nil {
			return fmt.Errorf("%s: %w", p.c.Places[it.Name], err)
		}
	}
	if err := a.prepareSources(ctx, p); err != nil {
		return err
	}
	return a.prepareQueues(p)
}

// prepareSources makes the sources and lets them listen, but for addresses that
// one in whose place they come has still.
func (a *app) prepareSources(ctx context.Context, p *plan) error {
	for _, items := range [][]config.Item{p.sources.changed, p.sources.removed} {
		for _, it := range items {
			a.mu.Lock()
			s := a.sources[it.Name]
			a.mu.Unlock()
			p.leave = append(p.leave, s)
		}
	}
	for _, it := range p.sources.coming() {
		// What it would end the program with when it begins.
		_, err := ingest.TotalsOf(a.spool.State(it.Name))
		if err != nil {
			return fmt.Errorf("source %s: %w", it.Name, err)
		}
		s, err := a.newSource(it)
		if err != nil {
			return fmt.Errorf("source %s: %w", it.Name, err)
		}
		p.made = append(p.made, s)
		if b, ok := s.from.(binder); ok {
			if err := b.Bind(ctx); err != nil && !(errors.Is(err, syscall.EADDRINUSE) && p.frees(s.item)) {
				return fmt.Errorf("source %s: %w", it.Name, err)
			}
		}
	}
	return nil
}

// prepareQueues gives new recipients their first numbers.
func (a *app) prepareQueues(p *plan) error {
	known := a.spool.Names()
	for _, s := range p.services {
		a.mu.Lock()
		served := a.recipients[s.item.Name] != nil
		a.mu.Unlock()
		if served { // its queue is in use until the worker before has ended
			continue
		}
		q, err := a.spool.Serve(s.standing())
		if err != nil {
			return fmt.Errorf("recipient %s: %w", s.item.Name, err)
		}
		s.queue = q
		if !slices.Contains(known, s.item.Name) {
			p.queued = append(p.queued, s.item.Name)
		}
	}
	return nil
}

// undo takes back what was prepared.
func (a *app) undo(ctx context.Context, p *plan) {
	for _, s := range p.services {
		s.discard()
	}
	for _, name := range p.queued {
		if _, err := (actions{a}).Forget(ctx, name); err != nil {
			a.o.Log.Warn().Str("recipient", name).Err(err).Msg("the name of a refused recipient is kept")
		}
	}
	for _, s := range p.made {
		s.unbind()
	}
}

// commit does it. Nothing in it can fail.
func (a *app) commit(p *plan, workers, sources *group) {
	a.mu.Lock()
	a.reloading = true
	a.relaying, a.restarts = p.relay, p.restart
	if !p.same {
		a.applied = time.Now()
	}
	a.mu.Unlock()
	a.runs.Store(p.c)
	old := a.relay
	a.relay = p.relay
	a.alerts.Set(a.alertSettings(a.relay))
	a.guard.SetToken(p.c.Admin.Secret())
	if old != a.relay { // its connections may take seconds to end
		workers.run("mail relay", func(context.Context) error { closeRelay(old); return nil })
	}
	for _, it := range p.recipients.removed {
		a.remove(it.Name)
	}
	for _, s := range p.services {
		if r := a.assign(s.item.Name, s); r != nil {
			workers.run("recipient "+r.name, func(ctx context.Context) error { return a.serve(ctx, r) })
		}
	}
	a.end(p.leave)
	a.mu.Lock()
	for _, it := range p.sources.removed {
		delete(a.sources, it.Name)
	}
	a.mu.Unlock()
	for _, s := range p.made {
		a.start(sources, s)
	}
	if a.o.Level != nil {
		a.o.Level(p.c.Log.Level)
	}
	a.mu.Lock()
	a.reloading = false
	a.mu.Unlock()
	a.inputEnded()
}
