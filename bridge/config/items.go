package config

import (
	"reflect"

	"github.com/tailpost/tailpost/bridge/alert"
	"github.com/tailpost/tailpost/sinks/smtpsink"
)

// Item is one source or recipient, of whatever kind. The name tells it from
// the others of a configuration, and is its identity from one to the next.
type Item struct {
	Name string
	Kind string // of kindsOf: "tail", …; "http", "email", "file"
	// What is all that its life depends on: a TailSource, DropSource, HTTPSource,
	// SocketSource, SyslogSource or StdinSource; an HTTPRecipient,
	// MailRecipient or FileRecipient. Contents of files that it names are in it.
	What any
}

// MailRecipient is an email recipient with the relay that it sends through.
type MailRecipient struct {
	EmailRecipient
	Relay *smtpsink.RelayOptions
}

// Sources gives all sources, in the order of the kinds.
func (c *Config) Sources() (out []Item) {
	// Alerts are told of changes as a whole: none of them is a reason to read
	// anew.
	for _, s := range c.Tails {
		s.Ingest.SilentAfter = 0
		out = append(out, Item{s.Name, "tail", s})
	}
	for _, s := range c.Drops {
		s.Ingest.SilentAfter = 0
		out = append(out, Item{s.Name, "drop", s})
	}
	for _, s := range c.HTTPIns {
		s.Ingest.SilentAfter = 0
		out = append(out, Item{s.Name, "http", s})
	}
	for _, s := range c.Sockets {
		s.Ingest.SilentAfter = 0
		out = append(out, Item{s.Name, "socket", s})
	}
	for _, s := range c.Syslogs {
		s.Ingest.SilentAfter = 0
		out = append(out, Item{s.Name, "syslog", s})
	}
	for _, s := range c.Stdins {
		s.Ingest.SilentAfter = 0
		out = append(out, Item{s.Name, "stdin", s})
	}
	return out
}

// Recipients gives all recipients, in the order of the kinds.
func (c *Config) Recipients() (out []Item) {
	// Alerts are told of changes as a whole: none of them is a reason to
	// replace who delivers.
	for _, r := range c.HTTP {
		r.Alert = alert.Policy{}
		out = append(out, Item{r.Name, "http", r})
	}
	for _, r := range c.Email {
		r.Alert = alert.Policy{}
		out = append(out, Item{r.Name, "email", MailRecipient{r, c.SMTP}})
	}
	for _, r := range c.File {
		r.Alert = alert.Policy{}
		out = append(out, Item{r.Name, "file", r})
	}
	return out
}

// Same reports whether two configurations say the same, wherever it stands.
func (c *Config) Same(other *Config) bool {
	a, b := *c, *other
	a.Places, b.Places = nil, nil
	return reflect.DeepEqual(a, b)
}

// Same reports whether two items need not be told from each other: whoever
// runs for one can go on for the other.
func (i Item) Same(other Item) bool { return reflect.DeepEqual(i, other) }
