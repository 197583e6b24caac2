package smtpsink

import (
	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/option"
)

// Options are the settings of one email recipient that concern the mail.
type Options struct {
	Address option.List `toml:"address"`  // one to ten
	ReplyTo string      `toml:"reply_to"` // an address, or "Name <address>"; "": none
	Subject string      `toml:"subject"`  // a template; "": by event
	Body    string      `toml:"body"`     // a template of the text; "": by event
	HTML    string      `toml:"html"`     // a template of the text as HTML; "": none
	// Message has the texts of single events, by the event's name, a raw
	// event's too. They win over the recipient's.
	Message map[string]Texts `toml:"message"`

	// Of a digest, a mail about several events: how long new events wait for
	// it (0: each is a mail of its own), and how many it holds at most. They
	// are kept by who makes the deliveries.
	DigestWindow Window `toml:"digest_window"` // 1s to 1d
	DigestMax    int    `toml:"digest_max"`    // 2 to 1000

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
	Subject string `toml:"subject"`
	Body    string `toml:"body"`
	HTML    string `toml:"html"`
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
