package page

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/status"
)

func TestAllIsWell(t *testing.T) {
	s := newSite(t, snapOf("servicenow", "helpdesk"))
	d := s.get("/")
	if d.title() != "All is well · Tailpost" {
		t.Error(d.title())
	}
	d.says("summary", "All is well", "2 recipients, 1 source", "0 queued", "ready")
	if d.id("needs") != "" {
		t.Error(d.id("needs"))
	}
	d.says("r0", "servicenow", "https://example-0.service-now.com/bomgar_event.do?…", "Yes", "All seven", "OK", "0", "3 s ago", "none")
	d.says("s0", "appliance", "tail, bg", "/var/log/appliance/session.log 1,234,567 of 1,234,999", "432 bytes, 400 ms", "1 s ago", "12,345")
	d.says("system", "Held by events3.0 KiB", "In use1.0 MiB of 10 GiB, with what is taken in advance", "in 3 segments", "The sums fit", "In force as the files say", "smtp.example.com:587")
}

// TestDiskUnknown: no number for what could not be asked.
func TestDiskUnknown(t *testing.T) {
	snap := snapOf("desk")
	snap.Spool.Free, snap.Spool.MinFree = -1, 0
	newSite(t, snap).get("/").says("system", "FreeThe disk can't be asked")
}

