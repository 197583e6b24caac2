package parsers

import (
	"strings"

	"github.com/tailpost/tailpost/bridge"
)

// readPayload reads field=value;… into the bag. A backslash escapes =, ; and
// itself; before anything else it stands for itself. The first = that is not
// escaped ends the name; later ones belong to the value.
func readPayload(s string, b *bag) error {
	for s != "" {
		name, escaped, rest, value := cutName(s)
		if escaped {
			name = unescape(name)
		}
		var text string
		if value {
			text, escaped, rest = cutValue(rest)
			if escaped {
				text = unescape(text)
			}
		}
		name = strings.Trim(name, " ")
		if err := b.add(bridge.Field{Name: name, Value: text}, name); err != nil {
			return err
		}
		s = rest
	}
	return nil
}

// cutName cuts s behind its first = or ;, and reports whether it was a =.
func cutName(s string) (name string, escaped bool, rest string, value bool) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			if isEscape(s, i) {
				escaped = true
				i++
			}
		case '=':
			return s[:i], escaped, s[i+1:], true
		case ';':
			return s[:i], escaped, s[i+1:], false
		}
	}
	return s, escaped, "", false
}

func cutValue(s string) (value string, escaped bool, rest string) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			if isEscape(s, i) {
				escaped = true
				i++
			}
		case ';':
			return s[:i], escaped, s[i+1:]
		}
	}
	return s, escaped, ""
}

// isEscape reports whether the backslash at i escapes what follows it.
func isEscape(s string, i int) bool {
	return i+1 < len(s) && (s[i+1] == '=' || s[i+1] == ';' || s[i+1] == '\\')
}

func unescape(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && isEscape(s, i) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
