package oauth_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/oauth"
)

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(*oauth.Options)
		want []string
	}{
		{name: "nothing wrong", set: func(o *oauth.Options) {}},
		{name: "nothing set", set: func(o *oauth.Options) { *o = oauth.Options{} }},
		{name: "one thing set", set: func(o *oauth.Options) { *o = oauth.Options{Scopes: option.List{"x"}} },
			want: []string{"oauth2.token_url: is missing", "oauth2.client_id: is missing", "oauth2.client_secret_file: is missing"}},
		{name: "userinfo", set: func(o *oauth.Options) { o.TokenURL = "https://u:s3cr3t@h/" }, want: []string{"oauth2.token_url: has a user name"}},
		{name: "no URL", set: func(o *oauth.Options) { o.TokenURL = "https://a b:s3cr3t/" }, want: []string{"oauth2.token_url: is no URL"}},
		{name: "another scheme", set: func(o *oauth.Options) { o.TokenURL = "ftp://h/" }, want: []string{"oauth2.token_url: is no URL with"}},
		{name: "fragment", set: func(o *oauth.Options) { o.TokenURL += "#x" }, want: []string{"oauth2.token_url: has a part behind #"}},
		{name: "unencrypted", set: func(o *oauth.Options) { o.TokenURL = "http://h/" }, want: []string{"warning: oauth2.token_url: the client's secret"}},
		{name: "unencrypted to this machine", set: func(o *oauth.Options) { o.TokenURL = "http://127.0.0.1:8080/" }},
		{name: "no such variable", set: func(o *oauth.Options) { o.ClientSecretEnv = "TAILPOST_TEST_NONE" }, want: []string{"oauth2.client_secret_env: "}},
		{name: "inline", set: func(o *oauth.Options) { o.ClientSecretEnv, o.ClientSecret = "", option.NewSecret("s3cr3t") },
			want: []string{"warning: oauth2.client_secret: a secret stands in this file"}},
		{name: "client_auth", set: func(o *oauth.Options) { o.ClientAuth = "jwt" }, want: []string{`oauth2.client_auth: "jwt" is unknown`}},
		{name: "params", set: func(o *oauth.Options) { o.Params = map[string]string{"scope": "x"} }, want: []string{"oauth2.params: scope can't be set here"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("TAILPOST_TEST_SECRET", "s3cr3t")
			o := oauth.Options{TokenURL: "https://h/token", ClientID: "a", ClientSecretEnv: "TAILPOST_TEST_SECRET"}
			c.set(&o)
			var got []string
			for _, p := range o.Check(t.TempDir()) {
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
