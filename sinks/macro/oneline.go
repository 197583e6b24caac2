package macro

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// OneLine makes foreign text fit for a log, a terminal or a page: one line,
// runs of blanks as one, what doesn't print as U+FFFD, and at most limit
// bytes, the last of them an ellipsis where it is cut.
func OneLine(s string, limit int) string {
	const ellipsis = "…"
	var b strings.Builder
	blank := false
	for _, c := range s {
		if unicode.IsSpace(c) {
			blank = b.Len() > 0
			continue
		}
		if !unicode.IsPrint(c) {
			c = utf8.RuneError
		}
		if b.Len()+len(" ")+utf8.RuneLen(c) > limit-len(ellipsis) {
			return b.String() + ellipsis
		}
		if blank {
			b.WriteByte(' ')
			blank = false
		}
		b.WriteRune(c)
	}
	return b.String()
}
