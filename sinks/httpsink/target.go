package httpsink

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/macro"
)

// target is a URL that may have tokens in its path and its query. A value is
// percent-encoded: it ends no segment, no pair and no path, and begins none.
type target struct {
	fixed    *url.URL         // all of it where there are no tokens; never changed
	shown    string           // as people may see it: tokens as they are written
	secrets  []string         // what of its query is not to be shown
	hidden   bool             // the path isn't to be shown, either
	paths    []string         // what of it is worth to be looked for elsewhere
	segments []macro.Template // of the path, behind each slash; nil: no tokens
	query    macro.Template
}

// parseTarget takes a URL apart. The messages don't repeat it: it may hold a
// password.
func parseTarget(s string) (*target, []option.Problem) {
	text := macro.Compile(s)
	if !text.HasTokens() {
		u, ps := parseURL(s)
		if u == nil {
			return nil, ps
		}
		keepPath(u)
		t := &target{fixed: u, shown: showURL(u)}
		if u.RawQuery != "" {
			t.secrets = []string{u.RawQuery}
		}
		return t, ps
	}
	// A word that needs no escaping stands in for each token, so that the
	// library parses and escapes what stands around them.
	var pairs []string
	word := text.FreeWord()
	plain := text.Replace(func(i int, token string) string {
		mark := word + strconv.Itoa(i) + "z"
		pairs = append(pairs, mark, "%%"+token+"%%")
		return mark
	})
	tokens := strings.NewReplacer(pairs...)
	if strings.Contains(authority(plain), word) {
		return nil, []option.Problem{{Key: "url", Text: "has a token in its scheme or host, which no event may choose", Hint: "use tokens in the path and the query only"}}
	}
	u, ps := parseURL(plain)
	if u == nil || len(ps) > 0 {
		return nil, ps
	}
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		if name, _, _ := strings.Cut(pair, "="); strings.Contains(name, word) {
			return nil, []option.Problem{{Key: "url", Text: "has a token in its query that is no value", Hint: "write name=%%token%%"}}
		}
	}
	keepPath(u)
	t := &target{fixed: u, shown: tokens.Replace(showURL(u)), query: macro.Compile(tokens.Replace(u.RawQuery))}
	for segment := range strings.SplitSeq(strings.TrimPrefix(u.EscapedPath(), "/"), "/") {
		t.segments = append(t.segments, macro.Compile(tokens.Replace(segment)))
	}
	for pair := range strings.SplitSeq(tokens.Replace(u.RawQuery), "&") {
		_, value, _ := strings.Cut(pair, "=")
		t.secrets = append(t.secrets, macro.Compile(value).Literals()...)
	}
	return t, nil
}

// readURL finds the URL, which is given as url or elsewhere.
func (o *Options) readURL(dir string) (*target, []option.Problem) {
	text, key := o.URL, "url"
	if o.URLFile != "" || o.URLEnv != "" {
		secret, ps := option.ReadSecret("url", option.NewSecret(o.URL), o.URLFile, o.URLEnv, dir)
		if len(ps) > 0 {
			return nil, ps
		}
		o.url, text = secret, secret.Reveal()
		if key = "url_file"; o.URLFile == "" {
			key = "url_env"
		}
	}
	to, ps := o.target()
	for i := range ps {
		ps[i].Key = key
	}
	return to, append(ps, macro.Compile(text).Doubts(key, o.Fields, o.AllFields)...)
}

// target takes the URL apart. Of one that stands elsewhere than in the
// configuration nothing but the scheme and the host is shown.
func (o *Options) target() (*target, []option.Problem) {
	if !o.url.IsSet() {
		return parseTarget(o.URL)
	}
	to, ps := parseTarget(o.url.Reveal())
	if to != nil {
		to.hidePath()
	}
	return to, ps
}

const hiddenPath = "/…"

