package app

import (
	"context"

	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/admin/metrics"
	"github.com/tailpost/tailpost/bridge/admin/page"
	"github.com/tailpost/tailpost/bridge/status"
)

// openListener makes the admin listener, and listens, or leaves it to the
// listener to go on trying where the port is taken. Without [admin] listen there
// is none.
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

// snapshotListener tells how the admin listener fares.
func (a *app) snapshotListener() *status.Listener {
	if a.listener == nil {
		return nil
	}
	absent := a.listener.Absent()
	return &status.Listener{Address: oneLine(a.conf().Admin.Listen), Failing: oneLine(absent.Why), Since: absent.Since}
}

// needsOfListener tells of a listener that isn't there. It doesn't make the
// bridge unready: events flow. The moments in which a bridge takes the place of
// another are none.
func needsOfListener(s *status.Snapshot) []status.Need {
	l := s.Listener
	if l == nil || l.Failing == "" || s.Taken.Sub(l.Since) < unreadyAfter {
		return nil
	}
	return []status.Need{{
		Kind: needListener, Grave: true, Text: "nobody can ask for health, metrics and the page: " + l.Failing,
		To: "end what has the address (ss -ltnp names it), and it is taken within a second; or set another one, and restart the bridge",
	}}
}

// closeListener undoes openListener where nothing runs.
func (a *app) closeListener() {
	if a.listener != nil {
		a.listener.Unbind()
	}
}
