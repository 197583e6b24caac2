package httpsink_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
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
	for name, text := range map[string]string{"auth": "Bearer s3cr3t\n", "two": "a\nb\n", "ctl": "a\x01b", "ca.pem": "no certificate", "url": "https://h/services/s3cr3t?%%name%%=1\n", "good": "https://h/services/s3cr3t\n",
		"t.json": "\uFEFF{\"a\": \"%%name%%\"}\n", "latin": "\"\xe9\"", "long": strings.Repeat("\n", 64<<10) + "1"} {
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
		{name: "from a file", set: func(o *httpsink.Options) { o.URL, o.URLFile = "", "good" }},
		{name: "from a file that is absent", set: func(o *httpsink.Options) { o.URL, o.URLFile = "", "none" }, want: []string{"url_file: open " + dir}},
		{name: "from a file, and here", set: func(o *httpsink.Options) { o.URLFile = "good" }, want: []string{"url: is given more than once"}},
		{name: "from a file that holds none", set: func(o *httpsink.Options) { o.URL, o.URLFile = "", "auth" }, want: []string{"url_file: is neither http:// nor https://"}},
		{name: "from a file, with a token for a name", set: func(o *httpsink.Options) { o.URL, o.URLFile = "", "url" }, want: []string{"url_file: has a token in its query that is no value"}},
		{name: "from a variable that isn't set", set: func(o *httpsink.Options) { o.URL, o.URLEnv = "", "TAILPOST_TEST_NONE" }, want: []string{"url_env: the environment variable"}},
		{name: "relative", set: func(o *httpsink.Options) { o.URL = "/x" }, want: []string{"url: is neither"}},
		{name: "no host", set: func(o *httpsink.Options) { o.URL = "https:///x" }, want: []string{"url: has no host"}},
		{name: "userinfo", set: func(o *httpsink.Options) { o.URL = "https://u:s3cr3t@h/" }, want: []string{"url: has a user name or password in it; put"}},
		{name: "fragment", set: func(o *httpsink.Options) { o.URL = "https://h/#x" }, want: []string{"url: has a part behind #"}},
		{name: "body", set: func(o *httpsink.Options) { o.Body = "xml" }, want: []string{`body: "xml" is unknown`}},
		{name: "body, almost", set: func(o *httpsink.Options) { o.Body = "cloudevent" }, want: []string{`body: "cloudevent" is unknown; did you mean "cloudevents"?`}},
		{name: "cloudevents", set: func(o *httpsink.Options) { o.Body, o.BatchMaxEvents = "cloudevents", 100 }},
		{name: "cloudevents of another type", set: func(o *httpsink.Options) { o.Body, o.ContentType = "cloudevents", "application/json" }, want: []string{"content_type: is fixed for CloudEvents"}},
		{name: "batches of forms", set: func(o *httpsink.Options) { o.BatchMaxEvents = 2 }, want: []string{`batch_max_events: body "form" holds one event; use 1, or body = "json"`}},
		{name: "batches of templates", set: func(o *httpsink.Options) { o.Body, o.Template, o.BatchMaxEvents = "template", "{}", 2 }, want: []string{`batch_max_events: body "template" holds one event`}},
		{name: "batches of one form", set: func(o *httpsink.Options) { o.BatchMaxEvents = 1 }},
		{name: "batches with an event's URL", set: func(o *httpsink.Options) { o.URL, o.Body, o.BatchMaxEvents = "https://h/%%lsid%%", "json", 2 }, want: []string{"batch_max_events: a URL with tokens is one event's"}},
		{name: "batch format", set: func(o *httpsink.Options) { o.Body, o.BatchFormat = "json", "lines" }, want: []string{`batch_format: "lines" is unknown; use "array" or "ndjson"`}},
		{name: "lines of JSON", set: func(o *httpsink.Options) { o.Body, o.BatchFormat, o.BatchMaxEvents = "json", "ndjson", 2 }},
		{name: "lines of CloudEvents", set: func(o *httpsink.Options) { o.Body, o.BatchFormat = "cloudevents", "ndjson" }, want: []string{"batch_format: CloudEvents have no batches of lines"}},
		{name: "lines of forms", set: func(o *httpsink.Options) { o.BatchFormat = "ndjson" }, want: []string{`batch_format: body "form" has no lines`}},
		{name: "template", set: func(o *httpsink.Options) {
			o.Body, o.Template = "template", `{"a": "%%name%% %%RequestId%% %%data.x%%", "t": %%timestamp%%}`
		}},
		{name: "template of a file", set: func(o *httpsink.Options) { o.Body, o.TemplateFile = "template", "t.json" }},
		{name: "template missing", set: func(o *httpsink.Options) { o.Body = "template" }, want: []string{"template: is missing; body = \"template\" needs"}},
		{name: "template twice", set: func(o *httpsink.Options) { o.Body, o.Template, o.TemplateFile = "template", "{}", "t.json" }, want: []string{"template: is given more than once"}},
		{name: "template of another body", set: func(o *httpsink.Options) { o.Template = "{}" }, want: []string{`template: body "form" has no template; use body = "template"`}},
		{name: "template file absent", set: func(o *httpsink.Options) { o.Body, o.TemplateFile = "template", "none" }, want: []string{"template_file: open " + dir}},
		{name: "template file too long", set: func(o *httpsink.Options) { o.Body, o.TemplateFile = "template", "long" }, want: []string{"template_file: is longer than 64 KiB"}},
		{name: "template empty", set: func(o *httpsink.Options) { o.Body, o.Template = "template", " \n" }, want: []string{"template: is empty"}},
		{name: "template no UTF-8", set: func(o *httpsink.Options) { o.Body, o.TemplateFile = "template", "latin" }, want: []string{"template_file: is no UTF-8"}},
		{name: "template no JSON", set: func(o *httpsink.Options) { o.Body, o.Template = "template", "{\n\"a\": %%name%%\n" },
			want: []string{"template: line 3, column 1: no JSON: unexpected end of JSON input; name content_type if it is no JSON"}},
		{name: "template that a value could end", set: func(o *httpsink.Options) {
			o.Body, o.ContentType, o.Template = "template", "text/html", "<p class=%%name%%>"
		},
			want: []string{"template: line 1, column 10: %%name%% stands where its value could become more than data; put it into text or an attribute with quotes"}},
		{name: "template of a type nobody knows", set: func(o *httpsink.Options) { o.Body, o.ContentType, o.Template = "template", "text/csv", "%%name%%" },
			want: []string{"content_type: nobody knows how values are made safe in text/csv; use application/json"}},
		{name: "template with an unknown token", set: func(o *httpsink.Options) { o.Body, o.Template = "template", `"%%lisd%%"` },
			want: []string{"warning: template: %%lisd%% is empty unless the input has such a field; did you mean %%lsid%%? known are id, event, "}},
		{name: "tokens in the URL", set: func(o *httpsink.Options) { o.URL = "https://h:8443/a/%%lsid%%/%%survey_x/y?%%?k=%%external_key%%&b=x" }},
		{name: "a token in the host", set: func(o *httpsink.Options) { o.URL = "https://%%site%%.example.com/" }, want: []string{"url: has a token in its scheme or host"}},
		{name: "a token in the port", set: func(o *httpsink.Options) { o.URL = "https://h:%%gsnumber%%/" }, want: []string{"url: has a token in its scheme or host"}},
		{name: "a token in the userinfo", set: func(o *httpsink.Options) { o.URL = "https://u:s3cr3t%%name%%@h/" }, want: []string{"url: has a token in its scheme or host"}},
		{name: "a token as the scheme", set: func(o *httpsink.Options) { o.URL = "%%name%%://h/" }, want: []string{"url: has a token in its scheme or host"}},
		{name: "a token as the URL", set: func(o *httpsink.Options) { o.URL = "%%DownloadSourceUrl%%" }, want: []string{"url: has a token in its scheme or host"}},
		{name: "a token in a name of the query", set: func(o *httpsink.Options) { o.URL = "https://h/?a=1&%%name%%=2" }, want: []string{"url: has a token in its query that is no value"}},
		{name: "a token behind #", set: func(o *httpsink.Options) { o.URL = "https://h/#%%name%%" }, want: []string{"url: has a part behind #"}},
		{name: "an unknown token in the URL", set: func(o *httpsink.Options) { o.URL = "https://h/%%lisd%%" }, want: []string{"warning: url: %%lisd%% is empty unless"}},
		{name: "a percent sign before a token", set: func(o *httpsink.Options) { o.URL = "https://h/%4%%name%%" }, want: []string{"url: is no URL"}},
		{name: "a blank in the query", set: func(o *httpsink.Options) { o.URL = "https://h/?a=b c" }, want: []string{"url: has a blank in its query"}},
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

// What Check found in a template's file is what is sent, and what makes two
// settings differ.
func TestCheckReadsTheTemplate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "t.txt")
	var got string
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got = string(b)
	}))
	t.Cleanup(srv.Close)
	read := func(text string) httpsink.Options {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		o := at(srv.URL)
		o.Body, o.ContentType, o.TemplateFile = "template", "text/plain", file
		if ps := o.Check("/"); len(ps) > 0 {
			t.Fatal(ps)
		}
		return o
	}
	a, b, again := read("a %%lsid%%\n"), read("b %%lsid%%\n"), read("a %%lsid%%\n")
	if !reflect.DeepEqual(a, again) || reflect.DeepEqual(a, b) {
		t.Error("settings differ where the file doesn't, or don't where it does")
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if _, de := deliver(t, newSink(t, a)); de != nil {
		t.Fatal(de)
	}
	if want := "a e9e9c0ffee00000000000000000000ff\n"; got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
	o := httpsink.Defaults("")
	o.URL, o.Body, o.TemplateFile = srv.URL, "template", file
	if _, err := httpsink.New(o); err == nil {
		t.Error("made without its template")
	}
}