// TestSaysNothingTwice: what stands in another column, or in the badge.
func TestSaysNothingTwice(t *testing.T) {
	for _, c := range []struct {
		name string
		r    status.Recipient
		want string
	}{
		{"ok", status.Recipient{State: status.OK, Text: "it took the last event at 07:12", LastSuccess: taken}, ""},
		{"ok, in a word", status.Recipient{State: status.OK, Text: "OK"}, ""},
		{"down", status.Recipient{State: status.Down, Text: "down: refused", LastError: "refused", LastFailure: taken}, ""},
		{"refused", status.Recipient{State: status.Misconfigured, Text: "misconfigured, it refuses us: 401", LastError: "401", LastFailure: taken}, "it refuses us"},
		{"failing", status.Recipient{State: status.Failing, Text: "2 events are failing: 500", LastError: "500", LastFailure: taken}, "2 events are failing"},
		{"an error without its time", status.Recipient{State: status.Failing, Text: "2 events are failing: 500", LastError: "500"}, "2 events are failing: 500"},
		{"stuck", status.Recipient{State: status.Stuck, Text: "stuck: no space"}, "no space"},
		{"nothing", status.Recipient{State: status.Paused}, ""},
	} {
		if got := says(&c.r); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestStates: each state of a recipient and of a source has its word, and a
// sign beside the colour.
func TestStates(t *testing.T) {
	for state, want := range badges {
		t.Run(string(state), func(t *testing.T) {
			snap := snapOf("desk")
			snap.Recipients[0].State, snap.Recipients[0].Text = state, "because of the moon"
			snap.Sources[0].State, snap.Sources[0].Text, snap.Sources[0].Since = state, "because of the sun", taken.Add(-90*time.Minute)
			d := newSite(t, snap).get("/")
			d.says("r0", want.Word)
			if state != status.OK {
				d.says("r0", "because of the moon")
			}
			d.says("s0", want.Word, "because of the sun", "since 1 h 30 min ago")
			if len(find(d.root, "span", "class", "badge "+want.Tone)) < 2 || icons[want.Tone] == "" {
				t.Error("no badge")
			}
		})
	}
	snap := snapOf("desk")
	snap.Recipients[0].State = "of a later version"
	newSite(t, snap).get("/").says("r0", "of a later version")
}

func TestWhatNeedsAPersonStandsFirst(t *testing.T) {
	snap := snapOf("desk", "a&b")
	snap.Needs = []status.Need{
		{Kind: "recipient", Name: "a&b", Text: "is down", To: "tailpost test 'a&b'", Grave: true},
		{Kind: "source", Name: "appliance", Text: "is late"},
		{Kind: "spool", Text: "is at 80 %"},
	}
	d := newSite(t, snap).get("/")
	if d.title() != "3 need a person · Tailpost" {
		t.Error(d.title())
	}
	d.says("summary", "3 things need a person")
	d.says("needs", "a&b is down", "What to do: tailpost test 'a&b'", "appliance is late", "is at 80 %")
	if d.one("a", "href", "/recipient?name=a%26b").Node == nil {
		t.Error("no link to the recipient")
	}
	if strings.Index(d.raw, `id="needs"`) > strings.Index(d.raw, `id="recipients"`) {
		t.Error("behind the recipients")
	}
	for _, c := range []struct {
		name      string
		grave     bool
		ready     bool
		needs     int
		wantTone  string
		wantTitle string
	}{
		{"well", false, true, 0, "good", "All is well"},
		{"late", false, true, 1, "warn", "1 needs a person"},
		{"grave", true, true, 1, "bad", "1 needs a person"},
		{"not ready", false, false, 0, "bad", "Not ready"},
		{"not ready, and late", false, false, 1, "bad", "1 needs a person"},
	} {
		t.Run(c.name, func(t *testing.T) {
			snap := snapOf("desk")
			snap.Ready = c.ready
			for range c.needs {
				snap.Needs = append(snap.Needs, status.Need{Kind: "spool", Text: "x", Grave: c.grave})
			}
			if !c.ready {
				snap.NotReady = []string{"the spool can't be written: no space"}
			}
			d := newSite(t, snap).get("/")
			if d.one("section", "class", "summary "+c.wantTone).Node == nil || !strings.HasPrefix(d.title(), c.wantTitle+" ·") {
				t.Errorf("%s, %s", d.title(), d.id("summary"))
			}
			if !c.ready {
				d.says("summary", "not ready", "no space")
			}
		})
	}
}

// TestRemoved: one that is configured no longer isn't taken for a disabled one.
func TestRemoved(t *testing.T) {
	snap := snapOf("desk", "old")
	old := &snap.Recipients[1]
	old.State, old.Text, old.Removed, old.Enabled = status.Removed, "removed from the configuration: its events wait", true, false
	s := newSite(t, snap)
	s.get("/").says("r1", "Removed", "from the configuration: its events wait")
	s.get("/").says("recipients", "Removed 1")
	s.get("/recipient?name=old").says("recipient-head", "Removed", "what waits for it becomes dead letters")
}

// TestWhatNeedsNobodyYet: what is down within its grace isn't well.
func TestWhatNeedsNobodyYet(t *testing.T) {
	snap := snapOf("a", "b", "c")
	snap.Recipients[0].State, snap.Recipients[1].State, snap.Recipients[2].State = status.Down, status.Down, status.Failing
	d := newSite(t, snap).get("/")
	const want = "Nothing needs a person yet: 2 recipients are down, 1 is failing"
	if d.one("section", "class", "summary warn").Node == nil || d.title() != want+" · Tailpost" {
		t.Errorf("%s, %s", d.title(), d.id("summary"))
	}
	d.says("summary", want)
}

func TestWhatIsWrongWithTheBridge(t *testing.T) {
	snap := snapOf("desk")
	snap.Spool.Full, snap.Spool.Holder = "the file system is full", "desk"
	snap.Spool.Failing, snap.Spool.JournalFailing = "input/output error", "no space for outcomes"
	snap.Balance = status.Balance{Problems: []string{"desk: one event too many"}, Checked: taken}
	snap.Configuration.Refused, snap.Configuration.Reasons = taken.Add(-time.Hour), []string{"tailpost.toml:3:1: url: it is missing"}
	snap.Configuration.Restart = []string{"state_dir"}
	snap.Configuration.Warnings = []string{"tailpost.toml:4:1: a secret in the file"}
	snap.Relay = &status.Relay{Server: "mx:25", Text: "535 bad password", At: taken}
	snap.Alerts = []status.Alert{{Alert: "failing", Recipient: "desk", Since: taken, Error: "503", Mails: 2, NotSent: []string{"mail: 535"}}}
	snap.History.Failing = "no space"
	d := newSite(t, snap).get("/")
	d.says("system", "the file system is full", "input/output error", "no space for outcomes", "Oldest is held bydesk", "The sums don’t fit", "one event too many",
		"Refused 1 h ago: the old one stays in force", "url: it is missing", "Take effect with a restart: state_dir", "1 warning", "535 bad password",
		"failing desk", "2 mails", "not sent: mail: 535", "12,345: no space")
}

func TestEmptyBridge(t *testing.T) {
	s := newSite(t, &status.Snapshot{Taken: taken, Ready: true})
	s.get("/").says("recipients", "No recipient is configured")
	s.get("/").says("sources", "No source is configured")
	s.get("/dead").says("dead", "There are no dead letters")
	s.get("/events").says("events", "There are no events in the spool yet")
	for path, code := range map[string]int{"/recipient?name=x": 404, "/event?id=x": 400, "/event?id=" + strings.Repeat("0", 32): 404, "/none": 404, "/dead/confirm": 200} {
		if d := s.get(path); d.code != code {
			t.Errorf("%s: %d", path, d.code)
		}
	}
}

func TestAHundredRecipients(t *testing.T) {
	var names []string
	for i := range 100 {
		names = append(names, fmt.Sprintf("recipient-%03d", i))
	}
	snap := snapOf(names...)
	snap.Recipients[42].State = status.Failing
	s := newSite(t, snap)
	d := s.get("/")
	if n := len(find(d.root, "table", "class", "reflow recipients")); n != 1 {
		t.Fatal(n)
	}
	d.says("r99", "recipient-099")
	d.says("recipients", "All 100", "Failing 1", "OK 99")
	d = s.get("/?show=failing")
	d.says("recipients", "recipient-042")
	if strings.Contains(d.id("recipients"), "recipient-043") {
		t.Error("one that doesn't fail is shown")
	}
	if main := d.one("main", "id", "main"); main.attr("data-live") != "/live?of=status&show=failing" {
		t.Error(main.attr("data-live"))
	}
	s.get("/?show=down").says("recipients", "No recipient is in this state any longer")
}

func TestRecipient(t *testing.T) {
	snap := snapOf("a/../b?c", "desk")
	r := &snap.Recipients[0]
	r.State, r.Text, r.LastError, r.LastFailure = status.Misconfigured, "it refuses us", "401 Unauthorized", taken.Add(-time.Minute)
	r.Given, r.Delivered, r.Waiting, r.Dead, r.Letters = 100, 90, 7, 3, 3
	r.Took = status.Histogram{Counts: []uint64{50, 49, 1}}
	snap.Needs = []status.Need{{Kind: "recipient", Name: r.Name, Text: "refuses us", To: "renew the token"}}
	s := newSite(t, snap)
	s.reader.attempts = []bridge.Attempt{
		{Event: bridge.EventEnd, ID: bridge.ID{1}, Number: 0x123, Nth: 4, At: taken.Add(-time.Minute), Took: 15 * time.Millisecond, Err: "401 Unauthorized", Status: "misconfigured", Wait: 5 * time.Minute},
		{Event: "login", ID: bridge.ID{2}, Number: 0x124, Nth: 1, At: taken.Add(-time.Hour), Answer: "200 OK"},
	}
	d := s.get(linkTo(s.get("/"), "a/../b?c"))
	if d.code != 200 || s.reader.asked != "a/../b?c" {
		t.Fatalf("%d, asked for %v", d.code, s.reader.asked)
	}
	d.says("recipient-head", "a/../b?c", "Misconfigured", "it refuses us", "refuses us What to do: renew the token", "3 dead letters", "Sign in to pause it or send a test event")
	d.says("recipient-facts", "Queued events7", "401 Unauthorized", "Accepted100", "half ≤ 1 ms, 99 % ≤ 2.5 ms", "Session start, session end, owner changed")
	d.says("attempts", "Session end 1 min ago Misconfigured 4 15 ms 401 Unauthorized after 5 min", "login 1 h ago Taken 1 0 µs 200 OK –")
	if d.one("a", "href", "/event?id=01000000000000000000000000000000&number=123").Node == nil {
		t.Error("no link to why")
	}
}

// linkTo gives the link to a recipient.
func linkTo(d *doc, name string) string {
	for _, a := range all(d.root, "a") {
		if a.text() == name {
			return a.attr("href")
		}
	}
	d.t.Fatalf("no link to %s", name)
	return ""
}
