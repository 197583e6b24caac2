package main

import (
	"strconv"
	"strings"
	"unicode"
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
