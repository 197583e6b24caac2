package config

import (
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// scanner walks over a text's structure and leaves values alone.
type scanner struct {
	text string
	pos  int

	counted int // bytes whose lines and columns are in line and col
	line    int // of the byte at counted
	col     int // characters before it in its line
	depth   int // of nested arrays and tables
}

// depthMax bounds how deep values may be nested and still be located.
const depthMax = 256

func (s *scanner) peek() byte {
	if s.pos < len(s.text) {
		return s.text[s.pos]
	}
	return 0
}

// here gives the line and column of pos. It is called with growing positions.
func (s *scanner) here() (line, col int) {
	for ; s.counted < s.pos; s.counted++ {
		switch c := s.text[s.counted]; {
		case c == '\n':
			s.line++
			s.col = 0
		case utf8.RuneStart(c):
			s.col++
		}
	}
	return s.line, s.col + 1
}

// skipBlank goes over blanks and comments, and over line ends if lines is set.
func (s *scanner) skipBlank(lines bool) {
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case c == ' ' || c == '\t':
			s.pos++
		case lines && (c == '\n' || c == '\r'):
			s.pos++
		case lines && c == '#':
			s.skipTo("\n")
		default:
			return
		}
	}
}

// skipTo goes to the first of the bytes in stop, or to the end.
func (s *scanner) skipTo(stop string) {
	if i := strings.IndexAny(s.text[s.pos:], stop); i >= 0 {
		s.pos += i
		return
	}
	s.pos = len(s.text)
}

// header reads [a.b] or [[a.b]] and gives the table that follows.
func (s *scanner) header(root *place) *place {
	line, col := s.here()
	s.pos++
	array := s.peek() == '['
	if array {
		s.pos++
	}
	p, name := s.dotted(root)
	s.skipTo("\n")
	if p == nil {
		return &place{}
	}
	made := p.keys[name] == nil
	t := p.child(name, line, col)
	if array {
		item := &place{line: line, col: col}
		t.items = append(t.items, item)
		return item
	}
	if !made { // it was only implied until now
		t.line, t.col = line, col
	}
	return t
}

// pair reads a.b = value into a table.
func (s *scanner) pair(table *place) {
	line, col := s.here()
	p, name := s.dotted(table)
	if p == nil || s.peek() != '=' {
		return
	}
	s.pos++
	s.value(p.child(name, line, col))
}

// dotted reads a dotted key up to what follows it, makes the tables that it
// goes through, and gives the innermost of them and the key's last part; nil
// if there is no key.
func (s *scanner) dotted(table *place) (*place, string) {
	for {
		s.skipBlank(false)
		line, col := s.here()
		name, ok := s.name()
		if !ok {
			return nil, ""
		}
		s.skipBlank(false)
		if s.peek() != '.' {
			return table, name
		}
		s.pos++
		table = table.child(name, line, col).last()
	}
}

// name reads one part of a key, bare or quoted.
func (s *scanner) name() (string, bool) {
	from := s.pos
	switch s.peek() {
	case '"':
		s.quoted()
		return unquote(s.text[from:s.pos])
	case '\'':
		s.literal()
		return strings.Trim(s.text[from:s.pos], "'"), true
	}
	for isBare(s.peek()) {
		s.pos++
	}
	return s.text[from:s.pos], s.pos > from
}

func isBare(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}

// unquote lets the library read a quoted key.
func unquote(quoted string) (string, bool) {
	if !strings.Contains(quoted, `\`) {
		return strings.Trim(quoted, `"`), true
	}
	var m map[string]any
	if _, err := toml.Decode(quoted+"=0", &m); err != nil {
		return "", false
	}
	for k := range m {
		return k, true
	}
	return "", false
}

// value goes over a value; p takes what stands in it.
func (s *scanner) value(p *place) {
	s.skipBlank(false)
	switch s.peek() {
	case '"':
		s.quoted()
	case '\'':
		s.literal()
	case '[':
		s.nested(']', func() {
			line, col := s.here()
			item := &place{line: line, col: col}
			p.items = append(p.items, item)
			s.value(item)
		})
	case '{':
		s.nested('}', func() { s.pair(p) })
	default: // a number, a date, a boolean
		s.skipTo(",]}#\r\n")
	}
}

// nested goes over an array or an inline table and calls element where one of
// its elements begins.
func (s *scanner) nested(end byte, element func()) {
	s.pos++
	s.depth++
	defer func() { s.depth-- }()
	if s.depth > depthMax {
		s.pos = len(s.text)
		return
	}
	for {
		s.skipBlank(true)
		switch c := s.peek(); {
		case s.pos >= len(s.text):
			return
		case c == end:
			s.pos++
			return
		case c == ',':
			s.pos++
			continue
		}
		from := s.pos
		element()
		if s.pos == from {
			return
		}
	}
}

// quoted goes over a "string" or a """string""".
func (s *scanner) quoted() {
	if strings.HasPrefix(s.text[s.pos:], `"""`) {
		s.pos += 3
		s.multiline('"', true)
		return
	}
	for s.pos++; s.pos < len(s.text); s.pos++ {
		switch s.text[s.pos] {
		case '\\':
			s.pos++
		case '"':
			s.pos++
			return
		}
	}
	s.pos = len(s.text)
}

// literal goes over a 'string' or a ”'string”'.
func (s *scanner) literal() {
	if strings.HasPrefix(s.text[s.pos:], `'''`) {
		s.pos += 3
		s.multiline('\'', false)
		return
	}
	s.pos++
	s.skipTo("'")
	s.pos = min(s.pos+1, len(s.text))
}

// multiline goes behind the closing quotes. One or two quotes may stand
// directly before them and belong to the string.
func (s *scanner) multiline(quote byte, escapes bool) {
	run := 0
	for ; s.pos < len(s.text); s.pos++ {
		switch c := s.text[s.pos]; {
		case c == quote:
			run++
			continue
		case run >= 3:
			return
		case c == '\\' && escapes:
			s.pos++
		}
		run = 0
	}
	s.pos = len(s.text)
}
