package app

import (
	"errors"
	"fmt"

	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/bridge/dispatch"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/sinks/smtpsink"
)

// openRecipients makes what serves the recipients that are configured.
func (a *app) openRecipients() (err error) {
	if a.relay, err = mailRelay(a.conf(), a.o); err != nil {
		return err
	}
	a.relaying = a.relay
	a.alerts.Set(a.alertSettings(a.relay))
	for _, it := range a.conf().Recipients() {
		s, err := a.newService(it, a.relay)
		if err != nil {
			return fmt.Errorf("recipient %s: %w", it.Name, err)
		}
		if s.queue, err = a.spool.Serve(s.standing()); errors.Is(err, spool.ErrKind) {
			return fmt.Errorf("%s: %w", a.conf().Places[it.Name], err)
		} else if err != nil {
			return err
		}
		a.assign(it.Name, s)
	}
	return nil
}

// newService makes what serves a recipient. Nothing is connected or opened.
func (a *app) newService(it config.Item, relay *smtpsink.Relay) (s *service, err error) {
	s = &service{item: it}
	switch r := it.What.(type) {
	case config.HTTPRecipient:
		s.policy = r.Policy
		s.sink, err = httpSink(r, a.o)
	case config.MailRecipient:
		s.policy = r.Policy
		s.sink, err = emailSink(r.EmailRecipient, relay, a.o)
	case config.FileRecipient:
		s.policy = r.Policy
		s.sink, err = fileSink(r, a.o)
	default:
		panic(fmt.Sprintf("a recipient of type %T", r))
	}
	return s, err
}

// wanted reports whether some recipient names that raw event.
func (a *app) wanted(event string) bool {
	for _, p := range a.conf().Policies() {
		if p.Wants(event) {
			return true
		}
	}
	return false
}

// policyOf gives the policy of a recipient; nil: it is not configured.
func (a *app) policyOf(recipient string) *dispatch.Policy { return a.conf().Policy(recipient) }
