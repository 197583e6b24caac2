package config

import (
	"reflect"
	"testing"

	"github.com/tailpost/tailpost/sinks/smtpsink"
)

const aRelay = "[smtp]\nhost='localhost'\nfrom='t@example.com'\n"

func TestTextsOfSingleEvents(t *testing.T) {
	const end, begin = "support_conference_end", "support_conference_begin"
	c, ps := Parse("t.toml", []byte(aRelay+`
[defaults.email]
address = "a@example.com"
events = "*"
[defaults.email.message.`+begin+`]
subject = "started"
[[recipients.email]]
name = "own"
[recipients.email.message.`+end+`]
subject = "ended"
html = "<b>ended</b>"
[recipients.email.message."log.in"]
body = "hello"
[[recipients.email]]
name = "inherits"
[[recipients.email]]
name = "inline"
message = { `+begin+` = { body = "b" } }
`+rest))
	wantProblems(t, ps)
	if c == nil {
		t.Fatal("no Config")
	}
	want := []map[string]smtpsink.Texts{
		{end: {Subject: "ended", HTML: "<b>ended</b>"}, "log.in": {Body: "hello"}},
		{begin: {Subject: "started"}},
		{begin: {Body: "b"}},
	}
	for i, r := range c.Email {
		if !reflect.DeepEqual(r.Sink.Message, want[i]) {
			t.Errorf("%s: got %+v, want %+v", r.Name, r.Sink.Message, want[i])
		}
	}
}

func TestProblemsOfTextsOfSingleEvents(t *testing.T) {
	const head = aRelay + "[[recipients.email]]\nname='a'\naddress='a@example.com'\n" // six lines
	for _, tc := range []ruleTest{
		{name: "a name that is none", text: head + "[recipients.email.message.support_conference_ended]\nsubject='x'\n", want: []string{
			`t.toml:7:1: message.support_conference_ended: "support_conference_ended" is no session event; did you mean "support_conference_end"?`,
			`t.toml:7:1: warning: message.support_conference_ended: is never used: events doesn't name it`}},
		{name: "an unknown key", text: head + "[recipients.email.message.support_conference_end]\nsubjekt='x'\nbody='x'\n", want: []string{
			`t.toml:8:1: subjekt: unknown key; did you mean "subject"?`}},
		{name: "another type", text: head + "[recipients.email.message.support_conference_end]\nsubject=5\n", want: []string{
			`t.toml:8:1: subject: is a number, not text; write "5"`}},
		{name: "no table", text: head + "message='x'\n", want: []string{
			"t.toml:7:1: recipients.email.message: is text, not a table; write [recipients.email.message]"}},
		{name: "no table of an event", text: head + "[recipients.email.message]\nsupport_conference_end='x'\n", want: []string{
			"t.toml:8:1: recipients.email.message.support_conference_end: is text, not a table; write [recipients.email.message.support_conference_end]"}},
		{name: "a template at its place", text: head + "[recipients.email.message.support_conference_end]\nbody='x'\nsubject=\"a\\nb\"\n", want: []string{
			"t.toml:9:1: message.support_conference_end.subject: has more than one line"}},
		{name: "a name with a dot", text: head + "events=['log.in']\n[recipients.email.message.'log.in']\nbody='x'\nsubject=\"a\\nb\"\n", want: []string{
			"t.toml:10:1: message.log.in.subject: has more than one line"}},
		{name: "not among the events", text: head + "[recipients.email.message.login]\nbody='x'\n", want: []string{
			"t.toml:7:1: warning: message.login: is never used: events doesn't name it"}},
		{name: "in the defaults", text: "[defaults.email.message.support_conference_end]\nsubject=\"a\\nb\"\n" + head, want: []string{
			"t.toml:2:1: message.support_conference_end.subject: has more than one line"}},
	} {
		t.Run(tc.name, tc.run)
	}
}
