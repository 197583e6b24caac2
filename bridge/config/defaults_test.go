package config

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge/dispatch"
	"github.com/tailpost/tailpost/bridge/option"
)

func TestProfileThenDefaultsThenOwnKeys(t *testing.T) {
	c, ps := Parse("t.toml", []byte(`
[defaults.http]
retry_interval = "10s"
timeout = "5s"
events = "support_conference_end"
headers = { A = "default", B = "default" }
[[recipients.http]]
name = "plain"
url = "http://localhost/1"
[[recipients.http]]
name = "appliance"
url = "http://localhost/2"
profile = "appliance"
timeout = "2s"
headers = { A = "own" }
[[recipients.http]]
name = "own keys win over the profile"
url = "http://localhost/3"
profile = "appliance"
order = "none"
success = "2xx"
`+rest))
	wantProblems(t, ps)
	if c == nil {
		t.Fatal("no Config")
	}
	plain, appliance, own := c.HTTP[0], c.HTTP[1], c.HTTP[2]
	seconds := func(n int) option.Duration { return option.Duration(time.Duration(n) * time.Second) }
	if plain.Policy.RetryInterval != seconds(10) || plain.Sink.Timeout != seconds(5) || plain.Policy.Order != dispatch.Session ||
		!slices.Equal(plain.Policy.Events, option.List{"support_conference_end"}) || !slices.Equal(plain.Sink.Success, option.List{"2xx"}) {
		t.Errorf("plain: %+v", plain)
	}
	if appliance.Policy.RetryInterval != seconds(10) || appliance.Sink.Timeout != seconds(2) || appliance.Policy.Order != dispatch.Strict ||
		appliance.Profile != "appliance" || !slices.Equal(appliance.Sink.Success, option.List{"200"}) {
		t.Errorf("appliance: %+v", appliance)
	}
	if own.Policy.Order != dispatch.None || !slices.Equal(own.Sink.Success, option.List{"2xx"}) {
		t.Errorf("own: %+v", own)
	}
	if !maps.Equal(plain.Sink.Headers, map[string]string{"A": "default", "B": "default"}) || !maps.Equal(appliance.Sink.Headers, map[string]string{"A": "own"}) {
		t.Errorf("headers: %v and %v", plain.Sink.Headers, appliance.Sink.Headers)
	}
}

func TestProfileInDefaults(t *testing.T) {
	c, ps := Parse("t.toml", []byte(`
[defaults.http]
profile = "appliance"
[[recipients.http]]
name = "a"
url = "http://localhost/"
[[recipients.http]]
name = "b"
url = "http://localhost/"
profile = ""
`+rest))
	wantProblems(t, ps)
	if c == nil || c.HTTP[0].Policy.Order != dispatch.Strict || c.HTTP[1].Policy.Order != dispatch.Session {
		t.Errorf("got %+v", c)
	}
}

func TestProblemsOfDefaults(t *testing.T) {
	for _, tc := range []ruleTest{
		{name: "what can't have a default", text: "[defaults.http]\nname='a'\nurl='http://localhost/'\n[defaults.email]\nname='a'\n", want: []string{
			"t.toml:2:1: name: can't have a default", "t.toml:3:1: url: can't have a default", "t.toml:5:1: name: can't have a default"}},
		{name: "batches of mails and lines", text: "[smtp]\nhost='localhost'\nfrom='t@example.com'\n[defaults.email]\nbatch_max_events=2\n[[recipients.email]]\nname='a'\naddress='a@example.com'\nbatch_max_wait='1s'\n[[recipients.file]]\nname='b'\npath='/b'\nbatch_max_events=2\n", want: []string{
			"t.toml:5:1: batch_max_events: an email recipient has digests instead: use digest_window and digest_max",
			"t.toml:9:1: batch_max_wait: an email recipient has digests instead: use digest_window and digest_max",
			"t.toml:13:1: batch_max_events: a file recipient has no batches: each event is a line of its own, and many are synced at once anyway"}},
		{name: "batches of forms", text: "[defaults.http]\nbatch_max_events=2\n[[recipients.http]]\nname='a'\nurl='http://localhost/'\n", want: []string{
			`t.toml:2:1: batch_max_events: body "form" holds one event; use 1, or body = "json" or "cloudevents"`}},
		{name: "seen without a recipient", text: "[defaults.http]\ntimeout=5\nretry=1\nprofile='x'\n[defaults.email]\nsubjekt=''\n", want: []string{
			`t.toml:2:1: timeout: 5 has no unit; use "5s"`, `t.toml:3:1: retry: unknown key`, `t.toml:4:1: profile: "x" is no profile; use "appliance", or leave it out`,
			`t.toml:6:1: subjekt: unknown key; did you mean "subject"?`}},
		{name: "said once, where it stands", text: "[defaults.http]\nretry_interval='1ms'\ntimeout=5\n[[recipients.http]]\nname='a'\nurl='http://localhost/'\n[[recipients.http]]\nname='b'\nurl='http://localhost/'\n", want: []string{
			`t.toml:2:1: retry_interval: 1ms is too short; use at least 50ms`, `t.toml:3:1: timeout: 5 has no unit; use "5s"`}},
		{name: "and not again as what follows from it", text: "[smtp]\nhost='localhost'\nfrom='t@example.com'\n[defaults.email]\naddress=true\n[[recipients.email]]\nname='a'\n", want: []string{
			`t.toml:5:1: address: not a list; use ["a", "b"] or "a, b"`}},
		{name: "not said of a recipient that has its own", text: "[defaults.http]\nretry_interval='1ms'\n[[recipients.http]]\nname='a'\nurl='http://localhost/'\nretry_interval='1s'\n"},
	} {
		t.Run(tc.name, tc.run)
	}
}

