package macro

import (
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
	JSON                 // inside a JSON string, between its quotes
	Form                 // a form body or a query: percent-encoded, + for a blank
	HTML                 // text of an HTML document, or a quoted attribute that holds no URL or script
)

// Append appends the value v, escaped. Bytes that are no UTF-8 become U+FFFD.
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

// appendHTML escapes what HTML reads as its own, and puts U+FFFD in the place
// of control characters, which no document may hold.
func appendHTML(b []byte, v string) []byte {
	for _, r := range v {
		switch {
		case r == '&':
			b = append(b, "&amp;"...)
		case r == '<':
			b = append(b, "&lt;"...)
		case r == '>':
			b = append(b, "&gt;"...)
		case r == '"':
			b = append(b, "&#34;"...)
		case r == '\'':
			b = append(b, "&#39;"...)
		case unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r':
			b = utf8.AppendRune(b, utf8.RuneError)
		default:
			b = utf8.AppendRune(b, r)
		}
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
func AppendForm(b []byte, v string) []byte {
	const hexDigits = "0123456789ABCDEF"
	for i := 0; i < len(v); {
		c := v[i]
		switch {
		case c == ' ':
			b = append(b, '+')
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

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '_' || c == '.' || c == '~'
}
