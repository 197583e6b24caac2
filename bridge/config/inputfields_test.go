package config

import (
	"strings"
	"testing"
)

// Where every source's fields are known a token of another name is a mistake;
// where one source's aren't it is worth a warning.
func TestTokens(t *testing.T) {
	const regex = `
[[sources.tail]]
name = "r"
path = "/var/log/r.log"
format = "regex"
pattern = '(?P<timestamp>\d+) (?P<lsid>\w+) (?P<custom_region>\w+) (?P<extra_who>\w+) (?P<survey_rating>\d) (?:(?P<support_conference_end>end)|x)'
custom_fields = ["plan"]
appliance_id = "support.example.com"
`
	recipient := func(url string) string {
		return "[[recipients.http]]\nname='a'\nbody='template'\nurl='http://localhost/" + url + "'\ntemplate='''{\n\"t\": \"%%lsid%% %%Region%% %%custom.region%% %%who%% %%plan%% %%survey_rating%% %%time%% %%TicketNumber%%\"}'''\n"
	}
	c, ps := Parse("t.toml", []byte(recipient("%%regoin%%")+regex))
	got := texts(ps)
	if c != nil || len(got) != 2 ||
		!strings.HasPrefix(got[0], "t.toml:4:1: url: %%regoin%% is no field that an event can have; did you mean %%region%%? known are id, event, ") ||
		!strings.HasPrefix(got[1], "t.toml:5:1: template: %%TicketNumber%% is no field that an event can have; known are id, event, ") ||
		!strings.Contains(got[1], ", time, lsid, plan, region, survey_rating, timestamp, who, source.name") {
		t.Errorf("got\n\t%s", strings.Join(got, "\n\t"))
	}
	c, ps = Parse("t.toml", []byte("[smtp]\nhost='localhost'\nfrom='t@example.com'\n[[recipients.email]]\nname='m'\naddress='a@example.com'\nsubject='%%region%% %%regoin%%'\n"+regex))
	got = texts(ps)
	if c != nil || len(got) != 1 || !strings.HasPrefix(got[0], "t.toml:7:1: subject: %%regoin%% is no field that an event can have; did you mean %%region%%? ") {
		t.Errorf("got\n\t%s", strings.Join(got, "\n\t"))
	}
	c, ps = Parse("t.toml", []byte(recipient("%%regoin%%")+regex+rest))
	got = texts(ps)
	if c == nil || len(got) != 1 || !strings.HasPrefix(got[0], "t.toml:4:1: warning: url: %%regoin%% is empty unless the input has such a field; did you mean %%region%%? known are id, ") {
		t.Fatalf("got\n\t%s", strings.Join(got, "\n\t"))
	}
	if c.HTTP[0].Sink.Fields != nil {
		t.Error("the sources' fields are a part of the recipient's settings")
	}
}

func TestTemplateIsCheckedWhenLoaded(t *testing.T) {
	write(t, map[string]string{
		"main.toml": "[[recipients.http]]\nname='a'\nurl='http://localhost/'\nbody='template'\ntemplate_file='t.json'\n" + rest,
		"t.json":    "{\n  \"a\": \"%%name%%\",\n  \"b\": 1%%gsnumber%%\n}\n",
	})
	c, ps := Load("main.toml")
	if got := texts(ps); c != nil || len(got) != 1 || !strings.HasPrefix(got[0], "main.toml:5:1: template_file: line 3, column 9: no JSON: ") {
		t.Errorf("got %q", got)
	}
}
