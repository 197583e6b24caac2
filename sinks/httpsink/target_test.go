package httpsink

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/sinks/macro"
)

func TestTarget(t *testing.T) {
	for _, c := range []struct {
		name, url string
		set       func(*bridge.Event)
		want      string // path and query as they are sent
		wantShown string
	}{
		{name: "no tokens: as it stands", url: "https://h/a%2Fb?x=%20y+z;w&s=1", want: "/a%2Fb?x=%20y+z;w&s=1", wantShown: "https://h/a%2Fb?…"},
		{name: "no tokens, and what no path may hold", url: "https://h/a%2Fb|c\"é", want: "/a%2Fb%7Cc%22%C3%A9", wantShown: "https://h/a%2Fb%7Cc%22%C3%A9"},
		{name: "no path", url: "https://h?k=%%external_key%%", want: "/?k=INC%3D10%3BA", wantShown: "https://h?…"},
		{name: "path and query", url: "https://h:81/v1/%%lsid%%/x?k=%%external_key%%&e=%%event%%", want: "/v1/e9e9/x?k=INC%3D10%3BA&e=support_conference_end", wantShown: "https://h:81/v1/%%lsid%%/x?…"},
		{name: "the text around stays", url: "https://h/a%2Fb|%%lsid%%%20é?x=+%20&y=a;%%lsid%%", want: "/a%2Fb%7Ce9e9%20%C3%A9?x=+%20&y=a;e9e9", wantShown: "https://h/a%2Fb%7C%%lsid%%%20%C3%A9?…"},
		{name: "names with what means something in a URL", url: "https://h/%%survey_a/b?c#d%%", set: func(e *bridge.Event) { e.Survey = []bridge.Answer{{Name: "a/b?c#d", Answer: "5"}} }, want: "/5",
			wantShown: "https://h/%%survey_a/b?c#d%%"},
		{name: "a value ends nothing", url: "https://h/p/%%name%%/q?n=%%name%%&z=1", set: func(e *bridge.Event) { e.MemberName = "a/b?c#d&e=f g+é%2F;\r\n\x00\\" },
			want: "/p/a%2Fb%3Fc%23d%26e%3Df%20g%2B%C3%A9%252F%3B%0D%0A%00%5C/q?n=a%2Fb%3Fc%23d%26e%3Df%20g%2B%C3%A9%252F%3B%0D%0A%00%5C&z=1"},
		{name: "dots", url: "https://h/p/%%name%%/q?n=%%name%%", set: func(e *bridge.Event) { e.MemberName = ".." }, want: "/p/%EF%BF%BD%EF%BF%BD/q?n=.."},
		{name: "a dot", url: "https://h/p/%%name%%", set: func(e *bridge.Event) { e.MemberName = "." }, want: "/p/%EF%BF%BD"},
		{name: "dots with the text's", url: "https://h/p/.%%name%%/%2E%%name%%/x.%%name%%", set: func(e *bridge.Event) { e.MemberName = "." }, want: "/p/%EF%BF%BD%EF%BF%BD/%EF%BF%BD%EF%BF%BD/x.."},
		{name: "dots between slashes of a value", url: "https://h/p/%%name%%", set: func(e *bridge.Event) { e.MemberName = `../a/..b/.\..` },
			want: "/p/%EF%BF%BD%EF%BF%BD%2Fa%2F..b%2F%EF%BF%BD%5C%EF%BF%BD%EF%BF%BD"},
		{name: "the text's own dots", url: "https://h/p/./%%lsid%%", want: "/p/./e9e9"},
		{name: "values that are URLs", url: "https://h/%%name%%", set: func(e *bridge.Event) { e.MemberName = "//evil.example.com/" }, want: "/%2F%2Fevil.example.com%2F"},
		{name: "tokens in values", url: "https://h/%%name%%?x=%%name%%", set: func(e *bridge.Event) { e.MemberName = "%%lsid%%" }, want: "/%25%25lsid%25%25?x=%25%25lsid%25%25"},
		{name: "nothing there", url: "https://h/a/%%os%%/b?x=%%nope%%", want: "/a//b?x="},
		{name: "the path begins with nothing", url: "https://h/%%os%%/b", want: "//b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := sample()
			if c.set != nil {
				c.set(&e)
			}
			to, ps := parseTarget(c.url)
			if len(ps) > 0 {
				t.Fatal(ps)
			}
			got, err := to.url(&e, nil)
			if err != nil {
				t.Fatal(err)
			}
			if s := got.RequestURI(); s != c.want {
				t.Errorf("got  %s\nwant %s", s, c.want)
			}
			if got.Scheme != "https" || got.Host != to.fixed.Host {
				t.Errorf("goes to %s://%s", got.Scheme, got.Host)
			}
			if c.wantShown != "" && to.shown != c.wantShown {
				t.Errorf("shown as %s, want %s", to.shown, c.wantShown)
			}
		})
	}
}

// What of a query the configuration says may be a secret, around tokens too.
func TestTargetSecrets(t *testing.T) {
	to, ps := parseTarget("https://h/p?sig=s3cr3t-one&k=s3cr3t-two%%lsid%%s3cr3t-three")
	if len(ps) > 0 {
		t.Fatal(ps)
	}
	hide := newWords(nil, to.secrets, nil)
	e := sample()
	u, err := to.url(&e, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := hide.Text("no "+u.RawQuery, showMax), "no sig=<redacted>&k=<redacted>e9e9<redacted>"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// FuzzTarget: no value leads to another host, path or variable.
func FuzzTarget(f *testing.F) {
	f.Add("..", "a/../b")
	f.Add("?x#y", "&n=2")
	f.Fuzz(func(t *testing.T, path, query string) {
		to, ps := parseTarget("https://h/a/%%name%%/b%%name%%?n=%%external_key%%&m=1")
		if len(ps) > 0 {
			t.Fatal(ps)
		}
		e := bridge.Event{MemberName: path, ExternalKey: query}
		u, err := to.url(&e, nil)
		if err != nil {
			t.Fatal(err)
		}
		again, err := url.Parse(u.String())
		if err != nil {
			t.Fatal(err)
		}
		segments := strings.Split(again.EscapedPath(), "/")
		if again.Host != "h" || len(segments) != 4 || segments[1] != "a" || !strings.HasPrefix(segments[3], "b") {
			t.Errorf("%q leads to %s", path, u)
		}
		if p := again.Query(); len(p) != 2 || !slices.Equal(p["n"], []string{string(macro.Plain.Append(nil, query))}) || p.Get("m") != "1" {
			t.Errorf("%q is read as %v", query, p)
		}
		for _, part := range strings.FieldsFunc(again.Path, func(r rune) bool { return r == '/' || r == '\\' }) {
			if part == "." || part == ".." {
				t.Errorf("%q leads out: %s", path, u)
			}
		}
	})
}
