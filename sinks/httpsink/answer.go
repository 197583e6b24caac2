package httpsink

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tailpost/tailpost/sinks/redact"
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
func answer(status int, said []byte, hide redact.Words) string {
	out := strconv.Itoa(status)
	if text := http.StatusText(status); text != "" {
		out += " " + text
	}
	if text := hide.Text(string(said), showMax); text != "" {
		out += ": " + text
	}
	return out
}

// errMax is how much people see of an error, in bytes.
const errMax = 512

// newWords hides an Authorization value, the credential in it, what a basic
// one holds, the values of the other headers, which may be keys, what secrets
// holds, and the query, or what the configuration says of it.
func newWords(headers http.Header, queries, secrets []string) redact.Words {
	for name, values := range headers {
		if name != "User-Agent" && name != "Content-Type" {
			secrets = append(secrets, values[0])
		}
	}
	if scheme, rest, ok := strings.Cut(headers.Get("Authorization"), " "); ok {
		cred := strings.TrimSpace(rest)
		secrets = append(secrets, cred)
		if b, err := base64.StdEncoding.DecodeString(cred); err == nil && strings.EqualFold(scheme, "basic") {
			_, password, _ := strings.Cut(string(b), ":")
			secrets = append(secrets, string(b), password)
		}
		for _, param := range strings.Split(cred, ",") { // as in: Token token="..."
			if _, value, ok := strings.Cut(param, "="); ok && strings.Trim(value, "=") != "" {
				secrets = append(secrets, strings.Trim(strings.TrimSpace(value), `"`))
			}
		}
	}
	for _, query := range queries {
		secrets = append(secrets, query)
		for pair := range strings.SplitSeq(query, "&") {
			_, value, named := strings.Cut(pair, "=")
			if !named { // what stands beside a token
				value = pair
			}
			const shortest = 8 // a shorter one is rather a name, such as an action's
			if plain, err := url.QueryUnescape(value); err == nil && len(plain) >= shortest {
				secrets = append(secrets, value, plain)
			}
		}
	}
	return redact.New(secrets...)
}

// showURL gives a URL as people may see it: without userinfo and fragment, its
// query only as ?….
func showURL(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	if u.RawQuery != "" {
		return shown.String() + "?…"
	}
	return shown.String()
}

// showTarget gives the target of a redirect as people may see it. It may repeat
// the path of the URL that it comes from: where that is hidden, so is this one.
func (t *target) showTarget(from *url.URL, to string) string {
	u, err := from.Parse(to)
	switch {
	case err != nil:
		return "what is no URL"
	case t.hidden:
		return hiddenURL(u)
	}
	return showURL(u)
}

// hiddenURL gives the scheme and the host of a URL, and no more.
func hiddenURL(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host}).String() + hiddenPath
}
