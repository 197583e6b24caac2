package examples

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge/app"
	"github.com/tailpost/tailpost/bridge/config"
)

// preset is an example that delivers to a service of somebody else's.
type preset struct {
	name  string
	judge func(*http.Request, []byte) (int, string)
	limit int
	log   string // the file that its source reads
	takes int    // requests: its events, and the hostile ones that its recipients ask for
	say   []string
	auth  string // the Authorization that the stub takes
	// refuses are bodies that the stub refuses, so that it is known to.
	refuses map[string]string
}

func presets() []preset {
	return []preset{
		{name: "slack", judge: slack, log: "session.jsonl", takes: 4,
			say: []string{`"Event: support_conference_begin"`, `"Ticket: INC0010023"`},
			refuses: map[string]string{
				`{"blocks":[]}`: "400 no_text",
				`{"text":"a"`:   "400 invalid_payload",
				`{"text":"a","blocks":[{"type":"section","fields":[{"type":"plain_text","text":""}]}]}`:                              "400 invalid_blocks",
				`{"text":"a","blocks":[{"type":"section","text":{"type":"plain_text","text":"` + strings.Repeat("x", 3001) + `"}}]}`: "400 invalid_blocks",
			}},
		{name: "teams", judge: teams, limit: teamsMost, log: "session.jsonl", takes: 4,
			say: []string{`"value": "support_conference_end"`},
			refuses: map[string]string{
				`{"text":"a"}`: "400 no attachments",
				`{"type":"message","attachments":[{"contentType":"application/json","content":{}}]}`: "400 no adaptive card",
				`{"type":"message","text":"` + strings.Repeat("x", teamsMost) + `"}`:                 "413 too large",
			}},
		{name: "sendgrid", auth: "Bearer SG.example", judge: sendgrid, limit: 30 << 20, log: "requests.jsonl", takes: 3,
			say: []string{`"subject": "JIT Application Access Ticket Created: REQ0042"`, `EXAMPLE\\jsmith`, `Needs \"admin\" rights\nfor the printer`, `Trusted owner: true`},
			refuses: map[string]string{
				`{}`: `400 {"errors":[{"field":"personalizations"`,
				`{"personalizations":[{"to":[{"email":"a@example.com"}]}]}`:                                                                                             `400 {"errors":[{"field":"from.email"`,
				`{"personalizations":[{"to":[{"email":"a@example.com"}]}],"from":{"email":"a@example.com"}}`:                                                            `400 {"errors":[{"field":"subject"`,
				`{"personalizations":[{"to":[{"email":"a@example.com"}]}],"from":{"email":"a@example.com"},"subject":"s","content":[{"type":"text/plain","value":""}]}`: `400 {"errors":[{"field":"content.0.value"`,
			}},
		{name: "servicenow", judge: serviceNow, log: "session.jsonl", takes: 4 + 2,
			say: []string{"event=support_conference_begin&version=1&", `"u_ticket": "INC0010023"`},
			refuses: map[string]string{
				"event=support_conference_end": "415 no form", // a form, but not said to be one
			}},
		{name: "pagerduty", judge: pagerDuty, limit: 512 << 10, log: "session.jsonl", takes: 1 + 2,
			say: []string{`"dedup_key": "tailpost-e9e99aeb9ad54fb381634498502c5a1b"`, `"event_action": "resolve"`},
			refuses: map[string]string{
				`{}`: `400 {"status":"invalid event","message":"Event object is invalid","errors":["routing_key"]}`,
				`{"routing_key":"0123456789abcdef0123456789abcdef","event_action":"resolve"}`:                                                         `400 {"status":"invalid event","message":"Event object is invalid","errors":["dedup_key"]}`,
				`{"routing_key":"0123456789abcdef0123456789abcdef","event_action":"trigger","payload":{"summary":"s","source":"s","severity":"bad"}}`: `400 {"status":"invalid event","message":"Event object is invalid","errors":["payload.severity"]}`,
			}},
		{name: "splunk", auth: "Splunk 11111111-2222-3333-4444-555555555555", judge: splunk, log: "session.jsonl", takes: 4,
			say: []string{`"time": 1733239565,`, `"name": "Zoë Müller"`},
			refuses: map[string]string{
				`{"time":1}`:   `400 {"text":"Event field is required"`,
				`{"event":""}`: `400 {"text":"Event field cannot be blank"`,
				`{"event":`:    `400 {"text":"Invalid data format"`,
			}},
		{name: "standard-webhooks", judge: signed, log: "session.jsonl", takes: 4,
			say: []string{`"event":"support_conference_begin"`},
			refuses: map[string]string{
				`{"event":"forged"}`: "401 unable to verify payload",
			}},
	}
}

