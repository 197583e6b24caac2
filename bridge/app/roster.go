package app

import (
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/bridge/dispatch"
)

// roster is what a configuration says of its recipients, for people. It is
// made once for each configuration.
type roster struct {
	conf       *config.Config
	recipients map[string]enrolled
}

// enrolled is a recipient that is configured, or was.
type enrolled struct {
	kind   string
	target string // as people may see it
	events []string
	policy dispatch.Policy
}

// roster gives that of the configuration that runs; the caller holds the mutex
// of snapshots.
func (a *app) roster() map[string]enrolled {
	r := &a.snapshots.of
	if c := a.conf(); r.conf != c {
		r.conf, r.recipients = c, map[string]enrolled{}
		for _, it := range c.Recipients() {
			r.recipients[it.Name] = enroll(it)
		}
	}
	return r.recipients
}

func enroll(it config.Item) enrolled {
	e := enrolled{kind: it.Kind}
	switch r := it.What.(type) {
	case config.HTTPRecipient:
		e.target, e.policy = r.Sink.Shown(), r.Policy
	case config.MailRecipient:
		e.target, e.policy = strings.Join(r.Sink.Address, ", "), r.Policy
	case config.FileRecipient:
		e.target, e.policy = r.Sink.Path, r.Policy
	}
	e.target = oneLine(e.target)
	if e.events = oneLines(e.policy.Events); len(e.events) == 0 {
		e.events = slices.Clone(bridge.SessionEvents())
	}
	return e
}

// mailServer is the address of the mail relay; empty: there is none.
func (a *app) mailServer() string {
	if o := a.conf().SMTP; o != nil {
		return net.JoinHostPort(o.Host, strconv.Itoa(o.Port))
	}
	return ""
}
