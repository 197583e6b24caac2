package smtpsink

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/tailpost/tailpost/bridge/option"
)

// Check finds all that is wrong with the settings, makes ca_file absolute
// against dir and reads the password.
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
	if o.Port < 1 || o.Port > 65535 {
		say("port", fmt.Sprintf("%d is no port", o.Port), "use 1 to 65535; 587 for starttls, 465 for tls")
	}
	if !slices.Contains([]string{securityStartTLS, securityTLS, securityNone}, o.Security) {
		say("security", fmt.Sprintf("%q is unknown", o.Security), `use "starttls", "tls" or "none"`)
	}
	if !slices.Contains([]string{authAuto, authPlain, authLogin, authNone}, o.Auth) {
		say("auth", fmt.Sprintf("%q is unknown", o.Auth), `use "auto", "plain", "login" or "none"`)
	}
	if o.From == "" {
		say("from", "is missing", `use an address such as "tailpost@example.com"`)
	} else if _, err := parseAddress(o.From); err != nil {
		say("from", fmt.Sprintf("%q: %v", o.From, err), `use "tailpost@example.com" or "Tailpost <tailpost@example.com>"`)
	}
	if o.CAFile != "" {
		o.CAFile = option.AbsPath(o.CAFile, dir)
		if _, err := option.ReadRoots(o.CAFile); err != nil {
			say("ca_file", err.Error(), "")
		}
	}
	return append(ps, o.checkLogin(dir)...)
}

func (o *RelayOptions) checkLogin(dir string) []option.Problem {
	secret, ps := option.ReadSecret("password", o.Password, o.PasswordFile, o.PasswordEnv, dir)
	o.secret = secret
	given := secret.IsSet() || len(ps) > 0
	say := func(key, text, hint string) {
		ps = append(ps, option.Problem{Key: key, Text: text, Hint: hint})
	}
	switch {
	case o.Username != "" && !given && o.Auth != authNone:
		say("username", "has no password with it", "add password_file")
	case o.Username == "" && secret.IsSet():
		say("password", "has no user name with it", "add username")
	case o.Username == "" && (o.Auth == authPlain || o.Auth == authLogin):
		say("auth", fmt.Sprintf("%q needs a user name", o.Auth), "add username and password_file")
	case o.Auth == authNone && o.Username != "":
		say("username", `is never used with auth = "none"`, `use auth = "auto"`)
	}
	if secret.IsSet() && o.Security == securityNone && !option.IsLoopback(o.Host) {
		say("security", `with "none" the password would go to another machine unencrypted, and is not sent`, `use "starttls" or "tls", or leave out username`)
	}
	return ps
}

func isHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	return len(s) <= 253 && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r == '.' || r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > 0x7f)
	})
}
