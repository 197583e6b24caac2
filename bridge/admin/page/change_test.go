package page

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/bridge/status"
)

const anID = "0102030405060708090a0b0c0d0e0f10"

// changes are the forms of the page, and what each of them asks for.
var changes = []struct {
	path string
	form url.Values
	want string
	says string
	at   string // where the outcome is told
}{
	{"/dead/replay", url.Values{"id": {anID}, "recipient": {"desk"}, "next": {"/dead?recipient=desk"}}, "replay [" + anID + "] desk  0001-01-01 00:00:00 +0000 UTC", "Replayed 1 dead letter", "/dead"},
	{"/dead/drop", url.Values{"all": {"yes"}, "recipient": {"desk"}, "event": {"login"}, "since": {"2026-11-22T07:00:00Z"}}, "drop [] desk login 2026-11-22 07:00:00 +0000 UTC", "Dropped 1 dead letter", "/dead"},
	{"/recipient/pause", url.Values{"name": {"desk"}}, "pause desk true", "desk is so now", "/recipient"},
	{"/recipient/resume", url.Values{"name": {"desk"}}, "pause desk false", "desk is so now", "/recipient"},
	{"/recipient/test", url.Values{"name": {"desk"}, "event": {bridge.EventBegin}}, "test desk " + bridge.EventBegin, "Test event taken by 192.0.2.1:443 in 12 ms: 200 OK", "/recipient"},
}

func changeSite(t *testing.T) *site {
	s := newSite(t, snapOf("desk"))
	s.actions.report = admin.Report{Done: 1, Says: "desk is so now", Left: []admin.Left{{What: "<x>", Reason: "gone"}}, LeftOut: 7}
	s.reader.tested = Tested{Taken: true, Peer: "192.0.2.1:443", Answer: "200 OK", Took: 12 * time.Millisecond, Steps: []string{"connected to 192.0.2.1:443"}, Notes: []string{"paused = true"}}
	return s
}

// did is what was done, tests included.
func (s *site) did() []string { return slices.Concat(s.actions.done, s.reader.tests) }

func TestFormsDoWhatTheySay(t *testing.T) {
	for _, c := range changes {
		t.Run(c.path, func(t *testing.T) {
			s := changeSite(t)
			c.form.Set("form_token", s.signIn())
			var path string
			s.browser.CheckRedirect = func(r *http.Request, _ []*http.Request) error { path = r.URL.Path; return nil }
			d := s.post(c.path, c.form)
			if got := s.did(); len(got) != 1 || got[0] != c.want || d.code != 200 || path != c.at {
				t.Errorf("did %v, want %s; %d at %s", got, c.want, d.code, path)
			}
			d.says("outcome", c.says)
			if strings.HasPrefix(c.path, "/dead") {
				d.says("outcome", "<x>: gone", "7 more stay as they were")
			}
			if strings.HasSuffix(c.path, "test") {
				d.says("outcome", "connected to 192.0.2.1:443", "paused = true")
			}
		})
	}
}

// TestNothingIsDoneWithout: a session, its form token, this site's own page,
// POST, or a token in the configuration.
func TestNothingIsDoneWithout(t *testing.T) {
	for _, c := range changes {
		for _, w := range []struct {
			without  string
			do       func(s *site, form url.Values) *doc
			wantCode int
			wantSays string
		}{
			{"a session", func(s *site, form url.Values) *doc { return s.post(c.path, form) }, 401, "Sign in"},
			{"a form token", func(s *site, form url.Values) *doc { s.signIn(); return s.post(c.path, form) }, 403, "not of this session"},
			{"the right one", func(s *site, form url.Values) *doc {
				s.signIn()
				form.Set("form_token", "x")
				return s.post(c.path, form)
			}, 403, "not of this session"},
			{"its own origin", func(s *site, form url.Values) *doc {
				form.Set("form_token", s.signIn())
				r, _ := http.NewRequest(http.MethodPost, s.URL+c.path, strings.NewReader(form.Encode()))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set("Origin", "https://evil.example")
				res, err := s.browser.Do(r)
				if err != nil {
					s.t.Fatal(err)
				}
				return s.read(res)
			}, 403, "another site"},
			{"POST", func(s *site, form url.Values) *doc {
				form.Set("form_token", s.signIn())
				return s.get(c.path + "?" + form.Encode())
			}, 404, "no such page"},
			{"a token in the configuration", func(s *site, form url.Values) *doc {
				s.guard.SetToken(option.Secret{})
				return s.post(c.path, form)
			}, 403, "token_file"},
			{"an end", func(s *site, form url.Values) *doc {
				form.Set("form_token", s.signIn())
				form.Set("more", strings.Repeat("x", formMost))
				return s.post(c.path, form)
			}, 413, "larger than 65536 bytes"},
		} {
			t.Run(c.path+" without "+w.without, func(t *testing.T) {
				s := changeSite(t)
				form := url.Values{}
				for k, v := range c.form {
					if k != "form_token" {
						form[k] = v
					}
				}
				d := w.do(s, form)
				if got := s.did(); len(got) != 0 {
					t.Errorf("did %v", got)
				}
				if d.code != w.wantCode || !strings.Contains(element{d.root}.text(), w.wantSays) {
					t.Errorf("%d: %s", d.code, element{d.root}.text())
				}
			})
		}
	}
}

