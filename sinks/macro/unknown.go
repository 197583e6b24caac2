package macro

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tailpost/tailpost/bridge/option"
)

// Doubts gives the problems of the tokens that no event may have a field for,
// for the key that the template stands in.
//
// fields are those of the input that are known, as a token names them. If they
// are all there can be, any other token is a mistake. Else what is in Unknown
// earns a warning: custom fields and the other fields of the input have any
// name.
func (t Template) Doubts(key string, fields []string, all bool) []option.Problem {
	names, known := t.Unknown(), append(Known(), fields...)
	text, hint := "is empty unless the input has such a field", "survey_NAME, and the names of custom fields and of the input's other fields"
	if all {
		names = t.Tokens()
		text, hint = "is no field that an event can have", "source.name, source.format, source.host and source.offset"
	}
	names = slices.DeleteFunc(names, func(name string) bool { return isOneOf(name, known) })
	var ps []option.Problem
	for _, name := range names {
		near := ""
		if near = option.Nearest(strings.ToLower(name), known); near != "" {
			near = fmt.Sprintf("did you mean %%%%%s%%%%? ", near)
		}
		ps = append(ps, option.Problem{
			Key: key, Text: fmt.Sprintf("%%%%%s%%%% %s", name, text),
			Hint: near + "known are " + strings.Join(known, ", ") + ", " + hint, Warning: !all,
		})
	}
	return ps
}

// isOneOf reports whether a token names one of the fields. custom. and extra.
// may stand before the name of one.
func isOneOf(name string, fields []string) bool {
	is := func(name string) bool {
		return slices.ContainsFunc(fields, func(f string) bool { return strings.EqualFold(f, name) })
	}
	list, rest, ok := strings.Cut(name, ".")
	switch {
	case is(name):
		return true
	case ok && strings.EqualFold(list, "source"):
		return isOneOf(rest, []string{"name", "format", "host", "offset"})
	}
	return ok && (strings.EqualFold(list, "custom") || strings.EqualFold(list, "extra")) && is(rest)
}
