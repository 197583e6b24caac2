package config

import (
	"regexp"
	"slices"
	"strings"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/ingest"
	"github.com/tailpost/tailpost/parsers"
)

// inputFields are fields that the sources' lines can have besides the canonical
// ones, as a token names them.
type inputFields struct {
	names []string
	all   bool // there are no others
}

// inputFields gathers the custom fields that are named, and the groups of
// format regex, whose lines have no other fields.
func (l *loader) inputFields(c *Config) inputFields {
	sources := ingests(c)
	in := inputFields{all: len(sources) > 0 && !l.partial}
	for _, o := range sources {
		in.names = append(in.names, o.CustomFields...)
		in.all = in.all && o.Format == parsers.FormatRegex
		for _, p := range o.Pattern {
			re, err := regexp.Compile(p)
			if err != nil {
				in.all = false // it has its own problem
				continue
			}
			for _, name := range re.SubexpNames() {
				name = strings.TrimPrefix(strings.TrimPrefix(name, "custom_"), "extra_")
				if name != "" && !bridge.IsSessionEvent(name) {
					in.names = append(in.names, name)
				}
			}
		}
	}
	slices.Sort(in.names)
	in.names = slices.Compact(in.names)
	return in
}

// ingests gives the settings that sources of all kinds have.
func ingests(c *Config) (all []*ingest.Options) {
	for i := range c.Tails {
		all = append(all, &c.Tails[i].Ingest)
	}
	for i := range c.Drops {
		all = append(all, &c.Drops[i].Ingest)
	}
	for i := range c.HTTPIns {
		all = append(all, &c.HTTPIns[i].Ingest)
	}
	for i := range c.Sockets {
		all = append(all, &c.Sockets[i].Ingest)
	}
	for i := range c.Syslogs {
		all = append(all, &c.Syslogs[i].Ingest)
	}
	for i := range c.Stdins {
		all = append(all, &c.Stdins[i].Ingest)
	}
	return all
}
