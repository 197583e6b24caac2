package macro

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tailpost/tailpost/bridge"
)

// Flaw is what is wrong with a template, and where.
type Flaw struct {
	Line, Column int // in the template, from 1; the column in characters
	Text         string
	Hint         string // what would be right, where that is known
}

func (f *Flaw) Error() string {
	s := fmt.Sprintf("line %d, column %d: %s", f.Line, f.Column, f.Text)
	if f.Hint != "" {
		s += "; " + f.Hint
	}
	return s
}

// Check says what is wrong with a template for a text of that kind; nil:
// nothing. It renders it, once with harmless words in the tokens' places and
// then with values that try to break out, without values and with nested ones,
// reads all of that back as a receiver would, and wants to find the same but
// for the values.
func (k Kind) Check(t Template) *Flaw {
	if k == PlainText {
		return nil
	}
	c := check{kind: k, t: t, word: t.FreeWord()}
	return c.run()
}

// check is one run of Check.
type check struct {
	kind Kind
	t    Template
	word string // begins each harmless word; the template doesn't have it
}

// hostile are values that end strings, attributes, elements and pairs, in
// various ways. None is changed by HTML.
var hostile = []string{
	`"'` + "`" + `><script>%%lsid%%</script><!--]]>--> a=b onload=x &x=y&amp;&#34;\` + "\r\n\t" + `{"a":[1]},`,
	`\`, `x y`, `lt;`, `0041`, "\n", "&", "%41",
}

func (c *check) run() *Flaw {
	text, starts := c.render(c.markers)
	harmless := c.parse(text)
	if harmless.err != "" {
		return c.flawAt(starts, harmless.at, harmless.err, c.hint(starts, harmless.at))
	}
	for _, piece := range harmless.pieces {
		if i, why := c.misplaced(piece); why != "" {
			p := c.t.parts[i]
			place := c.place()
			if piece.kind == name && (c.kind == JSONText || c.kind == JSONLines) {
				place = "a value, behind the colon"
			}
			return c.t.flaw(p.at, "%%"+p.text+"%% stands "+why, "put it into "+place)
		}
	}
	for _, v := range hostile {
		if f := c.try(harmless.pieces, v); f != nil {
			return f
		}
	}
	for _, f := range []bridge.Field{{}, {Value: `{"a":[1,"\"",null]}`, JSON: true}, {Value: "-1.5e3", JSON: true}} {
		text, starts := c.render(func(int) bridge.Field { return f })
		if got := c.parse(text); got.err != "" {
			return c.flawAt(starts, got.at, got.err+" where a token's value is "+shownValue(f), c.hint(starts, got.at))
		}
	}
	return nil
}

func shownValue(f bridge.Field) string {
	if f.Value == "" {
		return "missing"
	}
	return f.Value
}

// try puts v into the place of each token. If that is read as something else,
// it looks for the first token that is to blame.
func (c *check) try(harmless []piece, v string) *Flaw {
	same := func(n int) bool { // with v in the first n parts
		text, _ := c.render(func(i int) bridge.Field {
			if i < n {
				return bridge.Field{Value: v}
			}
			return bridge.Field{Value: c.marker(i)}
		})
		got := c.parse(text)
		return got.err == "" && slices.EqualFunc(harmless, got.pieces, func(a, b piece) bool {
			return a.kind == b.kind && c.unmark(a.text, n, v) == b.text
		})
	}
	if same(len(c.t.parts)) {
		return nil
	}
	n := sort.Search(len(c.t.parts), func(n int) bool { return !same(n) })
	p := c.t.parts[n-1]
	return c.t.flaw(p.at, "%%"+p.text+"%% stands where its value could become more than data", "put it into "+c.place())
}

// place says where a token is safe.
func (c *check) place() string {
	switch c.kind {
	case HTMLText, XMLText:
		return "text or an attribute with quotes"
	case FormText:
		return "a value, behind ="
	default:
		return "quotes"
	}
}

// render gives the text with values in the tokens' places, and where in it
// each part begins.
func (c *check) render(value func(i int) bridge.Field) (text string, starts []int) {
	var b []byte
	for i := range c.t.parts {
		starts = append(starts, len(b))
		if p := &c.t.parts[i]; p.token {
			b = p.append(b, value(i), c.kind.Escape())
		} else {
			b = append(b, p.text...)
		}
	}
	return string(b), starts
}

func (c *check) markers(i int) bridge.Field { return bridge.Field{Value: c.marker(i)} }

// marker is the harmless word of a token.
func (c *check) marker(i int) string { return fmt.Sprintf("%s%dz", c.word, i) }

// index gives the number in a marker, of which rest is what stands behind the
// word.
func index(rest string) int {
	num, _, _ := strings.Cut(rest, "z")
	i, _ := strconv.Atoi(num)
	return i
}

// unmark puts v into the places of the markers of the first n parts.
func (c *check) unmark(s string, n int, v string) string {
	if !strings.Contains(s, c.word) {
		return s
	}
	var b strings.Builder
	for {
		head, rest, ok := strings.Cut(s, c.word)
		b.WriteString(head)
		if !ok {
			return b.String()
		}
		if i := index(rest); i < n {
			b.WriteString(v)
		} else {
			b.WriteString(c.marker(i))
		}
		_, s, _ = strings.Cut(rest, "z")
	}
}

// FreeWord gives a word of letters that stands nowhere in the template. It
// begins with no hex digit and holds no z but its first letter.
func (t Template) FreeWord() string {
	for word := "zq"; ; word += "q" {
		if !slices.ContainsFunc(t.parts, func(p part) bool { return strings.Contains(p.text, word) }) {
			return word
		}
	}
}

// flawAt makes a flaw of a place in the rendered text.
func (c *check) flawAt(starts []int, at int, text, hint string) *Flaw {
	i := partAt(starts, at)
	if i < 0 {
		return &Flaw{Line: 1, Column: 1, Text: text, Hint: hint}
	}
	p := c.t.parts[i]
	if p.token {
		return c.t.flaw(p.at, text, hint)
	}
	return c.t.flaw(p.at+min(at-starts[i], len(p.text)), text, hint)
}

// partAt gives the part in which a place of the rendered text lies; -1: there
// is none.
func partAt(starts []int, at int) int {
	return sort.Search(len(starts), func(i int) bool { return starts[i] > at }) - 1
}

// hint says more about a token outside of quotes near the place of an error.
func (c *check) hint(starts []int, at int) string {
	if c.kind != JSONText && c.kind != JSONLines {
		return ""
	}
	i := partAt(starts, at)
	if i >= 0 && !c.t.parts[i].token && at-starts[i] >= len(c.t.parts[i].text) {
		return "" // at the end
	}
	for _, j := range []int{i - 1, i, i + 1} {
		if j >= 0 && j < len(c.t.parts) && c.t.parts[j].token && c.t.parts[j].bare {
			return "a token without quotes is a whole value: a number, \"text\" or null; put it between quotes where it is a part of a text, or a name"
		}
	}
	return ""
}

// flaw makes a Flaw of a place in the template, in bytes.
func (t Template) flaw(at int, text, hint string) *Flaw {
	before := t.source()
	before = before[:min(at, len(before))]
	line := strings.LastIndexByte(before, '\n') + 1
	return &Flaw{
		Line: 1 + strings.Count(before, "\n"), Column: 1 + utf8.RuneCountInString(before[line:]),
		Text: text, Hint: hint,
	}
}

// source gives the text that the template was compiled of.
func (t Template) source() string {
	return t.Replace(func(_ int, token string) string { return "%%" + token + "%%" })
}
