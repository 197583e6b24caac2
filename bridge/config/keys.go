package config

import (
	"slices"
	"strings"
)

// Keys gives all keys that a configuration may have, each with its table, such
// as "recipients.http.url" or "smtp.oauth2.token_url"; those of the top stand
// alone. They are what the checker itself knows: a configuration with all
// tables in it is checked, and what each table's owners take is written down.
// A star stands for a free name. The keys within a table of free names
// ("headers") are not among them.
func Keys() []string {
	var out []string
	for name, s := range knownTables() {
		out = append(out, paths(s.describe(name))...)
	}
	slices.Sort(out)
	return out
}

func paths(keys []Key) (out []string) {
	for _, k := range keys {
		out = append(append(out, k.Path()), paths(k.sub)...)
	}
	return out
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
