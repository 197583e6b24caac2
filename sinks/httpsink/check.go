package httpsink

import (
	"fmt"
	"net/textproto"
	"net/url"
	"slices"
	"sort"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/oauth"
)

// The bounds of timeout.
const (
	timeoutMin = 100 * time.Millisecond
	timeoutMax = 10 * time.Minute
)

// Check finds all that is wrong with the settings, makes the paths of files
// absolute against dir, and reads all of them: New reads none.
func (o *Options) Check(dir string) []option.Problem {
	var ps []option.Problem
	var u *url.URL
	to, bad := o.readURL(dir)
	if to != nil {
		u = to.fixed
	}
	ps = append(ps, bad...)
	ps = append(ps, o.checkBody()...)
	ps = append(ps, o.checkTemplate(dir)...)
	ps = append(ps, o.checkBatches(to)...)
	ps = append(ps, o.checkCodes()...)
	if t := o.Timeout.D(); t < timeoutMin || t > timeoutMax {
		ps = append(ps, option.Problem{Key: "timeout", Text: fmt.Sprintf("%s is out of range", o.Timeout), Hint: "use 100ms to 10m"})
	}
	ps = append(ps, o.TLS.Check(dir)...)
	ps = append(ps, o.checkHTTPS(u)...)
	ps = append(ps, o.checkHeaders()...)
	ps = append(ps, o.Auth.check(u, o.headerValue("Authorization") != "", dir)...)
	ps = append(ps, o.Signing.check(dir)...)
	return append(ps, o.Proxy.check(u, o.AllowPrivate, dir)...)
}

// checkHTTPS holds the URLs against what is set for encrypted connections.
func (o *Options) checkHTTPS(u *url.URL) []option.Problem {
	if u == nil || u.Scheme != "http" && u.Scheme != "https" {
		return nil
	}
	if u.Scheme == "http" {
		for _, set := range []struct {
			key string
			on  bool
		}{{"ca_file", o.CAFile != ""}, {"client_cert_file", o.ClientCertFile != ""}, {"server_name", o.ServerName != ""}} {
			if set.on && !o.OAuth2.IsSet() && !strings.HasPrefix(o.Proxy.Proxy, "https:") {
				return []option.Problem{{Key: set.key, Text: "is not used: the url is http://", Hint: "use https", Warning: true}}
			}
		}
	}
	if !o.RequireHTTPS {
		return nil
	}
	if u.Scheme == "http" {
		return []option.Problem{{Key: "url", Text: "is http://, and require_https is set", Hint: "use https"}}
	}
	if strings.HasPrefix(strings.ToLower(o.OAuth2.TokenURL), "http:") {
		return []option.Problem{{Key: oauth.Table + ".token_url", Text: "is http://, and require_https is set", Hint: "use https"}}
	}
	return nil
}

// parseURL takes an absolute URL apart. The messages don't repeat it: it may
// hold a password.
func parseURL(s string) (*url.URL, []option.Problem) {
	const key, like = "url", `use one like "https://example.com/events"`
	if s == "" {
		return nil, []option.Problem{{Key: key, Text: "is missing", Hint: like}}
	}
	u, err := url.Parse(s)
	if err != nil {
		return nil, []option.Problem{{Key: key, Text: "is no URL", Hint: like}}
	}
	var ps []option.Problem
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		ps = append(ps, option.Problem{Key: key, Text: "is neither http:// nor https://", Hint: like})
	case u.Hostname() == "":
		ps = append(ps, option.Problem{Key: key, Text: "has no host", Hint: like})
	}
	if strings.Contains(u.RawQuery, " ") {
		ps = append(ps, option.Problem{Key: key, Text: "has a blank in its query", Hint: "write %20"})
	}
	if u.User != nil {
		ps = append(ps, option.Problem{Key: key, Text: "has a user name or password in it", Hint: `put "Basic ..." or "Bearer ..." into a file and name it in authorization_file`})
	}
	if u.Fragment != "" {
		ps = append(ps, option.Problem{Key: key, Text: "has a part behind #, which is never sent", Hint: "write # as %23, or leave it out"})
	}
	return u, ps
}

func (o *Options) checkBody() []option.Problem {
	var ps []option.Problem
	if !slices.Contains(bodies, o.Body) {
		hint := `use "form", "json", "cloudevents" or "template"`
		if near := option.Nearest(o.Body, bodies); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		ps = append(ps, option.Problem{Key: "body", Text: fmt.Sprintf("%q is unknown", o.Body), Hint: hint})
	}
	if o.Version == "" {
		ps = append(ps, option.Problem{Key: "version", Text: "is empty", Hint: `receivers read a missing variable as "null"; use "1"`})
	}
	switch {
	case !httpguts.ValidHeaderFieldValue(o.ContentType):
		ps = append(ps, option.Problem{Key: "content_type", Text: "has characters that no header can have"})
	case o.Body == bodyCloudEvents && o.ContentType != "":
		ps = append(ps, option.Problem{Key: "content_type", Text: "is fixed for CloudEvents", Hint: "leave it out"})
	}
	return ps
}

