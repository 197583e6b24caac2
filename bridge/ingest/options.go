package ingest

import (
	"fmt"
	"time"

	"github.com/tailpost/tailpost/bridge/option"
)

// Options is the part of a source's table that says how its lines are read.
type Options struct {
	Format       string      `toml:"format"`        // the name of a parser
	ApplianceID  string      `toml:"appliance_id"`  // for events whose lines name none
	Timezone     string      `toml:"timezone"`      // an IANA name or "Local"; empty: UTC
	CustomFields option.List `toml:"custom_fields"` // names of input fields that are custom fields

	SilentAfter option.Duration `toml:"silent_after"` // without a line for so long people are told; 0: it may be silent

	Pattern   option.Texts `toml:"pattern"`   // format regex: RE2 expressions, of which the first that matches a line counts
	Unmatched string       `toml:"unmatched"` // format regex: "ignore" (also "") or "quarantine" a line that none matches
}

// Defaults gives the settings of a table that says nothing. Format has none.
func Defaults() Options { return Options{} }

// Check reports what is wrong; dir is not used. Whether a parser of that name
// exists is for the caller to check, who knows the parsers.
func (o *Options) Check(string) []option.Problem {
	var out []option.Problem
	if o.Format == "" {
		out = append(out, option.Problem{Key: "format", Text: "is missing", Hint: "it says how the lines are to be read"})
	}
	if _, err := o.Zone(); err != nil {
		out = append(out, option.Problem{Key: "timezone", Text: fmt.Sprintf("%q is no time zone", o.Timezone),
			Hint: `use an IANA name such as "Europe/Berlin", or "Local"`})
	}
	if o.SilentAfter != 0 && o.SilentAfter.D() < silentLeast {
		out = append(out, option.Problem{Key: "silent_after", Text: o.SilentAfter.String() + " is too short", Hint: "use at least 1s, or leave it out"})
	}
	return out
}

// silentLeast is the shortest silence that can be seen.
const silentLeast = time.Second

// Zone is the time zone of times that name none.
func (o *Options) Zone() (*time.Location, error) { return time.LoadLocation(o.Timezone) }
