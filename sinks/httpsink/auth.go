package httpsink

import (
	"encoding/base64"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/oauth"
)

// Auth are the ways in which a recipient is told who we are: the whole value
// of the Authorization header, a user and a password (basic), or a token from
// elsewhere. One of them at most.
type Auth struct {
	Authorization     option.Secret `toml:"authorization" doc:"the whole value of the Authorization header, such as Bearer and a token"`
	AuthorizationFile string        `toml:"authorization_file"`
	AuthorizationEnv  string        `toml:"authorization_env"`

	Username     string        `toml:"username" doc:"basic authentication; needs a password"`
	Password     option.Secret `toml:"password" doc:"of basic authentication"`
	PasswordFile string        `toml:"password_file"`
	PasswordEnv  string        `toml:"password_env"`

	OAuth2 oauth.Options `toml:"oauth2" doc:"a token by client credentials"`

	secret   option.Secret // the Authorization value, as Check found it
	password option.Secret // likewise
}

// check reads the secrets. inHeaders: headers has an Authorization, too.
func (o *Auth) check(u *url.URL, inHeaders bool, dir string) []option.Problem {
	secret, ps := option.ReadSecret("authorization", o.Authorization, o.AuthorizationFile, o.AuthorizationEnv, dir)
	password, more := option.ReadSecret("password", o.Password, o.PasswordFile, o.PasswordEnv, dir)
	ps = append(ps, more...)
	o.secret, o.password = secret, password
	say := func(key, text, hint string) {
		ps = append(ps, option.Problem{Key: key, Text: text, Hint: hint})
	}
	if !httpguts.ValidHeaderFieldValue(secret.Reveal()) {
		say("authorization", "has characters that no header can have", "")
	}
	if inHeaders && o.authorizationGiven() {
		say("headers", "Authorization is given twice", "use authorization_file alone")
		inHeaders = false
	}
	ps = append(ps, o.checkBasic()...)
	ps = append(ps, o.OAuth2.Check(dir)...)
	var ways []string
	for _, w := range []struct {
		name string
		on   bool
	}{{"headers", inHeaders}, {"authorization", o.authorizationGiven()}, {"username", o.Username != ""}, {oauth.Table, o.OAuth2.IsSet()}} {
		if w.on {
			ways = append(ways, w.name)
		}
	}
	if len(ways) > 1 {
		say(ways[len(ways)-1], "there is "+strings.Join(ways[:len(ways)-1], " and ")+" besides: two ways to say who we are", "use one")
	}
	if len(ways) > 0 && u != nil && u.Scheme == "http" && !option.IsLoopback(u.Hostname()) {
		ps = append(ps, option.Problem{Key: "url", Text: "Authorization goes to another machine unencrypted", Hint: "use https", Warning: true})
	}
	return ps
}

func (o *Auth) authorizationGiven() bool {
	return o.Authorization.IsSet() || o.AuthorizationFile != "" || o.AuthorizationEnv != ""
}

func (o *Auth) checkBasic() []option.Problem {
	given := o.Password.IsSet() || o.PasswordFile != "" || o.PasswordEnv != ""
	switch {
	case o.Username != "" && !given:
		return []option.Problem{{Key: "username", Text: "has no password with it", Hint: "add password_file"}}
	case o.Username == "" && given:
		return []option.Problem{{Key: "password", Text: "has no user name with it", Hint: "add username"}}
	case strings.Contains(o.Username, ":"):
		return []option.Problem{{Key: "username", Text: "has a colon in it, which basic authentication can't carry"}}
	}
	return nil
}

// value gives the Authorization header that is the same in each request;
// empty: there is none.
func (o *Auth) value() string {
	switch {
	case o.Username != "":
		return basic(o.Username, o.password)
	case o.secret.IsSet():
		return o.secret.Reveal()
	}
	return o.Authorization.Reveal()
}

func basic(user string, password option.Secret) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password.Reveal()))
}
