package httpsink

import (
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/option"
)

// Options are the settings of one HTTP recipient that concern the request and
// what counts as an answer. Order and retry are dispatch's.
type Options struct {
	URL         string      `toml:"url" doc:"where events go, http or https; path and query may have %%tokens%%; from a file or variable, its path is never shown"`
	URLFile     string      `toml:"url_file"`
	URLEnv      string      `toml:"url_env"`
	Body        string      `toml:"body" doc:"form as the appliance sends it; json: canonical JSON; cloudevents: CloudEvents 1.0; template: template or template_file"`
	ContentType string      `toml:"content_type" doc:"empty: by body; a template's is JSON unless this says otherwise"`
	Success     option.List `toml:"success" doc:"answers that mean taken: codes and classes"`
	GiveUp      option.List `toml:"give_up" doc:"answers after which an event is dead at once"`

	Template     string `toml:"template" doc:"the body for body = \"template\", with %%tokens%% that are escaped for the content type; 64 KiB at most"`
	TemplateFile string `toml:"template_file" doc:"the same in a file"`
	BatchFormat  string `toml:"batch_format" doc:"of a batch: one JSON array, or a JSON value a line (body json alone)"`

	CloudEventsMode string `toml:"cloudevents_mode" doc:"binary: an event's attributes are ce- headers, one event a request"`

	Version          string `toml:"version" doc:"the form variable of this name; never empty"`
	SendCustomFields bool   `toml:"send_custom_fields" doc:"custom fields in the form body"`
	CustomPrefix     string `toml:"custom_prefix" doc:"before their names there"`
	SurveyPrefix     string `toml:"survey_prefix" doc:"before the names of survey answers there"`

	Timeout option.Duration   `toml:"timeout" doc:"of a whole attempt, connecting and the answer included"`
	Headers map[string]string `toml:"headers" doc:"further headers, by name"`

	Auth
	Signing

	option.TLS
	RequireHTTPS bool `toml:"require_https" doc:"true: http:// is an error"`
	AllowPrivate bool `toml:"allow_private" doc:"false: no connection to private, link-local and other addresses that aren't the internet's"`
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

	text string        // the template, as Check found it
	url  option.Secret // what url_file or url_env holds, as Check found it
}

// ProfileAppliance names the profile that does what the appliance does: a
// form body, and success is 200 alone.
const ProfileAppliance = "appliance"

const defaultTimeout = 15 * time.Second

// Limits gives what the keys take.
func (*Options) Limits() option.Limits {
	url := option.WebURL()
	url.Required = true
	status := option.Limit{Kind: "statuses", Pattern: `\+?[0-9]+|[0-9][xX][xX]`}
	return option.Limits{
		"url":              url,
		"body":             option.OneOf(bodies...),
		"success":          status,
		"give_up":          status,
		"template":         option.Kind("template"),
		"template_file":    option.Kind("path"),
		"batch_format":     option.OrNone(option.OneOf(batchFormats...)),
		"cloudevents_mode": option.OrNone(option.OneOf(ceModes...)),
		"version":          {Pattern: `[\s\S]+`},
		"timeout":          option.Between(timeoutMin, timeoutMax),
		"ca_file":          option.Kind("path"),
		"client_cert_file": option.Kind("path"),
		"client_key_file":  option.Kind("path"),
	}
}

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
