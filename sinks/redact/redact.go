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
	out := []string{s, url.QueryEscape(s), url.PathEscape(s), html.EscapeString(s), hex.EncodeToString([]byte(s)),
		base64.StdEncoding.EncodeToString([]byte(s)), base64.URLEncoding.EncodeToString([]byte(s)),
		base64.RawStdEncoding.EncodeToString([]byte(s)), base64.RawURLEncoding.EncodeToString([]byte(s))}
	if b, err := json.Marshal(s); err == nil { // it always can
		quoted := string(b[1 : len(b)-1])
		out = append(out, quoted, strings.ReplaceAll(quoted, "/", `\/`))
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
