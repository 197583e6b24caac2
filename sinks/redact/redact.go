// Package redact makes foreign text fit to be shown: what another side sends
// may hold the secrets that we sent it.
package redact

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strings"

	"github.com/tailpost/tailpost/sinks/macro"
)

// shortest is the length of the shortest secret that is hidden, in bytes:
// hiding less would garble every text.
const shortest = 4

// Words hides secrets in texts, also where they come back encoded as other
// sides do it: for a URL, JSON or HTML, in base64 or hex. The zero value hides
// none. It may be used by several goroutines at once.
type Words struct {
	hidden   []string
	replacer *strings.Replacer
}

// New gives what hides these secrets. Empty and very short ones are left out.
func New(secrets ...string) Words { return Words{}.And(secrets...) }

// And gives what hides these, too.
func (w Words) And(secrets ...string) Words {
	all := slices.Clone(w.hidden)
	for _, s := range secrets {
		if len(s) >= shortest {
			all = append(all, forms(s)...)
		}
	}
	// The longest first: a secret may be a part of another.
	slices.SortFunc(all, func(a, b string) int {
		return cmp.Or(len(b)-len(a), strings.Compare(a, b))
	})
	all = slices.Compact(all)
	pairs := make([]string, 0, 2*len(all))
	for _, s := range all {
		pairs = append(pairs, s, "<redacted>")
	}
	return Words{hidden: all, replacer: strings.NewReplacer(pairs...)}
}

// forms gives a secret as it may come back.
func forms(s string) []string {
	b := []byte(s)
	out := append([]string{s, html.EscapeString(s), named.Replace(s), hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b))}, percent(s)...)
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
		out = append(out, enc.EncodeToString(b))
	}
	out = append(out, inside64(b)...)
	if b, err := json.Marshal(s); err == nil { // it always can
		quoted := string(b[1 : len(b)-1])
		plain := strings.NewReplacer(`\u0026`, "&", `\u003c`, "<", `\u003e`, ">").Replace(quoted)
		for _, q := range []string{quoted, plain} {
			out = append(out, q, strings.ReplaceAll(q, "/", `\/`))
		}
	}
	return out
}

// named escapes markup as most libraries do that are not Go's.
var named = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#x27;")

// percent gives the ways in which libraries write a text in a URL: which
// characters they leave, and the case of their digits, differ.
func percent(s string) []string {
	query := url.QueryEscape(s)
	out := []string{query, url.PathEscape(s), strings.ReplaceAll(query, "+", "%20"),
		strings.ReplaceAll(query, "%2F", "/"), strings.ReplaceAll(strings.ReplaceAll(query, "+", "%20"), "%2F", "/")}
	for _, e := range slices.Clone(out) {
		b := []byte(e)
		for i := 0; i+2 < len(b); i++ {
			if b[i] == '%' {
				copy(b[i:], strings.ToLower(string(b[i:i+3])))
			}
		}
		out = append(out, string(b))
	}
	return out
}

// insideLeast is the length of the shortest secret that is looked for inside
// of longer texts in base64, in bytes: what is left of a shorter one would be
// found where it isn't.
const insideLeast = 8

// inside64 gives what of a secret's base64 is the same whatever stands around
// it: a header that is encoded whole holds it at any of three places.
func inside64(s []byte) (out []string) {
	if len(s) < insideLeast {
		return nil
	}
	for before := range 3 {
		text := append(make([]byte, before, before+len(s)), s...)
		from, to := (before*8+5)/6, len(text)*8/6
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			out = append(out, enc.EncodeToString(text)[from:to])
		}
	}
	return out
}

// Text gives s without the secrets, on one line that a terminal can take, in
// limit bytes at most.
func (w Words) Text(s string, limit int) string { return macro.OneLine(w.Blot(s), limit) }

// Blot gives s without the secrets, and else as it is.
func (w Words) Blot(s string) string {
	if w.replacer == nil {
		return s
	}
	return w.replacer.Replace(s)
}

// Err gives err with its text made fit to be shown, in limit bytes at most. It
// unwraps to err.
func (w Words) Err(err error, limit int) error {
	return shown{text: w.Text(err.Error(), limit), err: err}
}

// shown is an error with another text.
type shown struct {
	text string
	err  error
}

func (e shown) Error() string { return e.text }
func (e shown) Unwrap() error { return e.err }
