// Package macro is the %%token%% templates: mail subjects and bodies, bodies of
// requests, URLs, and whatever else carries an event's values.
//
// A token stands between two pairs of percent signs and names a field of the
// event, without regard to case. Whatever isn't one, an unterminated %% too,
// is literal text, so that a template can't be wrong in its syntax. A token
// whose field the event doesn't have becomes nothing. Values are escaped for
// the place they go to and never expanded again; the text around them is the
// author's and stays as it is.
//
// In JSON a token between quotes is text. One outside of quotes is a whole
// value: a number or another JSON value of the input as it is, any other as
// text with its quotes, null where there is none.
//
// Kind.Check finds out before the first event whether a template is what it
// should be, and whether a value could become more than data in it.
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
	bare  bool // a token outside of JSON's quotes
	at    int  // where it begins in the text, in bytes
}

// nameMax bounds a token's name, in bytes: a longer one is literal text.
const nameMax = 128

// Compile takes a text apart.
func Compile(text string) Template {
	var t Template
	var q quotes
	lit := 0 // where the literal text under way begins
	for i := 0; i < len(text); {
		name, n := cutToken(text[i:])
		if n == 0 {
			q.read(text[i])
			i++
			continue
		}
		if lit < i {
			t.parts = append(t.parts, part{text: text[lit:i], at: lit})
		}
		t.parts = append(t.parts, part{text: name, token: true, bare: !q.inside, at: i})
		i += n
		lit = i
	}
	if lit < len(text) {
		t.parts = append(t.parts, part{text: text[lit:], at: lit})
	}
	return t
}

// quotes follows the strings of a JSON text.
type quotes struct{ inside, escaped bool }

func (q *quotes) read(c byte) {
	switch {
	case q.escaped:
		q.escaped = false
	case q.inside && c == '\\':
		q.escaped = true
	case c == '"':
		q.inside = !q.inside
	}
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

// Replace gives the text with what with says in the place of each token; i
// counts them from 0.
func (t Template) Replace(with func(i int, token string) string) string {
	var b strings.Builder
	i := 0
	for _, p := range t.parts {
		if !p.token {
			b.WriteString(p.text)
			continue
		}
		b.WriteString(with(i, p.text))
		i++
	}
	return b.String()
}

// HasTokens reports whether there is a token in the text.
func (t Template) HasTokens() bool {
	return slices.ContainsFunc(t.parts, func(p part) bool { return p.token })
}

// Literals lists the texts between the tokens.
func (t Template) Literals() []string {
	var out []string
	for _, p := range t.parts {
		if !p.token {
			out = append(out, p.text)
		}
	}
	return out
}

// ExpandMax is about how long a text becomes, in bytes: a template names a long
// value as often as it likes. Nothing is appended to one that is longer.
const ExpandMax = 64 << 20

// Expand gives the text with the event's values in it, each escaped.
func (t Template) Expand(e *bridge.Event, esc Escape) string {
	return string(t.Append(nil, e, esc))
}

// Append is Expand onto the end of b.
func (t Template) Append(b []byte, e *bridge.Event, esc Escape) []byte {
	return t.AppendNoting(b, e, esc, nil)
}

// AppendNoting is Append; it calls missing, if that isn't nil, for each token
// for which the event has no field at all.
func (t Template) AppendNoting(b []byte, e *bridge.Event, esc Escape, missing func(token string)) []byte {
	start := len(b)
	for i := range t.parts {
		if len(b)-start > ExpandMax {
			break
		}
		p := &t.parts[i]
		if !p.token {
			b = append(b, p.text...)
			continue
		}
		f, ok := lookup(e, p.text)
		if !ok && missing != nil {
			missing(p.text)
		}
		b = p.append(b, f, esc)
	}
	return b
}

// append appends a token's value.
func (p *part) append(b []byte, f bridge.Field, esc Escape) []byte {
	if f.JSON && f.Value == "null" {
		f = bridge.Field{}
	}
	switch {
	case esc != JSON || !p.bare:
		return esc.Append(b, f.Value)
	case f.Value == "":
		return append(b, "null"...)
	case f.JSON:
		return append(b, f.Value...)
	default:
		return bridge.AppendJSONString(b, f.Value)
	}
}

// timeToken is the one token besides the event's own fields: the timestamp as
// people read it.
const timeToken = "time"

// TimeLayout is how %%time%% is written, in UTC.
const TimeLayout = "2006-01-02 15:04:05 UTC"

func lookup(e *bridge.Event, name string) (bridge.Field, bool) {
	f, ok := e.Lookup(name)
	if !ok && strings.EqualFold(name, timeToken) {
		return bridge.Field{Value: time.Unix(e.Timestamp, 0).UTC().Format(TimeLayout)}, true
	}
	return f, ok
}

// Known lists the tokens that every event can have.
func Known() []string { return append(bridge.Tokens(), timeToken) }

// application are the tokens of the vendor's webhook guide for application
// requests, as far as they are seen in its documents; the fields of such a
// request have these names.
var application = []string{
	"EventType", "RequestId", "TenantId", "Timestamp", "ApplicationType", "Action", "Workstyle", "Reason", "User",
	"HostName", "TrustedOwnership", "ProductDescription", "DriveType", "ProductCode", "UpgradeCode", "ClsId",
	"ComDisplayName", "Token", "UacTriggered", "DownloadSourceUrl", "UserLanguage", "FilePathObjectId",
	"TicketNumber", "ApplicationGroup",
}

// Unknown lists the template's tokens that are neither in Known nor in the
// vendor's webhook guide nor a survey answer's nor lead to a field of the
// input by their shape (custom.NAME, data.user). They may still name a custom
// or another field of the input, whose names nobody knows beforehand.
func (t Template) Unknown() []string {
	return slices.DeleteFunc(t.Tokens(), func(name string) bool {
		is := func(k string) bool { return strings.EqualFold(k, name) }
		return hasPrefixFold(name, "survey_") || strings.Contains(name, ".") ||
			slices.ContainsFunc(Known(), is) || slices.ContainsFunc(application, is)
	})
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