// checkBatches holds what makes lists of events against what can be one.
func (o *Options) checkBatches(to *target) []option.Problem {
	var ps []option.Problem
	say := func(key, text, hint string) {
		ps = append(ps, option.Problem{Key: key, Text: text, Hint: hint})
	}
	switch {
	case o.BatchFormat != "" && !slices.Contains(batchFormats, o.BatchFormat):
		say("batch_format", fmt.Sprintf("%q is unknown", o.BatchFormat), `use "array" or "ndjson"`)
	case o.BatchFormat == batchLines && o.Body == bodyCloudEvents:
		say("batch_format", "CloudEvents have no batches of lines", `use "array", or body = "json"`)
	case o.BatchFormat == batchLines && o.Body != bodyJSON:
		say("batch_format", fmt.Sprintf("body %q has no lines", o.Body), `use body = "json", or leave it out`)
	}
	switch {
	case o.CloudEventsMode != "" && !slices.Contains(ceModes, o.CloudEventsMode):
		say("cloudevents_mode", fmt.Sprintf("%q is unknown", o.CloudEventsMode), `use "structured" or "binary"`)
	case o.CloudEventsMode == ceBinary && o.Body != bodyCloudEvents:
		say("cloudevents_mode", fmt.Sprintf("body %q has no mode", o.Body), `use body = "cloudevents", or leave it out`)
	}
	switch {
	case o.BatchMaxEvents <= 1:
	case o.binary():
		say("batch_max_events", `cloudevents_mode "binary" holds one event`, `use 1, or cloudevents_mode = "structured"`)
	case o.Body == bodyForm || o.Body == bodyTemplate:
		say("batch_max_events", fmt.Sprintf("body %q holds one event", o.Body), `use 1, or body = "json" or "cloudevents"`)
	case to != nil && to.hasTokens():
		say("batch_max_events", "a URL with tokens is one event's", "use 1, or a URL without tokens")
	}
	return ps
}

func (o *Options) checkCodes() []option.Problem {
	const hint = `use codes such as 200 or classes such as "2xx"`
	success, bad := parseCodes(o.Success)
	var ps []option.Problem
	for _, s := range bad {
		ps = append(ps, option.Problem{Key: "success", Item: 1 + slices.Index(o.Success, s), Text: fmt.Sprintf("%q is no status", s), Hint: hint})
	}
	if len(o.Success) == 0 {
		ps = append(ps, option.Problem{Key: "success", Text: "is empty: no answer would ever count as taken", Hint: hint})
	}
	giveUp, bad := parseCodes(o.GiveUp)
	for _, s := range bad {
		ps = append(ps, option.Problem{Key: "give_up", Item: 1 + slices.Index(o.GiveUp, s), Text: fmt.Sprintf("%q is no status", s), Hint: hint})
	}
	for code := range giveUp {
		if giveUp[code] && success[code] {
			ps = append(ps, option.Problem{Key: "give_up", Text: fmt.Sprintf("%d counts as success too", code), Hint: "name it in one of success and give_up"})
			break
		}
	}
	return ps
}

// ownHeaders are set by the sink or by HTTP itself, with what to use instead.
var ownHeaders = map[string]string{
	"Content-Type":      "use content_type",
	"Webhook-Id":        "it is the event's id",
	"Webhook-Timestamp": "it is the time of the attempt",
	"Webhook-Signature": "use signing_secret_file",
	"Content-Length":    "",
	"Transfer-Encoding": "",
	"Connection":        "",
	"Trailer":           "",
	"Upgrade":           "",
	"Te":                "",
	"Keep-Alive":        "",
	"Proxy-Connection":  "",
	"Expect":            "",
}

func (o *Options) checkHeaders() []option.Problem {
	names := make([]string, 0, len(o.Headers))
	for name := range o.Headers {
		names = append(names, name)
	}
	sort.Strings(names)
	var ps []option.Problem
	say := func(text, hint string) {
		ps = append(ps, option.Problem{Key: "headers", Text: text, Hint: hint})
	}
	seen := map[string]string{}
	for _, name := range names {
		canon := textproto.CanonicalMIMEHeaderKey(name)
		hint, own := ownHeaders[canon]
		switch {
		case !httpguts.ValidHeaderFieldName(name):
			say(fmt.Sprintf("%q is no name of a header", name), "")
		case !httpguts.ValidHeaderFieldValue(o.Headers[name]):
			say(fmt.Sprintf("the value of %s has line ends or other control characters", name), "")
		case canon == "Host" && !httpguts.ValidHostHeader(o.Headers[name]):
			say("the value of Host is no host", "")
		case o.binary() && cloudEventHeader(canon):
			say(name+" can't be set here", "it is the event's")
		case own:
			say(name+" can't be set here", hint)
		case seen[canon] != "":
			say(fmt.Sprintf("%s and %s are the same header", seen[canon], name), "")
		case canon == "Authorization":
			ps = append(ps, option.Problem{Key: "headers", Text: "a secret stands in this file", Hint: "use authorization_file", Warning: true})
		}
		seen[canon] = name
	}
	return ps
}

// headerValue looks up a configured header without regard to case.
func (o *Options) headerValue(name string) string {
	for k, v := range o.Headers {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return ""
}
