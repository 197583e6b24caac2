package smtpsink

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/tailpost/tailpost/bridge/option"
)

// Check finds all that is wrong with the settings and reads the files that they
// name, whose relative paths start at dir.
func (o *RelayOptions) Check(dir string) []option.Problem {
	var ps []option.Problem
	say := func(key, text, hint string) {
		ps = append(ps, option.Problem{Key: key, Text: text, Hint: hint})
	}
	switch {
	case o.Host == "":
		say("host", "is missing", `name the mail server, such as "smtp.example.com"`)
	case !isHost(o.Host):
		say("host", fmt.Sprintf("%q is no host name or address", o.Host), "the port has a key of its own, port")
	}
	if o.Port < 1 || o.Port > portMost {
		say("port", fmt.Sprintf("%d is no port", o.Port), "use 1 to 65535; 587 for starttls, 465 for tls")
	}
	if !slices.Contains(securities, o.Security) {
		say("security", fmt.Sprintf("%q is unknown", o.Security), `use "starttls", "tls" or "none"`)
	}
	if !slices.Contains(logins, o.Auth) {
		say("auth", fmt.Sprintf("%q is unknown", o.Auth), `use "auto", "plain", "login", "cram-md5", "xoauth2" or "none"`)
	}
	if o.From == "" {
		say("from", "is missing", `use an address such as "tailpost@example.com"`)
	} else if _, err := parseAddress(o.From); err != nil {
		say("from", fmt.Sprintf("%q: %v", o.From, err), `use "tailpost@example.com" or "Tailpost <tailpost@example.com>"`)
	}
	ps = append(ps, o.TLS.Check(dir)...)
	ps = append(ps, o.OAuth2.Check(dir)...)
	return append(ps, o.checkLogin(dir)...)
}

func (o *RelayOptions) checkLogin(dir string) []option.Problem {
	secret, ps := option.ReadSecret("password", o.Password, o.PasswordFile, o.PasswordEnv, dir)
	o.secret = secret
	given := secret.IsSet() || len(ps) > 0
	tokens := o.usesTokens()
	say := func(key, text, hint string) {
		ps = append(ps, option.Problem{Key: key, Text: text, Hint: hint})
	}
	switch {
	case o.Auth == authNone && o.Username != "":
		say("username", `is never used with auth = "none"`, `use auth = "auto"`)
	case o.Username == "" && (o.Auth == authPlain || o.Auth == authLogin || o.Auth == authCRAMMD5 || o.Auth == authXOAUTH2):
		say("auth", fmt.Sprintf("%q needs a user name", o.Auth), "add username")
	case o.Username == "" && o.OAuth2.IsSet():
		say("oauth2", "has no user name with it", "add username")
	case o.Username == "" && secret.IsSet():
		say("password", "has no user name with it", "add username")
	case o.Username != "" && !tokens && !given:
		say("username", "has no password with it", "add password_file")
	}
	switch {
	case o.Auth == authXOAUTH2 && !o.OAuth2.IsSet():
		say("auth", `"xoauth2" needs to know where tokens come from`, "add [smtp.oauth2] with token_url, client_id and client_secret_file")
	case !tokens && o.OAuth2.IsSet():
		say("oauth2", fmt.Sprintf("is never used with auth = %q", o.Auth), `use auth = "xoauth2"`)
	case tokens && given:
		say("password", "is never used beside oauth2", "leave one of them out")
	}
	return append(ps, o.checkClear(secret.IsSet() || tokens)...)
}

// checkClear looks at a login over a connection that isn't encrypted.
func (o *RelayOptions) checkClear(login bool) []option.Problem {
	const key = "security"
	switch {
	case o.Security != securityNone || option.IsLoopback(o.Host) || !login:
		return nil
	case o.Auth == authCRAMMD5:
		return []option.Problem{{Key: key, Text: `with "none" mails go to another machine unencrypted, and who listens can try out passwords`, Hint: `use "starttls" or "tls"`, Warning: true}}
	}
	return []option.Problem{{Key: key, Text: `with "none" the password or token would go to another machine unencrypted, and is not sent`, Hint: `use "starttls" or "tls", or leave out username`}}
}

func isHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	return len(s) <= 253 && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r == '.' || r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > 0x7f)
	})
}
