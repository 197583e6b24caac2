package config

import (
	"time"

	"github.com/tailpost/tailpost/bridge/alert"
	"github.com/tailpost/tailpost/bridge/ingest"
	"github.com/tailpost/tailpost/bridge/option"
)

// AlertPolicies gives each recipient's policy of alerts, by name.
func (c *Config) AlertPolicies() map[string]alert.Policy {
	out := map[string]alert.Policy{}
	for _, r := range c.HTTP {
		out[r.Name] = r.Alert
	}
	for _, r := range c.Email {
		out[r.Name] = r.Alert
	}
	for _, r := range c.File {
		out[r.Name] = r.Alert
	}
	return out
}

// SilentAfter gives each source's silent_after, by name; 0: it has none.
func (c *Config) SilentAfter() map[string]time.Duration {
	out := map[string]time.Duration{}
	add := func(name string, o ingest.Options) { out[name] = o.SilentAfter.D() }
	for _, s := range c.Tails {
		add(s.Name, s.Ingest)
	}
	for _, s := range c.Drops {
		add(s.Name, s.Ingest)
	}
	for _, s := range c.HTTPIns {
		add(s.Name, s.Ingest)
	}
	for _, s := range c.Sockets {
		add(s.Name, s.Ingest)
	}
	for _, s := range c.Syslogs {
		add(s.Name, s.Ingest)
	}
	for _, s := range c.Stdins {
		add(s.Name, s.Ingest)
	}
	return out
}

// contactRules looks for contacts that no mail can reach.
func (l *loader) contactRules(c *Config) {
	if c.SMTP != nil {
		return
	}
	check := func(t, def *table, contact option.List) {
		if len(contact) > 0 {
			l.owned(t, def, []option.Problem{{Key: "email_contact", Text: "there is no mail relay", Hint: "add [smtp] with host and from"}})
		}
	}
	if t := l.one("alerts"); t != nil {
		check(t, nil, c.Alerts.EmailContact)
	}
	for i, r := range c.HTTP {
		check(l.tables["recipients.http"][i], l.one("defaults.http"), r.Alert.EmailContact)
	}
	for i, r := range c.Email {
		check(l.tables["recipients.email"][i], l.one("defaults.email"), r.Alert.EmailContact)
	}
	for i, r := range c.File {
		check(l.tables["recipients.file"][i], nil, r.Alert.EmailContact)
	}
}
