package macro

import (
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/tailpost/tailpost/bridge"
)

// Escape says for which place a value is made safe.
type Escape uint8

// The places that values go to.
const (
	Plain  Escape = iota // a text: the value as it is
	Header               // a header of a mail or a request: one line without control characters
	JSON                 // JSON: text between quotes, a whole value where there are none
	Form                 // a form body or a query: percent-encoded, + for a blank
	HTML                 // HTML and XML: text, and what stands between an attribute's quotes if it is no URL or script
	URL                  // a part of a URL's path or query: percent-encoded, %20 for a blank
)

// Append appends the value v, escaped; for JSON as the text between quotes.
// Bytes that are no UTF-8 become U+FFFD, and so does what a place can't hold.
func (esc Escape) Append(b []byte, v string) []byte {
	switch esc {
	case Header:
		return appendHeader(b, v)
	case JSON:
		return appendJSON(b, v)
	case Form:
		return AppendForm(b, v)
	case HTML:
		return appendHTML(b, v)
	case URL:
		return appendPercent(b, v, "%20")
	default:
		for _, r := range v {
			b = utf8.AppendRune(b, r)
		}
		return b
	}
}

// appendHeader drops control characters, line and paragraph separators, and
// the invisible format characters that turn text around (bidi overrides).
func appendHeader(b []byte, v string) []byte {
	for _, r := range v {
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			continue
		}
		b = utf8.AppendRune(b, r)
	}
	return b
}

func appendJSON(b []byte, v string) []byte {
	at := len(b)
	b = bridge.AppendJSONString(b, v)
	return append(b[:at], b[at+1:len(b)-1]...)
}

// AppendForm appends v as a name or value of a form body: UTF-8,
// percent-encoded but for letters, digits and -_.~, with + for a blank, the
// way PHP and .NET read it.
func AppendForm(b []byte, v string) []byte { return appendPercent(b, v, "+") }

func appendPercent(b []byte, v, blank string) []byte {
	const hexDigits = "0123456789ABCDEF"
	for i := 0; i < len(v); {
		c := v[i]
		switch {
		case c == ' ':
			b = append(b, blank...)
		case unreserved(c):
			b = append(b, c)
		case c < utf8.RuneSelf:
			b = append(b, '%', hexDigits[c>>4], hexDigits[c&15])
		default:
			r, n := utf8.DecodeRuneInString(v[i:])
			var enc [utf8.UTFMax]byte
			for _, c := range enc[:utf8.EncodeRune(enc[:], r)] {
				b = append(b, '%', hexDigits[c>>4], hexDigits[c&15])
			}
			i += n
			continue
		}
		i++
	}
	return b
}

// appendHTML escapes what HTML and XML read as their own. Line ends and tabs
// are written as numbers, because readers change plain ones. U+FFFD takes the
// place of other control characters, which no document may hold.
func appendHTML(b []byte, v string) []byte {
	for _, r := range v {
		switch {
		case r == '&':
			b = append(b, "&amp;"...)
		case r == '<':
			b = append(b, "&lt;"...)
		case r == '>':
			b = append(b, "&gt;"...)
		case r == '"' || r == '\'' || r == '`' || r == '\t' || r == '\n' || r == '\r':
			b = append(b, "&#"...)
			b = strconv.AppendInt(b, int64(r), 10)
			b = append(b, ';')
		case unicode.IsControl(r) || r == 0xfffe || r == 0xffff:
			b = utf8.AppendRune(b, utf8.RuneError)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '_' || c == '.' || c == '~'
}