func TestSecretOfARecipientTakesThePlaceOfTheDefaults(t *testing.T) {
	t.Setenv("TAILPOST_TEST_TOKEN", "Bearer own")
	write(t, map[string]string{
		"main.toml": "include=['sub/*.toml']\n[defaults.http]\nauthorization_file='token'\n" + rest,
		"token":     "Bearer default",
		"sub/a.toml": "[[recipients.http]]\nname='a'\nurl='http://localhost/'\nauthorization_env='TAILPOST_TEST_TOKEN'\n" +
			"[[recipients.http]]\nname='b'\nurl='http://localhost/'\n",
	})
	c, ps := Load("main.toml")
	wantProblems(t, ps)
	if c == nil {
		t.Fatal("no Config")
	}
	if a := c.HTTP[0].Sink; a.AuthorizationFile != "" || a.AuthorizationEnv != "TAILPOST_TEST_TOKEN" {
		t.Errorf("a has %q and %q", a.AuthorizationFile, a.AuthorizationEnv)
	}
	// The default's relative path starts at the folder of its own file.
	if b := c.HTTP[1].Sink; b.AuthorizationFile != absolute("token") {
		t.Errorf("b has %q", b.AuthorizationFile)
	}
}

func TestTemplateOfARecipientTakesThePlaceOfTheDefaults(t *testing.T) {
	write(t, map[string]string{
		"main.toml": "[defaults.http]\nbody='template'\ntemplate_file='t.json'\n" +
			"[[recipients.http]]\nname='a'\nurl='http://localhost/'\ntemplate='{}'\n" +
			"[[recipients.http]]\nname='b'\nurl='http://localhost/'\n" + rest,
		"t.json": "[]",
	})
	c, ps := Load("main.toml")
	wantProblems(t, ps)
	if c == nil {
		t.Fatal("no Config")
	}
	if a, b := c.HTTP[0].Sink, c.HTTP[1].Sink; a.TemplateFile != "" || a.Template != "{}" || b.Template != "" || b.TemplateFile != absolute("t.json") {
		t.Errorf("a: %q, %q; b: %q, %q", a.Template, a.TemplateFile, b.Template, b.TemplateFile)
	}
}

func TestDigests(t *testing.T) {
	const smtp = "[smtp]\nhost='localhost'\nfrom='t@example.com'\n[[recipients.email]]\nname='a'\naddress='a@example.com'\n"
	for _, tc := range []struct {
		name, keys string
		wantWait   time.Duration
		wantMost   int
	}{
		{"none", "", 0, 1},
		{"none, said so", "digest_window=''\ndigest_max=7\n", 0, 1},
		{"none, in seconds", "digest_window='0s'\n", 0, 1},
		{"longer than a batch", "digest_window='1d'\n", 24 * time.Hour, 50},
		{"both", "digest_window='10m'\ndigest_max=7\n", 10 * time.Minute, 7},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, ps := Parse("t.toml", []byte(smtp+tc.keys+rest))
			wantProblems(t, ps)
			if p := c.Email[0].Policy; p.BatchMaxWait.D() != tc.wantWait || p.BatchMaxEvents != tc.wantMost {
				t.Errorf("%v, %d", p.BatchMaxWait, p.BatchMaxEvents)
			}
		})
	}
	_, ps := Parse("t.toml", []byte(smtp+"digest_window=5\ndigest_max=1\n"+rest))
	wantProblems(t, ps, `t.toml:7:1: digest_window: 5 has no unit; use "5s"`, "t.toml:8:1: digest_max: 1 is out of range; use 2 to 1000")
}
