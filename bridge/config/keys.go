package config

import (
	"reflect"
	"slices"
	"strings"

	"github.com/tailpost/tailpost/bridge/option"
)

// Keys gives all keys that a configuration may have, each with its table, such
// as "recipients.http.url" or "smtp.oauth2.token_url"; those of the top stand
// alone. They are what the checker itself knows: a configuration with all
// tables in it is checked, and what each table's owners take is written down.
// The keys within a table of free names ("headers") are not among them.
func Keys() []string {
	l := &loader{tables: map[string][]*table{}, known: map[string]settings{}}
	if main := l.parse("", []byte(allTables())); main.top != nil {
		l.gather(main)
	}
	l.build("")
	out := slices.Clone(topKeys)
	for name, s := range l.known {
		out = append(out, s.all(name)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// allTables is a file with one of each table.
func allTables() string {
	var b strings.Builder
	for _, name := range topTables {
		switch kinds := kindsOf[name]; {
		case len(kinds) > 0:
			for _, kind := range kinds {
				b.WriteString("[[" + name + "." + kind + "]]\n")
			}
		case name != "defaults":
			b.WriteString("[" + name + "]\n")
		}
	}
	for _, kind := range defaultsOf {
		b.WriteString("[defaults." + kind + "]\n")
	}
	return b.String()
}

// all gives the keys of a table of that name, those of its own tables and the
// other names of its secrets included.
func (s *settings) all(name string) []string {
	var out []string
	for _, key := range s.keys {
		out = append(out, name+"."+key)
		f := s.fields[key][0]
		if !isTable(f) || f.Type() == reflect.TypeFor[option.Secret]() {
			continue
		}
		sub := settingsOf(f.Addr().Interface())
		out = append(out, sub.all(name+"."+key)...)
	}
	return out
}
