// Package macro is the %%token%% templates: mail subjects and bodies now,
// other texts that carry an event's values later.
//
// A token stands between two pairs of percent signs and names a field of the
// event, without regard to case. Whatever isn't one, an unterminated %% too,
// is literal text, so that a template can't be wrong in its syntax. A token
// whose field the event doesn't have becomes nothing. Values are escaped for
// the place they go to; the text around them is the author's and stays as it
// is.
package macro

import (
	"slices"
	"strings"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// Template is a compiled text. Its zero value expands to nothing. It may be
// used by several goroutines at once.
type Template struct {
	parts []part
}

// part is literal text, or a token.
type part struct {
	text  string
	token bool
}

// nameMax bounds a token's name, in bytes: a longer one is literal text.
const nameMax = 128

// Compile takes a text apart.
func Compile(text string) Template {
	var t Template
	lit := 0 // where the literal text under way begins
	for i := 0; i < len(text); {
		name, n := cutToken(text[i:])
		if n == 0 {
			i++
			continue
		}
		if lit < i {
			t.parts = append(t.parts, part{text: text[lit:i]})
		}
		t.parts = append(t.parts, part{text: name, token: true})
		i += n
		lit = i
	}
	if lit < len(text) {
		t.parts = append(t.parts, part{text: text[lit:]})
	}
	return t
}

// cutToken gives the name of the token that s begins with, and the token's
// length in s; 0 if s begins with none.
func cutToken(s string) (name string, n int) {
	const mark = "%%"
	rest, ok := strings.CutPrefix(s, mark)
	if !ok {
		return "", 0
	}
	end := strings.Index(rest[:min(len(rest), nameMax+len(mark))], mark)
	if end <= 0 || !isName(rest[:end]) {
		return "", 0
	}
	return rest[:end], end + 2*len(mark)
}

// isName allows what custom fields and survey questions are called: blanks
// inside, but not at the ends, so that "20%% of 50%% " holds no token.
func isName(s string) bool {
	if s[0] == ' ' || s[len(s)-1] == ' ' {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == '%' })
}

// Tokens lists the names of the template's tokens as they are written, each
// once, in the order of the text.
func (t Template) Tokens() []string {
	var out []string
	for _, p := range t.parts {
		if p.token && !slices.ContainsFunc(out, func(s string) bool { return strings.EqualFold(s, p.text) }) {
			out = append(out, p.text)
		}
	}
	return out
}

// Expand gives the text with the event's values in it, each escaped.
func (t Template) Expand(e *bridge.Event, esc Escape) string {
	return string(t.Append(nil, e, esc))
}

// Append is Expand onto the end of b.
func (t Template) Append(b []byte, e *bridge.Event, esc Escape) []byte {
	for _, p := range t.parts {
		if p.token {
			b = esc.Append(b, value(e, p.text))
		} else {
			b = append(b, p.text...)
		}
	}
	return b
}

// timeToken is the one token besides the event's own fields: the timestamp as
// people read it.
const timeToken = "time"

// TimeLayout is how %%time%% is written, in UTC.
const TimeLayout = "2006-01-02 15:04:05 UTC"

func value(e *bridge.Event, name string) string {
	v, ok := e.Token(name)
	if !ok && strings.EqualFold(name, timeToken) {
		return time.Unix(e.Timestamp, 0).UTC().Format(TimeLayout)
	}
	return v
}

// Known lists the tokens that every event can have.
func Known() []string { return append(bridge.Tokens(), timeToken) }

// Unknown lists the template's tokens that are neither in Known nor a survey
// answer's. They may still name a custom or another field of the input, whose
// names nobody knows beforehand.
func (t Template) Unknown() []string {
	known := Known()
	return slices.DeleteFunc(t.Tokens(), func(name string) bool {
		return hasPrefixFold(name, "survey_") ||
			slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, name) })
	})
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
