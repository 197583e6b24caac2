package oauth

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tailpost/tailpost/bridge/option"
)

// Options are the settings of the table oauth2. Their zero value: there is
// none.
type Options struct {
	TokenURL string `toml:"token_url" doc:"where tokens are fetched by client credentials"`
	ClientID string `toml:"client_id" doc:"the client's name there"`

	// The client's secret, given in one of three ways.
	ClientSecret     option.Secret `toml:"client_secret" doc:"the client's secret"`
	ClientSecretFile string        `toml:"client_secret_file"`
	ClientSecretEnv  string        `toml:"client_secret_env"`

	Scopes     option.List       `toml:"scopes" doc:"what is asked for"`
	ClientAuth string            `toml:"client_auth" doc:"how the client names itself: in the Authorization header, or in the body; empty: basic"`
	Params     map[string]string `toml:"params" doc:"further parameters of the request, such as audience"`

	Timeout   time.Duration `toml:"-"` // of a fetch; 0: 15 s
	UserAgent string        `toml:"-"` // "": "tailpost"

	secret option.Secret // the client's, as Check found it
}

// Table is the table's name, with which the keys in Check's problems begin.
const Table = "oauth2"

// The two ways in which a client says who it is.
const (
	authBasic = "basic"
	authPost  = "post"
)

const defaultTimeout = 15 * time.Second

var auths = []string{authBasic, authPost}

// Limits gives what the keys take.
func (*Options) Limits() option.Limits {
	return option.Limits{
		"token_url":   option.OrNone(option.WebURL()),
		"client_auth": option.OrNone(option.OneOf(auths...)),
	}
}

// IsSet reports whether anything is set.
func (o *Options) IsSet() bool {
	return o.TokenURL != "" || o.ClientID != "" || o.secretGiven() || len(o.Scopes) > 0 || o.ClientAuth != "" || len(o.Params) > 0
}

func (o *Options) secretGiven() bool {
	return o.ClientSecret.IsSet() || o.ClientSecretFile != "" || o.ClientSecretEnv != ""
}

// Check finds all that is wrong with settings that are set, and reads the
// secret; a relative client_secret_file is looked for in dir. With nothing set
// nothing is wrong.
func (o *Options) Check(dir string) []option.Problem {
	o.secret = option.Secret{}
	if !o.IsSet() {
		return nil
	}
	secret, ps := option.ReadSecret("client_secret", o.ClientSecret, o.ClientSecretFile, o.ClientSecretEnv, dir)
	o.secret = secret
	say := func(key, text, hint string) {
		ps = append(ps, option.Problem{Key: key, Text: text, Hint: hint})
	}
	_, bad := parseTokenURL(o.TokenURL)
	ps = append(ps, bad...)
	if o.ClientID == "" {
		say("client_id", "is missing", "")
	}
	if !o.secretGiven() {
		say("client_secret_file", "is missing", "")
	}
	if o.ClientAuth != "" && !slices.Contains(auths, o.ClientAuth) {
		say("client_auth", fmt.Sprintf("%q is unknown", o.ClientAuth), `use "basic" or "post"`)
	}
	for _, name := range []string{"grant_type", "scope", "client_id", "client_secret"} {
		if _, ok := o.Params[name]; ok {
			say("params", name+" can't be set here", "it has a key of its own, or is ours to say")
		}
	}
	for i := range ps {
		ps[i].Key = Table + "." + ps[i].Key
	}
	return ps
}

// parseTokenURL takes the URL apart. Its messages don't repeat it.
func parseTokenURL(s string) (*url.URL, []option.Problem) {
	const key, like = "token_url", `use one like "https://login.example.com/oauth2/token"`
	if s == "" {
		return nil, []option.Problem{{Key: key, Text: "is missing", Hint: like}}
	}
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return nil, []option.Problem{{Key: key, Text: "is no URL", Hint: like}}
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, []option.Problem{{Key: key, Text: "is no URL with http:// or https:// and a host", Hint: like}}
	case u.User != nil:
		return nil, []option.Problem{{Key: key, Text: "has a user name or password in it", Hint: "use client_id and client_secret_file"}}
	case u.Fragment != "" || strings.HasSuffix(s, "#"):
		return nil, []option.Problem{{Key: key, Text: "has a part behind #, which is never sent", Hint: "leave it out"}}
	case u.Scheme == "http" && !option.IsLoopback(u.Hostname()):
		return u, []option.Problem{{Key: key, Text: "the client's secret goes to another machine unencrypted", Hint: "use https", Warning: true}}
	}
	return u, nil
}
