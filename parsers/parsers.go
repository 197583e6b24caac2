package parsers

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// Options say how the lines of a source are to be read.
type Options struct {
	Format       string         // one of Formats
	Zone         *time.Location // of times that name none; nil: UTC
	CustomFields []string       // names of input fields that are custom fields

	// Of format regex alone: RE2 expressions, each for a whole line, of which
	// the first that matches counts; and what becomes of a line that none
	// matches, UnmatchedIgnore ("") or UnmatchedQuarantine.
	Patterns  []string
	Unmatched string
}

var _, _, _, _ bridge.Stateful = (*bgParser)(nil), (*siemParser)(nil), (*jsonParser)(nil), (*regexParser)(nil)

// FormatRegex is the format whose lines the user's own patterns read.
const FormatRegex = "regex"

// Formats lists the names that Options.Format takes.
func Formats() []string { return []string{"bg", "siem", "json", "form", FormatRegex} }

// New makes a parser. Those of bg, siem, json and regex are bridge.Stateful: bg
// holds the parts of messages, the others the ticket keys of sessions.
func New(o Options) (bridge.Parser, error) {
	m, err := newMapping(o)
	if err != nil {
		return nil, err
	}
	switch o.Format {
	case "bg":
		return newBG(m), nil
	case "siem":
		return newSIEM(m), nil
	case "json":
		return newJSON(m), nil
	case "form":
		return &formParser{mapping: m}, nil
	case FormatRegex:
		return newRegex(m, o)
	}
	return nil, fmt.Errorf("format %q is unknown; use one of %s", o.Format, strings.Join(Formats(), ", "))
}

func newMapping(o Options) (mapping, error) {
	m := mapping{format: o.Format, zone: o.Zone}
	if m.zone == nil {
		m.zone = time.UTC
	}
	reserved := append(bridge.Tokens(), senderID)
	for _, name := range o.CustomFields {
		if name == "" || slices.Contains(reserved, name) {
			return mapping{}, fmt.Errorf("custom field %q: the event has a field of that name; name another one", name)
		}
		if m.custom == nil {
			m.custom = make(map[string]bool)
		}
		m.custom[name] = true
	}
	return m, nil
}
