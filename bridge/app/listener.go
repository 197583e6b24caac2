package app

import (
	"context"

	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/admin/metrics"
	"github.com/tailpost/tailpost/bridge/admin/page"
)

// openListener makes the admin listener, and listens: a port that is taken is
// an error at the start. Without [admin] listen there is none.
func (a *app) openListener(ctx context.Context) error {
	a.guard.SetToken(a.conf().Admin.Secret())
	address := a.conf().Admin.Listen
	if address == "" {
		return nil
	}
	a.listener = admin.NewListener(admin.ListenerOptions{
		Address: address, Guard: a.guard, Actions: actions{a}, Pulse: a.pulse,
		Metrics: metrics.Handler(a.pulse.Snapshot), Log: a.o.Log,
		Page: page.New(page.Options{
			Snapshot: a.pulse.Snapshot, Reader: pages{a}, Guard: a.guard, Actions: actions{a}, Tester: pages{a}, Log: a.o.Log,
		}),
	})
	return a.listener.Bind(ctx)
}

// closeListener undoes openListener where nothing runs.
func (a *app) closeListener() {
	if a.listener != nil {
		a.listener.Unbind()
	}
}