// hostile are events with values that break out of careless templates.
const hostile = `{"event":"support_conference_end","timestamp":1733240468,"lsid":"e9e9\"},{\"","external_key":"<!channel> </script> %%lsid%% \r\nBcc: x","name":"\u001b[31m"}
{"EventType":"JIT Application Access Ticket Created","RequestId":"\"}]}","TicketNumber":"\r\nBcc: x","User":"%%Reason%%","Reason":"\u0000\u001b]0;x\u0007"}
`

// TestPresets runs each against a stub that refuses what the real service
// refuses: all events are taken, those with hostile values, too, and a 429 is
// waited out as Retry-After says.
func TestPresets(t *testing.T) {
	for _, p := range presets() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			s := &stub{judge: p.judge, limit: p.limit, busy: 1}
			srv := httptest.NewServer(s)
			defer srv.Close()
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(p.name)); err != nil {
				t.Fatal(err)
			}
			add(t, filepath.Join(dir, p.log), hostile)
			deliver(t, loadPreset(t, dir, srv.URL), s, p.takes)
			taken, refused, early := s.got()
			if len(refused) > 0 || early > 0 || len(taken) != p.takes {
				t.Errorf("taken %d, want %d; refused %q; %d before Retry-After was over", len(taken), p.takes, refused, early)
			}
			all := strings.Join(taken, "\n")
			for _, want := range p.say {
				if !strings.Contains(all, want) {
					t.Errorf("%s is not said:\n%s", want, all)
				}
			}
		})
	}
}

// TestStubs shows that the stubs do refuse.
func TestStubs(t *testing.T) {
	for _, p := range presets() {
		s := &stub{judge: p.judge, limit: p.limit}
		srv := httptest.NewServer(s)
		defer srv.Close()
		for body, want := range p.refuses {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+presetPath(t, p.name), strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", p.auth)
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			_, refused, _ := s.got()
			if len(refused) == 0 || !strings.HasPrefix(refused[len(refused)-1], want) {
				t.Errorf("%s: %.80s: %q, want %s", p.name, body, refused, want)
			}
		}
	}
}

var (
	serviceURL = regexp.MustCompile(`https://[a-z0-9.-]+(?::\d+)?(/[^"\s]*)`)
	wantsHTTPS = regexp.MustCompile(`(?m)^require_https .*$`)
	listening  = regexp.MustCompile(`127\.0\.0\.1:918\d`)
)

// presetPath is the path and query of a preset's first recipient.
func presetPath(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(name, "tailpost.toml"))
	if err != nil {
		t.Fatal(err)
	}
	if kept, err := os.ReadFile(filepath.Join(name, "url")); err == nil {
		text = kept
	}
	return serviceURL.FindStringSubmatch(string(text))[1]
}

// loadPreset gives an example's configuration as it stands, but for the
// service's name and scheme, and a port that is free.
func loadPreset(t *testing.T, dir, url string) *config.Config {
	t.Helper()
	path := filepath.Join(dir, "tailpost.toml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, ps := config.Load(path); len(errorsOf(ps)) > 0 {
		t.Fatal(ps)
	}
	text = serviceURL.ReplaceAll(text, []byte(url+"$1"))
	text = listening.ReplaceAll(text, []byte(freeAddress(t)))
	text = wantsHTTPS.ReplaceAll(text, nil)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if kept, err := os.ReadFile(filepath.Join(dir, "url")); err == nil {
		kept = serviceURL.ReplaceAll(kept, []byte(url+"$1"))
		if err := os.WriteFile(filepath.Join(dir, "url"), kept, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, ps := config.Load(path)
	if c == nil {
		t.Fatal(ps)
	}
	return c
}

func errorsOf(ps []config.Problem) (out []config.Problem) {
	for _, p := range ps {
		if !p.Warning {
			out = append(out, p)
		}
	}
	return out
}

func add(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// deliver lets the bridge run until the stub has answered that many requests
// for good.
func deliver(t *testing.T, c *config.Config, s *stub, want int) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	done := make(chan error, 1)
	c.Admin.Listen = ""
	go func() { done <- app.Run(ctx, c, app.Options{}) }()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for n := 0; n < want && ctx.Err() == nil; <-tick.C {
		taken, refused, _ := s.got()
		n = len(taken) + len(refused)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
