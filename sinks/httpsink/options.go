package httpsink

import (
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/option"
)

// Options are the settings of one HTTP recipient that concern the request and
// what counts as an answer. Order and retry are dispatch's.
type Options struct {
	URL         string      `toml:"url"`          // http or https; its path and query may have tokens, and are else sent as they stand
	Body        string      `toml:"body"`         // "form", "json", "cloudevents" or "template"
	ContentType string      `toml:"content_type"` // "": by body; of a template JSON
	Success     option.List `toml:"success"`      // statuses that mean taken: codes ("200") and classes ("2xx")
	GiveUp      option.List `toml:"give_up"`      // statuses after which the event is not tried again

	Template     string `toml:"template"`      // of body = "template": a text with %%tokens%%, 64 KiB at most
	TemplateFile string `toml:"template_file"` // the same in a file, read by Check
	BatchFormat  string `toml:"batch_format"`  // "array" or "ndjson" (json alone)

	CloudEventsMode string `toml:"cloudevents_mode"` // "structured" or "binary" (of one event)

	Version          string `toml:"version"`            // the form variable; never empty
	SendCustomFields bool   `toml:"send_custom_fields"` // in the form body
	CustomPrefix     string `toml:"custom_prefix"`
	SurveyPrefix     string `toml:"survey_prefix"`

	Timeout option.Duration   `toml:"timeout"` // of a whole attempt, connecting and the answer included
	Headers map[string]string `toml:"headers"`

	Auth
	Signing

	option.TLS
	RequireHTTPS bool `toml:"require_https"`
	AllowPrivate bool `toml:"allow_private"` // false: no connection to an address that isn't the internet's; Defaults has true
	Proxy

	Name        string         `toml:"-"` // the recipient's
	UserAgent   string         `toml:"-"` // such as "tailpost/1.0"; "": "tailpost"
	MaxInFlight int            `toml:"-"` // idle connections to keep; 0: 8
	Log         zerolog.Logger `toml:"-"`

	// BatchMaxEvents is dispatch's batch_max_events. Above 1 a body is a list
	// of events, even of one.
	BatchMaxEvents int `toml:"-"`

	// Fields are those of the input that are known, as a token names them, for
	// Check alone. With AllFields there are no others, and a token of another
	// name is refused.
	Fields    []string `toml:"-"`
	AllFields bool     `toml:"-"`

	text string // the template, as Check found it
}

// ProfileAppliance names the profile that does what the appliance does: a
// form body, and success is 200 alone.
const ProfileAppliance = "appliance"

const defaultTimeout = 15 * time.Second

// Defaults gives the settings that hold where a recipient says nothing, by its
// profile: "" or ProfileAppliance.
func Defaults(profile string) Options {
	o := Options{
		Body:            bodyForm,
		BatchFormat:     batchArray,
		CloudEventsMode: ceStructured,
		Success:         option.List{"2xx"},
		Version:         "1",
		SurveyPrefix:    "survey_",
		Timeout:         option.Duration(defaultTimeout),
		AllowPrivate:    true,
	}
	if profile == ProfileAppliance {
		o.Success = option.List{"200"}
	}
	return o
}
