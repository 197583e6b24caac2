package main

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/tailpost/tailpost/bridge/option"
)

// sizeOption is the type of max_line.
type sizeOption = option.Size

// printable makes a text from outside safe for a terminal: what is not
// printable stands escaped.
func printable(s string) string {
	clean := func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }
	if strings.IndexFunc(s, clean) < 0 {
		return s
	}
	q := strconv.Quote(s)
	return strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`)
}

// printableJSON does the same with JSON text: it stays JSON that says the same.
// Only within strings can there be anything to escape, but for line ends
// between values.
func printableJSON(s string) string {
	hidden := func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }
	if strings.IndexFunc(s, hidden) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if !hidden(r) {
			b.WriteRune(r)
			continue
		}
		for _, u := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, u)
		}
	}
	return b.String()
}

// lineText gives a line of a log for people: all of it, or its beginning.
func lineText(line []byte, most int) string {
	if len(line) > most {
		return printable(string(line[:most])) + "…"
	}
	return printable(string(line))
}
