package app

import (
	"fmt"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/sinks/filesink"
	"github.com/tailpost/tailpost/sinks/httpsink"
	"github.com/tailpost/tailpost/sinks/smtpsink"
)

// The sinks of recipients, as run and test use them alike.

func httpSink(h config.HTTPRecipient, o Options) (bridge.Sink, error) {
	so := h.Sink
	so.Name, so.Log, so.MaxInFlight, so.UserAgent = h.Name, o.Log, h.Policy.MaxInFlight, "tailpost/"+o.Version
	return httpsink.New(so)
}

// mailRelay gives the way to the mail server; nil without [smtp].
func mailRelay(c *config.Config, o Options) (*smtpsink.Relay, error) {
	if c.SMTP == nil {
		return nil, nil
	}
	ro := *c.SMTP
	ro.Log = o.Log
	relay, err := smtpsink.NewRelay(ro)
	if err != nil {
		return nil, fmt.Errorf("mail relay: %w", err)
	}
	return relay, nil
}

// closeRelay ends its idle connections; relay may be nil. Mails under way go
// on.
func closeRelay(relay *smtpsink.Relay) {
	if relay != nil {
		_ = relay.Close()
	}
}

func emailSink(m config.EmailRecipient, relay *smtpsink.Relay, o Options) (bridge.Sink, error) {
	so := m.Sink
	so.Name, so.Log = m.Name, o.Log
	return smtpsink.New(relay, so)
}

func fileSink(f config.FileRecipient, o Options) (bridge.Sink, error) {
	so := f.Sink
	so.Name, so.Log, so.Out = f.Name, o.Log, o.Stdout
	return filesink.New(so)
}
