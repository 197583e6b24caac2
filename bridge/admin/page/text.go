package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// How much of a text is shown, in characters.
const (
	textMost = 160  // a name, a key, a path
	longMost = 1000 // an error, a reason
	bodyMost = 8000 // an event's JSON
)

// text makes a text from outside fit to be shown: no longer than most
// characters, and what can't be seen, or changes what stands beside it (control
// characters, bidirectional overrides), as an escape.
func text(s string, most int) string {
	var b strings.Builder
	shown := 0
	for _, r := range s {
		if shown == most {
			fmt.Fprintf(&b, "… (%s)", size(int64(len(s))))
			break
		}
		shown++
		switch {
		case r == utf8.RuneError:
			b.WriteRune('�')
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			q := strconv.QuoteRune(r)
			b.WriteString(q[1 : len(q)-1])
		}
	}
	return b.String()
}

// begin gives so much of a session as finds it: a link needs no more.
func begin(s string) string {
	n := 0
	for i := range s {
		if n++; n > 128 {
			return s[:i]
		}
	}
	return s
}

// lines does what text does with a text that may have several lines.
func lines(s string, most int) string {
	var out []string
	for l := range strings.SplitSeq(s[:min(len(s), 4*most)], "\n") {
		out = append(out, text(strings.TrimRight(l, "\r"), most))
	}
	return strings.Join(out, "\n")
}

// count gives a number with its thousands apart.
func count[T int | int64 | uint64](n T) string {
	s := strconv.FormatInt(int64(n), 10)
	if n < 0 {
		return s
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// numbered gives a number and the word for so many.
func numbered[T int | int64 | uint64](n T, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}

// size gives bytes as people read them.
func size(n int64) string {
	if n < 1<<10 {
		return numbered(n, "byte", "bytes")
	}
	units := []string{"KiB", "MiB", "GiB", "TiB"}
	v, u := float64(n)/(1<<10), 0
	for v >= 1023.95 && u < len(units)-1 {
		v, u = v/(1<<10), u+1
	}
	if v < 10 {
		return strconv.FormatFloat(v, 'f', 1, 64) + " " + units[u]
	}
	return strconv.FormatFloat(v, 'f', 0, 64) + " " + units[u]
}

// bodyText gives an event's JSON with a line a field, as far as it is shown.
func bodyText(b []byte) string {
	var out bytes.Buffer
	if len(b) > 16*bodyMost || json.Indent(&out, b, "", "  ") != nil {
		return text(string(b[:min(len(b), 4*bodyMost)]), bodyMost)
	}
	return lines(out.String(), bodyMost)
}
