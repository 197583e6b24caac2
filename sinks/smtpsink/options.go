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
func Defaults() Options { return Options{} }
