package config

import (
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// syntax says where a text is no TOML, and why.
func syntax(name, text string, err error) *Problem {
	p := &Problem{File: name, Line: 1, Column: 1, Text: err.Error()}
	var pe toml.ParseError
	if !errors.As(err, &pe) {
		return p
	}
	at := min(max(pe.Position.Start, 0), len(text))
	p.Line, p.Column = lineCol(text, at)
	p.Key = pe.LastKey
	p.Text = strings.TrimSuffix(strings.TrimPrefix(pe.Message, "toml: "), ".")
	if key, value, ok := unquoted(text, at); ok && strings.HasPrefix(p.Text, "expected") {
		p.Line, p.Column = lineCol(text, value)
		p.Key, p.Text, p.Hint = key, "text without quotes", `write `+key+` = "..."`
	}
	if holdsSecret(p.Key) { // the library's message may quote what stands there
		p.Text, p.Hint = "the value is no TOML", "put text in quotes"
	}
	return p
}

// bareText is a line that gives a key text without quotes, the commonest
// mistake; the library reads such a value as far as it looks like a number.
var bareText = regexp.MustCompile(`^[ \t]*([A-Za-z0-9_-]+)[ \t]*=[ \t]*([0-9]*[A-Za-z/~.][^"'\[{]*)$`)

// unquoted looks for such a value in the line of a position, and gives the key
// and where the value begins.
func unquoted(text string, at int) (key string, value int, ok bool) {
	from := strings.LastIndexByte(text[:at], '\n') + 1
	line, _, _ := strings.Cut(text[from:], "\n")
	line, _, _ = strings.Cut(line, "#")
	m := bareText.FindStringSubmatchIndex(strings.TrimRight(line, " \t\r"))
	if m == nil {
		return "", 0, false
	}
	return line[m[2]:m[3]], from + m[4], true
}

// lineCol gives the line and column of a byte, both from 1; columns count
// characters.
func lineCol(text string, at int) (line, col int) {
	before := text[:at]
	return 1 + strings.Count(before, "\n"), 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
}

// validPrefix gives how many bytes are UTF-8.
func validPrefix(text string) int {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(text)
}

// holdsSecret guesses by its name whether a key's value must not be shown.
func holdsSecret(key string) bool {
	key = strings.ToLower(key)
	if strings.HasSuffix(key, "_file") || strings.HasSuffix(key, "_env") {
		return false
	}
	for _, word := range []string{"password", "secret", "token", "authorization", "header"} {
		if strings.Contains(key, word) {
			return true
		}
	}
	return false
}
