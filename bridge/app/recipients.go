package app

import (
	"fmt"
	"io"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/dispatch"
	"github.com/tailpost/tailpost/bridge/spool"
)

// recipient is one configured recipient with its queue, sink and worker.
type recipient struct {
	name   string
	policy dispatch.Policy
	queue  *spool.Queue
	sink   bridge.Sink
	worker *dispatch.Worker
}

func (r *recipient) close() error {
	if c, ok := r.sink.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

func (a *app) openRecipients() error {
	for _, h := range a.c.HTTP {
		sink, err := httpSink(h, a.o)
		if err := a.addRecipient(h.Name, h.Policy, sink, err); err != nil {
			return err
		}
	}
	relay, err := mailRelay(a.c, a.o)
	if err != nil {
		return err
	}
	a.alerts.Set(a.alertSettings(relay))
	for _, m := range a.c.Email {
		sink, err := emailSink(m, relay, a.o)
		if err := a.addRecipient(m.Name, m.Policy, sink, err); err != nil {
			return err
		}
	}
	for _, f := range a.c.File {
		sink, err := fileSink(f, a.o)
		if err := a.addRecipient(f.Name, f.Policy, sink, err); err != nil {
			return err
		}
	}
	return nil
}

// addRecipient opens the queue and makes the worker; err is that of the sink.
func (a *app) addRecipient(name string, p dispatch.Policy, sink bridge.Sink, err error) error {
	if err != nil {
		return fmt.Errorf("recipient %s: %w", name, err)
	}
	q, err := a.spool.Queue(name)
	if err != nil {
		return fmt.Errorf("recipient %s: %w", name, err)
	}
	a.recipients = append(a.recipients, &recipient{
		name: name, policy: p, queue: q, sink: sink,
		worker: dispatch.New(dispatch.Options{
			Name: name, Policy: p, Queue: q, Sink: sink, Watcher: a.watchers, Grace: a.c.Shutdown.Grace.D(), Log: a.o.Log,
		}),
	})
	return nil
}

// wanted reports whether some recipient names that raw event.
func (a *app) wanted(event string) bool {
	for _, p := range a.c.Policies() {
		if p.Wants(event) {
			return true
		}
	}
	return false
}