// TestFormsThatNameNothing: a form that lost what it chooses must not mean all.
func TestFormsThatNameNothing(t *testing.T) {
	for _, form := range []url.Values{{}, {"recipient": {"desk"}}, {"id": {"x"}, "all": {"yes"}}, {"id": {anID[1:]}}, {"all": {"yes"}, "since": {"24h"}}} {
		s := changeSite(t)
		form.Set("form_token", s.signIn())
		s.post("/dead/drop", form).says("outcome", "Nothing was done")
		if got := s.did(); len(got) != 0 {
			t.Errorf("%v: did %v", form, got)
		}
	}
}

func TestWhatFailsIsTold(t *testing.T) {
	for _, c := range changes {
		s := changeSite(t)
		s.actions.err, s.actions.report.Done, s.reader.err = errors.New("the moon is down"), 0, errors.New("the moon is down")
		c.form.Set("form_token", s.signIn())
		s.post(c.path, c.form).says("outcome", "Nothing was ", "the moon is down")
	}
	s := changeSite(t)
	s.reader.tested = Tested{Took: time.Second, Error: "connection refused", Steps: []string{"resolved"}}
	s.post("/recipient/test", url.Values{"name": {"desk"}, "form_token": {s.signIn()}}).says("outcome", "not taken, after 1.0 s: connection refused", "resolved")
}

// TestLargeSignIn: it is no wrong token.
func TestLargeSignIn(t *testing.T) {
	d := changeSite(t).post("/sign-in", url.Values{"token": {strings.Repeat("x", formMost)}})
	if text := (element{d.root}).text(); d.code != 413 || !strings.Contains(text, "can't be read") || strings.Contains(text, "wrong") {
		t.Errorf("%d: %s", d.code, text)
	}
}

// TestOutdone: a resume that the configuration outdoes doesn't look like one
// that was done.
func TestOutdone(t *testing.T) {
	for outdone, want := range map[bool]string{false: "notice good", true: "notice bad"} {
		s := changeSite(t)
		s.actions.report.Outdone = outdone
		d := s.post("/recipient/resume", url.Values{"name": {"desk"}, "form_token": {s.signIn()}})
		d.says("outcome", "desk is so now")
		if got := d.one("section", "id", "outcome").attr("class"); got != want {
			t.Errorf("outdone %v: %s", outdone, got)
		}
	}
}

func TestSignInAndOut(t *testing.T) {
	s := newSite(t, snapOf("desk"))
	if d := s.get("/recipient?name=desk"); d.one("a", "href", "/sign-in?next=%2frecipient%3fname%3ddesk").Node == nil || len(all(d.root, "button")) != 0 {
		t.Error("signed out, there are buttons, or no way to sign in")
	}
	if d := s.post("/sign-in", url.Values{"token": {"wrong"}, "next": {"/dead"}}); d.code != 401 || d.one("input", "name", "next").attr("value") != "/dead" {
		t.Errorf("a wrong token: %d", d.code)
	} else {
		d.says("sign-in", "the token is wrong")
	}
	if d := s.post("/sign-in", url.Values{"token": {theToken}, "next": {"/dead"}}); d.code != 200 || d.one("section", "id", "dead").Node == nil {
		t.Errorf("signed in: %d", d.code)
	}
	d := s.get("/recipient?name=desk")
	if len(all(d.root, "button")) != 3 {
		t.Error("signed in, buttons are missing")
	}
	s.get("/sign-in?next=/events").says("sign-in", "You are signed in")
	s.post("/sign-out", url.Values{"form_token": {d.one("input", "name", "form_token").attr("value")}})
	if d := s.get("/"); d.one("a", "href", "/sign-in?next=%2f").Node == nil {
		t.Error("signed out, there is no way to sign in")
	}
	s.guard.SetToken(option.Secret{})
	s.get("/").says("main", "All is well")
	if d := s.get("/sign-in"); !strings.Contains(d.id("sign-in"), "no token is configured") || !strings.Contains(d.raw, "token_file") {
		t.Error("no token, and nobody says so")
	}
}

