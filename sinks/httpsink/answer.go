package httpsink

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tailpost/tailpost/sinks/macro"
)

const (
	// readMax is how much of an answer's body is read so that its connection
	// can be used again.
	readMax = 64 << 10
	// readWait is how long it is read: the answer is known by then.
	readWait = time.Second
	// showMax is how much of it people see, in bytes.
	showMax = 256
)

// readAnswer reads the beginning of a body and closes it. It calls stop, which
// ends the request, if that takes too long; so it never fails.
func readAnswer(body io.ReadCloser, stop func()) []byte {
	if body == http.NoBody {
		return nil
	}
	late := time.AfterFunc(readWait, stop)
	defer late.Stop()
	defer body.Close()
	said, _ := io.ReadAll(io.LimitReader(body, readMax+1))
	return said
}

// answer is a status and the first bytes of a body, for people. The reason
// phrase is ours, not the receiver's.
func (s *Sink) answer(status int, said []byte) string {
	out := strconv.Itoa(status)
	if text := http.StatusText(status); text != "" {
		out += " " + text
	}
	if text := s.hide.text(string(said)); text != "" {
		out += ": " + text
	}
	return out
}

// redactor makes foreign text fit to be shown: without secrets, on one line,
// bounded.
type redactor struct{ words *strings.Replacer }

// newRedactor hides an Authorization value, the credential in it, what a basic
// one holds, the values of the other headers, which may be keys, and the query,
// or what the configuration says of it.
func newRedactor(headers http.Header, queries []string) redactor {
	var words []string
	add := func(s string) {
		const shortest = 4 // hiding less would garble every text
		if len(s) >= shortest {
			words = append(words, s, "<redacted>")
		}
	}
	authorization := headers.Get("Authorization")
	add(authorization)
	for name, values := range headers {
		if name != "User-Agent" && name != "Content-Type" {
			add(values[0])
		}
	}
	if scheme, rest, ok := strings.Cut(authorization, " "); ok {
		cred := strings.TrimSpace(rest)
		add(cred)
		if b, err := base64.StdEncoding.DecodeString(cred); err == nil && strings.EqualFold(scheme, "basic") {
			_, password, _ := strings.Cut(string(b), ":")
			add(string(b))
			add(password)
		}
	}
	for _, query := range queries {
		if query != "" {
			words = append(words, "?"+query, "?…")
		}
		add(query)
	}
	return redactor{strings.NewReplacer(words...)}
}

// text gives s without secrets and control characters, cut at showMax.
func (r redactor) text(s string) string {
	if r.words != nil {
		s = r.words.Replace(s)
	}
	return macro.OneLine(s, showMax)
}

// err gives err with its text made fit to be shown.
func (r redactor) err(err error) error { return shownError{text: r.text(err.Error()), err: err} }

// shownError is an error with another text.
type shownError struct {
	text string
	err  error
}

func (e shownError) Error() string { return e.text }
func (e shownError) Unwrap() error { return e.err }

// showURL gives a URL as people may see it: without userinfo and fragment, its
// query only as ?….
func showURL(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	if u.RawQuery != "" {
		return shown.String() + "?…"
	}
	return shown.String()
}

// showTarget gives the target of a redirect as people may see it.
func showTarget(from *url.URL, to string) string {
	u, err := from.Parse(to)
	if err != nil {
		return "what is no URL"
	}
	return showURL(u)
}
