package httpsink_test

import (
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/httpsink"
)

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"auth": "Bearer s3cr3t\n", "two": "a\nb\n", "ctl": "a\x01b", "ca.pem": "no certificate"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		set  func(*httpsink.Options)
		want []string // beginnings of the problems, "warning: " before a warning
	}{
		{name: "nothing wrong", set: func(*httpsink.Options) {}},
		{name: "no url", set: func(o *httpsink.Options) { o.URL = "" }, want: []string{"url: is missing"}},
		{name: "no URL", set: func(o *httpsink.Options) { o.URL = "http://a b:s3cr3t/" }, want: []string{"url: is no URL"}},
		{name: "another scheme", set: func(o *httpsink.Options) { o.URL = "ftp://h/" }, want: []string{"url: is neither http:// nor https://"}},
		{name: "relative", set: func(o *httpsink.Options) { o.URL = "/x" }, want: []string{"url: is neither"}},
		{name: "no host", set: func(o *httpsink.Options) { o.URL = "https:///x" }, want: []string{"url: has no host"}},
		{name: "userinfo", set: func(o *httpsink.Options) { o.URL = "https://u:s3cr3t@h/" }, want: []string{"url: has a user name or password in it; put"}},
		{name: "fragment", set: func(o *httpsink.Options) { o.URL = "https://h/#x" }, want: []string{"url: has a part behind #"}},
		{name: "body", set: func(o *httpsink.Options) { o.Body = "xml" }, want: []string{`body: "xml" is unknown`}},
		{name: "version", set: func(o *httpsink.Options) { o.Version = "" }, want: []string{"version: is empty"}},
		{name: "content type", set: func(o *httpsink.Options) { o.ContentType = "a\r\nb" }, want: []string{"content_type: "}},
		{name: "no success", set: func(o *httpsink.Options) { o.Success = nil }, want: []string{"success: is empty"}},
		{name: "codes", set: func(o *httpsink.Options) { o.Success, o.GiveUp = option.List{"2x", "2xx"}, option.List{"x"} },
			want: []string{`success: "2x"`, `give_up: "x"`}},
		{name: "both", set: func(o *httpsink.Options) { o.GiveUp = option.List{"202"} }, want: []string{"give_up: 202 counts as success too"}},
		{name: "timeout", set: func(o *httpsink.Options) { o.Timeout = 0 }, want: []string{"timeout: 0s is out of range"}},
		{name: "timeout too long", set: func(o *httpsink.Options) { o.Timeout = option.Duration(time.Hour) }, want: []string{"timeout: 1h is out of range"}},
		{name: "ca_file absent", set: func(o *httpsink.Options) { o.CAFile = "none.pem" }, want: []string{"ca_file: open " + dir}},
		{name: "ca_file empty", set: func(o *httpsink.Options) { o.CAFile = "ca.pem" }, want: []string{"ca_file: " + dir}},
		{name: "headers", set: func(o *httpsink.Options) {
			o.Headers = map[string]string{"a b": "x", "X-Nl": "a\r\nBcc: b", "content-length": "3", "Host": "a b", "X": "1", "x": "2", "Content-Type": "t", "webhook-id": "1"}
		}, want: []string{"headers: Content-Type can't", "headers: the value of Host", "headers: the value of X-Nl", `headers: "a b"`, "headers: content-length can't", "headers: webhook-id can't", "headers: X and x"}},
		{name: "Authorization in headers", set: func(o *httpsink.Options) { o.Headers = map[string]string{"authorization": "s3cr3t"} },
			want: []string{"warning: headers: a secret"}},
		{name: "Authorization twice", set: func(o *httpsink.Options) {
			o.Headers, o.AuthorizationFile = map[string]string{"authorization": "s3cr3t"}, "auth"
		}, want: []string{"warning: headers: a secret", "headers: Authorization is given twice"}},
		{name: "file", set: func(o *httpsink.Options) { o.AuthorizationFile = "auth" }},
		{name: "file with two lines", set: func(o *httpsink.Options) { o.AuthorizationFile = "two" }, want: []string{"authorization_file: "}},
		{name: "file with control characters", set: func(o *httpsink.Options) { o.AuthorizationFile = "ctl" }, want: []string{"authorization: has characters"}},
		{name: "file absent", set: func(o *httpsink.Options) { o.AuthorizationFile = "none" }, want: []string{"authorization_file: "}},
		{name: "inline", set: func(o *httpsink.Options) { o.Authorization = option.NewSecret("s3cr3t") }, want: []string{"warning: authorization: a secret"}},
		{name: "unencrypted to another machine", set: func(o *httpsink.Options) { o.URL, o.AuthorizationFile = "http://h/", "auth" },
			want: []string{"warning: url: Authorization goes to another machine"}},
		{name: "unencrypted to this machine", set: func(o *httpsink.Options) { o.URL, o.AuthorizationFile = "http://127.0.0.2/", "auth" }},
		{name: "unencrypted to localhost", set: func(o *httpsink.Options) { o.URL, o.AuthorizationFile = "http://LocalHost:80/", "auth" }},
		{name: "all at once", set: func(o *httpsink.Options) { *o = httpsink.Options{} },
			want: []string{"url: is missing", "body: ", "version: ", "success: ", "timeout: "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := httpsink.Defaults("")
			o.URL = "https://example.com/events"
			c.set(&o)
			var got []string
			for _, p := range o.Check(dir) {
				s := p.String()
				if p.Warning {
					s = "warning: " + s
				}
				if strings.Contains(s, "s3cr3t") {
					t.Errorf("a secret is shown: %s", s)
				}
				got = append(got, s)
			}
			if !slices.EqualFunc(got, c.want, strings.HasPrefix) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// What Check found in a file is what is sent, and checking twice does no harm.
func TestCheckReadsTheSecret(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "auth"), []byte("Bearer abc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var got string
	srv := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("Authorization") })
	o := at(srv.URL)
	o.AuthorizationFile = "auth"
	for range 2 {
		if ps := o.Check(dir); len(ps) > 0 {
			t.Fatalf("%v", ps)
		}
	}
	if _, de := deliver(t, newSink(t, o)); de != nil {
		t.Fatal(de)
	}
	if got != "Bearer abc" {
		t.Errorf("sent %q", got)
	}
}
