package ingest

import (
	"fmt"
	"time"

	"github.com/tailpost/tailpost/bridge/option"
)

// Options is the part of a source's table that says how its lines are read.
type Options struct {
	Format       string      `toml:"format" doc:"how lines are read"`
	ApplianceID  string      `toml:"appliance_id" doc:"the appliance's, for events whose lines name none"`
	Timezone     string      `toml:"timezone" doc:"of times that name none: an IANA name or Local; empty: UTC"`
	CustomFields option.List `toml:"custom_fields" doc:"names of input fields that are custom fields"`

	SilentAfter option.Duration `toml:"silent_after" doc:"without a line for so long [alerts] is told; none: it may be silent"`

	Pattern   option.Texts `toml:"pattern" doc:"format regex: expressions (RE2) with named groups, each for a whole line, of which the first that matches counts"`
	Unmatched string       `toml:"unmatched" doc:"format regex: what becomes of a line that no pattern matches; empty: ignore"`
}

// Defaults gives the settings of a table that says nothing. Format has none.
func Defaults() Options { return Options{} }

// Limits gives what the keys take; which formats there are the caller knows.
func (*Options) Limits() option.Limits {
	return option.Limits{
		"format":       {Required: true},
		"silent_after": option.OrNone(option.AtLeast(silentLeast)),
	}
}

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
