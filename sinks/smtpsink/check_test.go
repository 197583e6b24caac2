package smtpsink_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/oauth"
	"github.com/tailpost/tailpost/sinks/smtpsink"
)

func problems(t *testing.T, ps []option.Problem) []string {
	t.Helper()
	var out []string
	for _, p := range ps {
		s := p.String()
		if p.Warning {
			s = "warning: " + s
		}
		if strings.Contains(s, "s3cr3t") {
			t.Errorf("a secret is shown: %s", s)
		}
		out = append(out, s)
	}
	return out
}

func expect(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestCheckRelay(t *testing.T) {
	secret := option.NewSecret("s3cr3t")
	password := writeFile(t, "password", []byte("s3cr3t\n"))
	tokens := oauth.Options{TokenURL: "https://login.example.com/token", ClientID: "id", ClientSecretFile: password}
	for _, c := range []struct {
		name string
		set  func(*smtpsink.RelayOptions)
		want []string
	}{
		{name: "nothing wrong", set: func(*smtpsink.RelayOptions) {}},
		{name: "a name in from", set: func(o *smtpsink.RelayOptions) { o.From = "Tailpost <t@example.com>" }},
		{name: "all at once", set: func(o *smtpsink.RelayOptions) { *o = smtpsink.RelayOptions{Auth: "ntlm"} },
			want: []string{"host: is missing", "port: 0 is no port", `security: "" is unknown`, `auth: "ntlm" is unknown`, "from: is missing"}},
		{name: "tokens", set: func(o *smtpsink.RelayOptions) { o.Username, o.Auth, o.OAuth2 = "u", "xoauth2", tokens }},
		{name: "tokens by themselves", set: func(o *smtpsink.RelayOptions) { o.Username, o.OAuth2 = "u", tokens }},
		{name: "tokens from nowhere", set: func(o *smtpsink.RelayOptions) { o.Username, o.Auth = "u", "xoauth2" }, want: []string{`auth: "xoauth2" needs to know where tokens come from`}},
		{name: "tokens of nobody", set: func(o *smtpsink.RelayOptions) { o.OAuth2 = tokens }, want: []string{"oauth2: has no user name"}},
		{name: "tokens never used", set: func(o *smtpsink.RelayOptions) {
			o.Username, o.PasswordFile, o.Auth, o.OAuth2 = "u", password, "plain", tokens
		}, want: []string{`oauth2: is never used with auth = "plain"`}},
		{name: "tokens and a password", set: func(o *smtpsink.RelayOptions) { o.Username, o.PasswordFile, o.OAuth2 = "u", password, tokens },
			want: []string{"password: is never used beside oauth2"}},
		{name: "tokens in the clear", set: func(o *smtpsink.RelayOptions) { o.Security, o.Username, o.OAuth2 = "none", "u", tokens },
			want: []string{`security: with "none" the password or token`}},
		{name: "half of where tokens come from", set: func(o *smtpsink.RelayOptions) { o.Username, o.OAuth2.TokenURL = "u", "https://login.example.com/" },
			want: []string{"oauth2.client_id: is missing", "oauth2.client_secret_file: is missing"}},
		{name: "cram-md5", set: func(o *smtpsink.RelayOptions) { o.Username, o.PasswordFile, o.Auth = "u", password, "cram-md5" }},
		{name: "cram-md5 in the clear", set: func(o *smtpsink.RelayOptions) {
			o.Security, o.Username, o.PasswordFile, o.Auth = "none", "u", password, "cram-md5"
		}, want: []string{`warning: security: with "none" mails go`}},
		{name: "server_name", set: func(o *smtpsink.RelayOptions) { o.ServerName = "a:b" }, want: []string{"server_name: "}},
		{name: "a port in host", set: func(o *smtpsink.RelayOptions) { o.Host = "smtp.example.com:25" }, want: []string{"host: "}},
		{name: "an IPv6 host", set: func(o *smtpsink.RelayOptions) { o.Host = "2001:db8::1" }},
		{name: "line end in from", set: func(o *smtpsink.RelayOptions) { o.From = "a@example.com\r\nBcc: b@example.com" }, want: []string{"from: "}},
		{name: "no address", set: func(o *smtpsink.RelayOptions) { o.From = "tailpost" }, want: []string{"from: "}},
		{name: "ca_file", set: func(o *smtpsink.RelayOptions) { o.CAFile = "/nonexistent/ca.pem" }, want: []string{"ca_file: open"}},
		{name: "login", set: func(o *smtpsink.RelayOptions) { o.Username, o.PasswordFile = "u", password }},
		{name: "no password", set: func(o *smtpsink.RelayOptions) { o.Username = "u" }, want: []string{"username: has no password"}},
		{name: "no user", set: func(o *smtpsink.RelayOptions) { o.PasswordFile = password }, want: []string{"password: has no user name"}},
		{name: "password file absent", set: func(o *smtpsink.RelayOptions) { o.Username, o.PasswordFile = "u", "/nonexistent/p" }, want: []string{"password_file: "}},
		{name: "password here", set: func(o *smtpsink.RelayOptions) { o.Username, o.Password = "u", secret }, want: []string{"warning: password: a secret"}},
		{name: "plain without user", set: func(o *smtpsink.RelayOptions) { o.Auth = "plain" }, want: []string{`auth: "plain" needs`}},
		{name: "none with user", set: func(o *smtpsink.RelayOptions) { o.Auth, o.Username, o.PasswordFile = "none", "u", password }, want: []string{"username: is never used"}},
		{name: "in the clear", set: func(o *smtpsink.RelayOptions) { o.Security, o.Username, o.PasswordFile = "none", "u", password }, want: []string{`security: with "none" the password`}},
		{name: "in the clear on this machine", set: func(o *smtpsink.RelayOptions) {
			o.Host, o.Security, o.Username, o.PasswordFile = "localhost", "none", "u", password
		}},
		{name: "in the clear without a password", set: func(o *smtpsink.RelayOptions) { o.Security = "none" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := smtpsink.RelayDefaults()
			o.Host, o.From = "smtp.example.com", "tailpost@example.com"
			c.set(&o)
			expect(t, problems(t, o.Check(t.TempDir())), c.want)
			if s := fmt.Sprintf("%v %+v", o, o); strings.Contains(s, "s3cr3t") {
				t.Errorf("a secret is shown: %s", s)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	var eleven option.List
	for i := range 11 {
		eleven = append(eleven, fmt.Sprintf("a%d@example.com", i))
	}
	for _, c := range []struct {
		name string
		o    smtpsink.Options
		want []string
	}{
		{name: "ten", o: smtpsink.Options{Address: eleven[:10]}},
		{name: "none", want: []string{"address: is missing"}},
		{name: "eleven", o: smtpsink.Options{Address: eleven}, want: []string{"address: has 11 addresses; use ten at most"}},
		{name: "no addresses", o: smtpsink.Options{Address: option.List{"a", "b@", "c@example.com\r\nRCPT TO:<x@example.com>"}},
			want: []string{`address: "a"`, `address: "b@"`, `address: "c@`}},
		{name: "a name", o: smtpsink.Options{Address: option.List{"A <a@example.com>"}}, want: []string{`address: "A <a@example.com>" has a name in it; use "a@example.com"`}},
		{name: "twice", o: smtpsink.Options{Address: option.List{"a@example.com", "A@Example.com"}}, want: []string{`address: "A@Example.com" is there twice`}},
		{name: "too long", o: smtpsink.Options{Address: option.List{strings.Repeat("a", 250) + "@b.example"}}, want: []string{"address: "}},
		{name: "tokens", o: smtpsink.Options{Address: eleven[:1], Subject: "%%LSID%% %%survey_x%% %%time%%", Body: "%%external_key%% 100%%"}},
		{name: "unknown tokens", o: smtpsink.Options{Address: eleven[:1], Subject: "%%external_keys%%", Body: "%%zzz%%"},
			want: []string{"warning: subject: %%external_keys%% is empty unless the input has such a field; did you mean %%external_key%%? known are id, event,", "warning: body: %%zzz%% is empty unless the input has such a field; known are"}},
		{name: "two lines", o: smtpsink.Options{Address: eleven[:1], Subject: "a\nb"}, want: []string{"subject: has more than one line"}},
		{name: "reply to", o: smtpsink.Options{Address: eleven[:1], ReplyTo: "Desk <desk@example.com>"}},
		{name: "reply to nobody", o: smtpsink.Options{Address: eleven[:1], ReplyTo: "desk"}, want: []string{`reply_to: "desk": is no mail address; use`}},
		{name: "reply to two lines", o: smtpsink.Options{Address: eleven[:1], ReplyTo: "a@example.com\r\nBcc: b@example.com"}, want: []string{`reply_to: "a@`}},
		{name: "html where no value is safe", o: smtpsink.Options{Address: eleven[:1], HTML: "<script>%%lsid%%</script>"}, want: []string{"html: line 1, column 9: %%lsid%% stands in a script"}},
		{name: "unknown token in html", o: smtpsink.Options{Address: eleven[:1], HTML: "<b>%%lsit%%</b>"},
			want: []string{"warning: html: %%lsit%% is empty unless the input has such a field; did you mean %%lsid%%?"}},
		{name: "texts of events", o: smtpsink.Options{Address: eleven[:1], Message: map[string]smtpsink.Texts{
			"support_conference_end": {Subject: "x"}, "login": {HTML: "x"},
		}}},
		{name: "texts of events that are none", o: smtpsink.Options{Address: eleven[:1], Message: map[string]smtpsink.Texts{
			"support_conference_bgin": {Subject: "x"}, "support_conference_of_nothing_known": {Subject: "x"}, "": {Subject: "x"}, "a\x1b": {Subject: "x"}, strings.Repeat("a", 129): {Subject: "x"},
		}}, want: []string{`message: "" is no event's name`, `message: "a\x1b" is no event's name`, `message: "aaa`,
			`message.support_conference_bgin: "support_conference_bgin" is no session event; did you mean "support_conference_begin"?`,
			`message.support_conference_of_nothing_known: "support_conference_of_nothing_known" is no session event; known are support_conference_begin,`}},
		{name: "texts of an event without any", o: smtpsink.Options{Address: eleven[:1], Message: map[string]smtpsink.Texts{"login": {}}},
			want: []string{"message.login: is empty; add subject, body or html"}},
		{name: "wrong texts of an event", o: smtpsink.Options{Address: eleven[:1], Message: map[string]smtpsink.Texts{
			"login": {Subject: "a\r\nb", Body: "%%lsit%%", HTML: strings.Repeat("a", 64<<10+1)},
		}}, want: []string{"warning: message.login.body: %%lsit%%", "message.login.html: is longer than 64 KiB", "message.login.subject: has more than one line"}},
		{name: "digests", o: smtpsink.Options{Address: eleven[:1], DigestWindow: smtpsink.Window(24 * time.Hour), DigestMax: 1000}},
		{name: "digests at once", o: smtpsink.Options{Address: eleven[:1], DigestWindow: smtpsink.Window(time.Millisecond), DigestMax: 1},
			want: []string{"digest_window: 1ms is out of range; use 1s to 1d", "digest_max: 1 is out of range; use 2 to 1000"}},
		{name: "digests of a week", o: smtpsink.Options{Address: eleven[:1], DigestWindow: smtpsink.Window(7 * 24 * time.Hour), DigestMax: 1001},
			want: []string{"digest_window: 7d is out of range", "digest_max: 1001 is out of range"}},
		{name: "a long body", o: smtpsink.Options{Address: eleven[:1], Body: strings.Repeat("a", 1<<20)}, want: []string{"body: is longer than 64 KiB"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.o.DigestMax == 0 {
				c.o.DigestMax = smtpsink.Defaults().DigestMax
			}
			expect(t, problems(t, c.o.Check(".")), c.want)
		})
	}
}

func TestNewRefuses(t *testing.T) {
	if _, err := smtpsink.New(nil, smtpsink.Options{Address: option.List{"a@example.com"}}); err == nil {
		t.Error("a sink without a mail server")
	}
	relay, err := smtpsink.NewRelay(smtpsink.RelayOptions{Host: "h", From: "a@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := smtpsink.New(relay, smtpsink.Options{}); err == nil {
		t.Error("a sink without an address")
	}
	if _, err := smtpsink.NewRelay(smtpsink.RelayOptions{Host: "h", From: "x"}); err == nil {
		t.Error("a relay without a sender")
	}
}
