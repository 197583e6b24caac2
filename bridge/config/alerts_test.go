package config

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge/alert"
	"github.com/tailpost/tailpost/bridge/option"
)

func TestAlertKeys(t *testing.T) {
	const relay = "[smtp]\nhost='smtp.example.com'\nfrom='t@example.com'\n"
	const http = "[[recipients.http]]\nname='a'\nurl='http://localhost/'\n"
	for _, tc := range []ruleTest{
		{name: "all of them", text: relay + "[alerts]\nemail_contact='a@example.com, b@example.com'\nresend_email_alerts='2h'\nalert_url='https://example.com/x?y=z'\n" +
			http + "email_contact=['a@example.com']\nsend_email_alert_after='5m'\nresend_email_alerts='2h'\nalert_url='http://localhost:1/'\n"},
		{name: "a URL needs no relay", text: http + "alert_url='https://example.com/'\n[alerts]\nalert_url='https://example.com/'\n"},
		{name: "contacts without a relay", text: "[alerts]\nemail_contact='a@example.com'\n" + http + "email_contact='a@example.com'\n", want: []string{
			`t.toml:2:1: email_contact: there is no mail relay; add [smtp] with host and from`,
			`t.toml:6:1: email_contact: there is no mail relay; add [smtp] with host and from`}},
		{name: "a default contact without a relay", text: "[defaults.http]\nemail_contact='a@example.com'\n" + http, want: []string{
			`t.toml:2:1: email_contact: there is no mail relay; add [smtp] with host and from`}},
		{name: "what is wrong with them", text: relay + http + "email_contact=['a@example.com', 'nobody', 'A@example.com', 'B <b@example.com>']\nsend_email_alert_after='0s'\nresend_email_alerts='10ms'\nalert_url='mailto:a@example.com'\n", want: []string{
			`t.toml:7:33: email_contact: "nobody": is no mail address; use one like "helpdesk@example.com"`,
			`t.toml:7:43: email_contact: "A@example.com" is there twice`,
			`t.toml:7:60: email_contact: "B <b@example.com>" has a name in it; use "b@example.com"`,
			`t.toml:8:1: send_email_alert_after: 0s is too short; use at least 1s`,
			`t.toml:9:1: resend_email_alerts: 10ms is too short; use at least 1s`,
			`t.toml:10:1: alert_url: is neither http:// nor https://; use one like "https://example.com/alerts"`}},
		{name: "eleven contacts", text: relay + "[alerts]\nemail_contact='a@x.de b@x.de c@x.de d@x.de e@x.de f@x.de g@x.de h@x.de i@x.de j@x.de k@x.de'\n", want: []string{
			`t.toml:5:1: email_contact: has 11 addresses; use ten at most, or the address of a list`}},
		{name: "URLs that are none, and one that is not safe", text: "[alerts]\nalert_url='https://user:pw@example.com/'\n" + http + "alert_url='http://example.com/secret'\n[[recipients.http]]\nname='b'\nurl='http://localhost/'\nalert_url='http:///x'\n", want: []string{
			`t.toml:2:1: alert_url: has a user name or password in it; a secret path or query does the same`,
			`t.toml:6:1: warning: alert_url: alerts go to another machine unencrypted; use https`,
			`t.toml:10:1: alert_url: has no host; use one like "https://example.com/alerts"`}},
		{name: "a silence that is too short", text: "[[sources.drop]]\nname='d'\ndir='in'\nformat='json'\nappliance_id='a'\nsilent_after='1ms'\n", want: []string{
			`t.toml:6:1: silent_after: 1ms is too short; use at least 1s, or leave it out`}},
		{name: "alerts have no other keys", text: "[alerts]\nsend_email_alert_after='5m'\n", want: []string{
			`t.toml:2:1: send_email_alert_after: unknown key; known here: email_contact, resend_email_alerts, alert_url`}},
	} {
		t.Run(tc.name, tc.run)
	}
}

// TestWhoIsTold: each recipient has its own policy, over that of the defaults,
// and each source its silence.
func TestWhoIsTold(t *testing.T) {
	c, ps := Parse("t.toml", []byte(`
[smtp]
host = "smtp.example.com"
from = "t@example.com"
[defaults.http]
email_contact = "all@example.com"
[[recipients.http]]
name = "own"
url = "http://localhost/"
email_contact = "own@example.com"
send_email_alert_after = "1m"
[[recipients.http]]
name = "none"
url = "http://localhost/"
email_contact = ""
[[recipients.http]]
name = "default"
url = "http://localhost/"
[[sources.drop]]
name = "quiet"
dir = "in"
format = "json"
appliance_id = "a"
silent_after = "2h"
`+rest))
	wantProblems(t, ps)
	if c == nil {
		t.Fatal("no Config")
	}
	want := map[string]alert.Policy{"the file": alert.Defaults(), "own": alert.Defaults(), "none": alert.Defaults(), "default": alert.Defaults()}
	set := func(name string, f func(*alert.Policy)) {
		p := want[name]
		f(&p)
		want[name] = p
	}
	set("own", func(p *alert.Policy) {
		p.EmailContact, p.SendAfter = option.List{"own@example.com"}, option.Duration(time.Minute)
	})
	set("none", func(p *alert.Policy) { p.EmailContact = option.List{} })
	set("default", func(p *alert.Policy) { p.EmailContact = option.List{"all@example.com"} })
	if got := c.AlertPolicies(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if got := c.SilentAfter(); got["quiet"] != 2*time.Hour || got["the source"] != 0 || len(got) != 2 {
		t.Errorf("silent_after: %v", got)
	}
}

// TestAlertsReplaceNobody: who is told is no reason to replace who delivers.
func TestAlertsReplaceNobody(t *testing.T) {
	const text = "[smtp]\nhost='localhost'\nfrom='t@example.com'\n[[recipients.http]]\nname='a'\nurl='http://localhost/'\n"
	was, _ := Parse("t.toml", []byte(text+rest))
	is, _ := Parse("t.toml", []byte(text+"email_contact='a@example.com'\n"+strings.Replace(rest, "[[sources.tail]]", "[[sources.tail]]\nsilent_after='1h'", 1)))
	if was == nil || is == nil {
		t.Fatal("no Config")
	}
	if !was.Recipients()[0].Same(is.Recipients()[0]) {
		t.Error("a contact makes another recipient of it")
	}
	if !was.Sources()[0].Same(is.Sources()[0]) {
		t.Error("silent_after makes another source of it")
	}
}
