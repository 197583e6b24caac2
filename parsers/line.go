package parsers

import (
	"strings"
	"unicode/utf8"
)

const bom = "\uFEFF"

// lineText gives a line as a string of its own, without a byte order mark and
// without what some senders leave at the end: carriage return and NUL.
func lineText(line []byte) string {
	n := len(line)
	for n > 0 && (line[n-1] == '\r' || line[n-1] == 0) {
		n--
	}
	return strings.TrimPrefix(string(line[:n]), bom)
}

// valid replaces bytes that are no UTF-8 by U+FFFD.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// isBlank reports whether a line has nothing in it.
func isBlank(s string) bool { return strings.Trim(s, " \t\r\x00") == "" }