// hidePath makes the path a secret: all of it, between its tokens if it has
// some, and each segment of it that is no mere name.
func (t *target) hidePath() {
	const shortest = 8 // a shorter segment is rather a name, such as hooks
	t.hidden, t.shown = true, hiddenURL(t.fixed)
	hide := func(text string) {
		plain, _ := url.PathUnescape(text)
		t.paths = append(t.paths, text, plain)
	}
	run := "" // of segments without tokens
	each := func(segment string) {
		run += "/" + segment
		if len(segment) >= shortest {
			hide(segment)
		}
	}
	if t.segments == nil {
		for s := range strings.SplitSeq(strings.Trim(t.fixed.EscapedPath(), "/"), "/") {
			each(s)
		}
	}
	for _, s := range t.segments {
		if !s.HasTokens() {
			each(strings.Join(s.Literals(), ""))
			continue
		}
		hide(run)
		run = ""
		for _, literal := range s.Literals() {
			hide(literal)
		}
	}
	hide(run)
}

// Shown gives the URL as people may see it: without userinfo, its query only
// as ?…, and of one that is kept elsewhere the scheme and the host alone.
func (o *Options) Shown() string {
	to, ps := o.target()
	if to == nil {
		return fmt.Sprint("no URL: ", ps)
	}
	return to.shown
}

// keepPath has a path sent as it is written: where it holds a character that
// none may hold, that one alone is escaped. The library would write all of it
// anew, and make a / of %2F.
func keepPath(u *url.URL) {
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(u.RawPath) {
		c := u.RawPath[i]
		if c > ' ' && c < 0x7f && !strings.ContainsRune("\"<>\\^`{|}", rune(c)) {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hexDigits[c>>4], hexDigits[c&15]})
		}
	}
	u.RawPath = b.String()
}

// authority gives what stands before a URL's path.
func authority(s string) string {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return s
	}
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	return scheme + rest
}

// hasTokens reports whether each event has a URL of its own.
func (t *target) hasTokens() bool { return t.segments != nil }

// urlMax bounds a URL, in bytes. It is far more than a server takes.
const urlMax = macro.ExpandMax

// url gives the URL for an event. It calls missing, if that isn't nil, for
// each token for which the event has no field. It is not to be changed.
func (t *target) url(e *bridge.Event, missing func(token string)) (*url.URL, error) {
	if !t.hasTokens() {
		return t.fixed, nil
	}
	var raw []byte
	for _, s := range t.segments {
		if len(raw) > urlMax {
			break
		}
		raw = append(raw, '/')
		at := len(raw)
		raw = s.AppendNoting(raw, e, macro.URL, missing)
		if s.HasTokens() {
			raw = append(raw[:at], noDots(string(raw[at:]))...)
		}
	}
	u := *t.fixed
	u.RawPath = string(raw)
	u.Path, _ = url.PathUnescape(u.RawPath) // escaped by the library and by us: can't fail
	u.RawQuery = string(t.query.AppendNoting(nil, e, macro.URL, missing))
	if len(u.RawPath)+len(u.RawQuery) > urlMax {
		return nil, fmt.Errorf("the URL: %w", errLong)
	}
	return &u, nil
}

// noDots puts U+FFFD in the place of the dots of . and .., which lead to
// another place than the configured one. Some servers see them between
// slashes that are escaped, or between backslashes, too.
func noDots(segment string) string {
	const dot, slash, backslash = "%2e", "%2f", "%5c"
	var b strings.Builder
	for rest := segment; ; {
		end, next := len(rest), len(rest)
		for _, sep := range []string{slash, backslash} {
			if i := strings.Index(strings.ToLower(rest), sep); i >= 0 && i < end {
				end, next = i, i+len(sep)
			}
		}
		part := rest[:end]
		switch strings.ReplaceAll(strings.ToLower(part), dot, ".") {
		case ".":
			part = "%EF%BF%BD"
		case "..":
			part = "%EF%BF%BD%EF%BF%BD"
		}
		b.WriteString(part + rest[end:next])
		if next == len(rest) && end == next {
			return b.String()
		}
		rest = rest[next:]
	}
}
