package smtpsink

import (
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"slices"
	"strings"

	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/macro"
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

// addressMax bounds a recipient's addresses, as the vendor's page does.
const addressMax = 10

// templateMax bounds a subject or body template, in bytes.
const templateMax = 64 << 10

// Check finds all that is wrong with the settings.
func (o *Options) Check(string) []option.Problem {
	ps := o.checkAddresses()
	for _, t := range []struct{ key, text string }{{"subject", o.Subject}, {"body", o.Body}} {
		if len(t.text) > templateMax {
			ps = append(ps, option.Problem{Key: t.key, Text: "is longer than 64 KiB"})
			continue
		}
		ps = append(ps, checkTokens(t.key, t.text)...)
	}
	if strings.ContainsAny(o.Subject, "\r\n") {
		ps = append(ps, option.Problem{Key: "subject", Text: "has more than one line"})
	}
	return ps
}

func (o *Options) checkAddresses() []option.Problem {
	const key = "address"
	if len(o.Address) == 0 {
		return []option.Problem{{Key: key, Text: "is missing", Hint: `use one to ten, such as "helpdesk@example.com"`}}
	}
	var ps []option.Problem
	if len(o.Address) > addressMax {
		ps = append(ps, option.Problem{Key: key, Text: fmt.Sprintf("has %d addresses", len(o.Address)), Hint: "use ten at most, or a second recipient"})
	}
	seen := map[string]bool{}
	for i, a := range o.Address {
		switch p, err := parseAddress(a); {
		case err != nil:
			ps = append(ps, option.Problem{Key: key, Item: i + 1, Text: fmt.Sprintf("%q: %v", a, err), Hint: `use one like "helpdesk@example.com"`})
		case p.Name != "":
			ps = append(ps, option.Problem{Key: key, Item: i + 1, Text: fmt.Sprintf("%q has a name in it", a), Hint: fmt.Sprintf("use %q", p.Address)})
		case seen[strings.ToLower(p.Address)]:
			ps = append(ps, option.Problem{Key: key, Item: i + 1, Text: fmt.Sprintf("%q is there twice", a)})
		default:
			seen[strings.ToLower(p.Address)] = true
		}
	}
	return ps
}

// checkTokens warns of tokens that no event may have. It can't refuse them:
// custom fields and the other fields of the input have any name.
func checkTokens(key, text string) []option.Problem {
	var ps []option.Problem
	for _, name := range macro.Compile(text).Unknown() {
		hint := "known are " + strings.Join(macro.Known(), ", ") + ", survey_NAME, and the names of custom fields"
		if near := option.Nearest(strings.ToLower(name), macro.Known()); near != "" {
			hint = fmt.Sprintf("did you mean %%%%%s%%%%? %s", near, hint)
		}
		ps = append(ps, option.Problem{Key: key, Text: fmt.Sprintf("%%%%%s%%%% is empty unless the input has such a field", name), Hint: hint, Warning: true})
	}
	return ps
}

// addressLength bounds an address, in bytes (RFC 5321, 4.5.3.1.3), so that ten
// of them fit a delivery's note.
const addressLength = 254

func parseAddress(s string) (*mail.Address, error) {
	a, err := mail.ParseAddress(s)
	switch {
	case err != nil || !strings.Contains(a.Address, "@"):
		return nil, errors.New("is no mail address")
	case len(a.Address) > addressLength:
		return nil, fmt.Errorf("is longer than %d characters", addressLength)
	case strings.ContainsFunc(a.Address, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '<' || r == '>' }):
		return nil, errors.New("has blanks or control characters in it")
	}
	return a, nil
}

func isHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	return len(s) <= 253 && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r == '.' || r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > 0x7f)
	})
}
