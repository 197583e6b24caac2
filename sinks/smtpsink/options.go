package smtpsink

import (
	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/option"
)

// Options are the settings of one email recipient that concern the mail.
type Options struct {
	Address option.List `toml:"address" doc:"who gets the mails"`
	ReplyTo string      `toml:"reply_to" doc:"an address, or a name and an address in angle brackets"`
	Subject string      `toml:"subject" doc:"a template; empty: by event"`
	Body    string      `toml:"body" doc:"a template of the text; empty: by event"`
	HTML    string      `toml:"html" doc:"a template of the text as HTML; empty: none"`
	// Message has the texts of single events, by the event's name, a raw
	// event's too. They win over the recipient's.
	Message map[string]Texts `toml:"message" doc:"texts of single events, each in a table by the event's name, a raw event's too; they win over the recipient's"`

	// Of a digest, a mail about several events: how long new events wait for
	// it (0: each is a mail of its own), and how many it holds at most. They
	// are kept by who makes the deliveries.
	DigestWindow Window `toml:"digest_window" doc:"how long new events wait for a mail about several; empty: each is a mail of its own"`
	DigestMax    int    `toml:"digest_max" doc:"events a digest; a full one doesn't wait"`

	Name string         `toml:"-"` // the recipient's
	Log  zerolog.Logger `toml:"-"`

	// Fields are those of the input that are known, as a token names them, for
	// Check alone. With AllFields there are no others, and a token of another
	// name is refused.
	Fields    []string `toml:"-"`
	AllFields bool     `toml:"-"`
}

// Texts are the templates of a mail about one event. A subject that is empty
// is the recipient's. Body and HTML are two forms of one text: where one of
// them is given, the recipient's own stand back, both.
type Texts struct {
	Subject string `toml:"subject" doc:"a template; empty: the recipient's"`
	Body    string `toml:"body" doc:"a template of the text"`
	HTML    string `toml:"html" doc:"a template of the text as HTML"`
}

// Limits gives what the keys take.
func (*Options) Limits() option.Limits {
	address := option.MailAddresses()
	address.Required = true
	return option.Limits{
		"address":       address,
		"reply_to":      {Pattern: `.*@.*`, OrNone: true},
		"subject":       {Kind: "template", Pattern: `[^\r\n]*`},
		"body":          option.Kind("template"),
		"html":          option.Kind("template"),
		"message":       {Kind: "events", Entries: messagesMax},
		"digest_window": option.OrNone(option.Between(windowLeast, windowMost)),
		"digest_max":    option.Between(digestLeast, digestMost),
	}
}

// Limits gives what the keys take.
func (*Texts) Limits() option.Limits {
	return option.Limits{
		"subject": {Kind: "template", Pattern: `[^\r\n]*`},
		"body":    option.Kind("template"),
		"html":    option.Kind("template"),
	}
}

// Defaults gives the settings that hold where a recipient says nothing.
func Defaults() Options { return Options{DigestMax: 50} }

// Window is a duration that may be written as "", which is none.
type Window option.Duration

// UnmarshalTOML takes a string with units.
func (w *Window) UnmarshalTOML(v any) error {
	if v == "" {
		*w = 0
		return nil
	}
	return (*option.Duration)(w).UnmarshalTOML(v)
}

func (w Window) String() string { return option.Duration(w).String() }