// TestNextStaysHere: where a form leads to is a page of ours.
func TestNextStaysHere(t *testing.T) {
	for to, want := range map[string]string{
		"/dead?x=1": "/dead?x=1", "": "/", "//evil.example": "/", "https://evil.example/": "/", `/\evil.example`: "/", "javascript:alert(1)": "/", "/\x00": "/", "dead": "/", "/%": "/",
	} {
		r, _ := http.NewRequest(http.MethodGet, "/?"+url.Values{"next": {to}}.Encode(), nil)
		if got := next(r, "/"); got != want {
			t.Errorf("%q leads to %q", to, got)
		}
	}
}

// TestDeadLetters: the list, its choice, its pages, and the question before all
// of them are meant.
func TestDeadLetters(t *testing.T) {
	snap := snapOf("desk", "a&b")
	snap.Recipients[1].Letters = 120
	s := newSite(t, snap)
	for i := range 120 {
		s.reader.letters.Letters = append(s.reader.letters.Letters, Letter{ID: bridge.ID{byte(i)}, Recipient: "a&b", Event: bridge.EventEnd, Session: "s", Reason: "410 gone", Died: taken.Add(-time.Hour), Since: taken.Add(-2 * time.Hour), Attempts: 9})
	}
	s.reader.letters.Total = 120
	d := s.get("/dead")
	d.says("nav", "Dead letters 120")
	d.says("dead", "1 to 50 of 120", "a&b", "410 gone", "1 h ago", "Sign in to replay or drop")
	s.signIn()
	d = s.get("/dead?recipient=a%26b&since=24h&event=login&skip=50")
	if want := (LetterChoice{Recipient: "a&b", Event: "login", Since: taken.Add(-24 * time.Hour)}); s.reader.asked != want {
		t.Errorf("asked for %v", s.reader.asked)
	}
	d.says("dead", "51 to 100 of 120")
	for _, href := range []string{
		"/dead/confirm?do=drop&event=login&recipient=a%26b&since=24h", "/dead/confirm?do=replay&event=login&recipient=a%26b&since=24h",
		"/dead?event=login&recipient=a%26b&since=24h", "/dead?event=login&recipient=a%26b&since=24h&skip=100",
	} {
		if d.one("a", "href", href).Node == nil {
			t.Errorf("no link to %s", href)
		}
	}
	d = s.get("/dead/confirm?do=drop&event=login&recipient=a%26b&since=24h")
	d.says("confirm", "Drop all 120 dead letters that fit?", "for good", "login", "a&b", "2026-11-21T07:12:51Z")
	for name, want := range map[string]string{"all": "yes", "since": "2026-11-21T07:12:51Z", "recipient": "a&b", "event": "login"} {
		if got := d.one("input", "name", name).attr("value"); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	if d.one("form", "action", "/dead/drop").Node == nil {
		t.Error("the form leads elsewhere")
	}
	d = s.get("/dead/confirm?do=drop&id=" + anID + "&recipient=desk")
	d.says("confirm", "Drop a dead letter?", anID)
	if d.one("input", "name", "all").Node != nil {
		t.Error("one letter means all")
	}
	for _, path := range []string{"/dead?since=abc", "/dead/confirm?do=drop&since=abc"} {
		s.reader.asked = nil
		d := s.get(path)
		d.says("main", "the filter can't be read", `since is "abc"`)
		if d.code != 400 || s.reader.asked != nil || strings.Contains(d.id("main"), "of 120") || strings.Contains(d.id("main"), "410 gone") {
			t.Errorf("%s: %d, asked for %v", path, d.code, s.reader.asked)
		}
	}
	s.reader.letters.Stopped = true
	s.get("/dead").says("dead", "The search stopped early, after 120 letters", "tailpost dead ls")
}

// TestForgottenLetters: those of a recipient that is gone count, can be chosen,
// and lead to no page that isn't there.
func TestForgottenLetters(t *testing.T) {
	snap := snapOf("desk")
	snap.Recipients[0].Letters = 3
	snap.Forgotten = []status.Forgotten{{Name: "old", Letters: 2}}
	snap.Needs = []status.Need{{Kind: "recipient", Name: "old", Text: "2 dead letters wait", To: "drop them"}, {Kind: "recipient", Name: "desk", Text: "3 wait", To: "drop them"}, {Kind: "recipient", Name: "nobody", Text: "x", To: "y"}}
	snap.Alerts = []status.Alert{{Alert: "dead_letters", Recipient: "old"}}
	s := newSite(t, snap)
	s.reader.letters = Letters{Letters: []Letter{{Recipient: "old", Event: "login"}, {Recipient: "desk", Event: "login"}}, Total: 2}
	d := s.get("/")
	d.says("nav", "Dead letters 5")
	if to := linkTo(d, "old"); to != "/dead?recipient=old" {
		t.Errorf("the need leads to %s", to)
	}
	for _, path := range []string{"/", "/dead?recipient=old"} {
		d = s.get(path)
		for name, want := range map[string]bool{"desk": true, "old": false, "nobody": false} {
			if is := d.one("a", "href", "/recipient?name="+name).Node != nil; is != want {
				t.Errorf("%s: a link to %s: %v", path, name, is)
			}
		}
	}
	d = s.get("/dead")
	d.says("dead", "gone: to replay, configure it again first")
	if d.one("option", "value", "old").Node == nil {
		t.Error("it can't be chosen")
	}
}

func TestEvents(t *testing.T) {
	s := newSite(t, snapOf("desk"))
	s.reader.events = Events{Events: []Event{
		{ID: bridge.ID{1}, Number: 0x10000000005, Name: bridge.EventEnd, Session: "s&1", Key: "INC1", Source: "appliance", Time: taken.Add(-time.Minute)},
		{ID: bridge.ID{2}, Number: 0x10000000004, Name: "login", Source: "appliance", Time: taken.Add(-time.Hour)},
	}, More: true, Stopped: true, Looked: 12345}
	d := s.get("/events?q=+INC1+&before=ff")
	if s.reader.asked != (EventChoice{Text: "INC1", Before: 0xff}) {
		t.Errorf("asked for %v", s.reader.asked)
	}
	d.says("events", "Session end 1 min ago s&1 INC1 appliance 01000000", "login 1 h ago – –", "stopped early, after 12,345 events", "tailpost spool cat")
	for _, href := range []string{"/events?q=s%261", "/event?id=02000000000000000000000000000000&number=10000000004", "/events?before=10000000004&q=INC1"} {
		if d.one("a", "href", href).Node == nil {
			t.Errorf("no link to %s", href)
		}
	}
	s.get("/events?q="+strings.Repeat("x", queryMost+1)).says("events", "longer than any key")
	s.reader.err = errors.New("no such directory")
	s.get("/events").says("events", "no such directory")
}

func TestWhy(t *testing.T) {
	s := newSite(t, snapOf("desk"))
	e := &bridge.Event{ID: bridge.ID{1}, Name: bridge.EventEnd, Timestamp: taken.Unix(), Session: "s1", ExternalKey: "INC1", Source: bridge.Origin{Name: "appliance", Format: "bg", Host: "h"}}
	s.reader.why = []Why{{ID: e.ID, Event: e, JSON: e.AppendJSON(nil), From: []bridge.Place{{Stream: "/var/log/x", Offset: 1000, Bytes: 234}}, Notes: []string{"a file can't be read"}, Recipients: []Fate{
		{Recipient: "desk", Configured: true, State: "failing", Says: "failing: 9 attempts", Filter: "asked for", Next: "soon", Attempts: 9,
			First: []bridge.Attempt{{Nth: 1, At: taken, Peer: "192.0.2.1:443", Err: "503 busy"}}, Between: 7, Last: []bridge.Attempt{{Nth: 9, At: taken, Err: "503 still"}}},
		{Recipient: "old", State: "dead", Says: "a dead letter", Attempts: 3},
	}}, {ID: e.ID}}
	d := s.get("/event?id=" + e.ID.String() + "&number=ff")
	if s.reader.asked != uint64(0xff) {
		t.Errorf("asked for %v", s.reader.asked)
	}
	d.says("event", "Session end", e.ID.String(), "desk Failing", "Filterasked for", "Nextsoon", "503 busy", "7 more attempts", "503 still", "old Dead letter configured no longer", "3 attempts; they are not remembered",
		"/var/log/x, bytes 1,000 to 1,234", `"external_key": "INC1"`, "a file can't be read", "no longer in the spool")
	s.reader.err = errors.New("in vain")
	if d := s.get("/event?id=" + e.ID.String()); d.code != 503 {
		t.Errorf("%d", d.code)
	}
}

func TestOutcomesAreBounded(t *testing.T) {
	var os outcomes
	first := os.put(Outcome{Title: "first"}, taken)
	second := ""
	for range outcomesMost {
		second = os.put(Outcome{Title: "other"}, taken)
	}
	if os.get(first, taken) != nil || os.get(second, taken) == nil || os.get("", taken) != nil || len(os.all) != outcomesMost {
		t.Error("they are not bounded")
	}
	if os.get(second, taken.Add(outcomeKept+1)) != nil {
		t.Error("they are kept for ever")
	}
}
