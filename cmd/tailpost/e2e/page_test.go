//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/tailpost/tailpost/cmd/tailpost/trial"
)

const pageToken = "0b5c1f6e0a7d4c0f9e1c2d3b4a596877"

// pageSite is a bridge with its page, a log, and receivers that a test turns.
type pageSite struct {
	t     *testing.T
	p     *trial.Program
	url   string
	lines int
}

// desk is a receiver whose answer a test chooses, and which keeps the external
// keys that it took.
type desk struct {
	*httptest.Server
	status atomic.Int64

	mu    sync.Mutex
	taken []string
}

func newDesk(t *testing.T) *desk {
	d := &desk{}
	d.status.Store(http.StatusOK)
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
		if err := r.ParseForm(); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		status := int(d.status.Load())
		if status == http.StatusOK {
			d.mu.Lock()
			d.taken = append(d.taken, r.PostForm.Get("external_key"))
			d.mu.Unlock()
		}
		w.WriteHeader(status)
		if status != http.StatusOK {
			fmt.Fprint(w, "<b>the desk is <script>alert(1)</script> closed</b>")
		}
	}))
	t.Cleanup(d.Close)
	return d
}

// has waits until it has taken the event with that key so many times.
func (d *desk) has(t *testing.T, key string, times int) {
	t.Helper()
	eventually(t, timeToArrive, fmt.Sprintf("%s arrived %d times", key, times), func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		n := 0
		for _, k := range d.taken {
			if k == key {
				n++
			}
		}
		return n == times
	})
}

const pageConfig = `
state_dir = "state"
[log]
format = "json"
[admin]
listen = %q
token_file = "token"
[[sources.tail]]
name = "support appliance"
path = "session.log"
format = "json"
start = "beginning"
appliance_id = "support.example.com"
`

// startPage runs a bridge in dir with these recipients.
func startPage(t *testing.T, dir, recipients string) *pageSite {
	t.Helper()
	s := &pageSite{t: t, p: trial.In(t, dir, raceBinary, "")}
	addr := freePort(t)
	s.url = "http://" + addr
	s.p.Write("token", pageToken+"\n")
	s.p.Write("session.log", "")
	s.configure(addr, recipients)
	s.p.Start()
	eventually(t, timeToArrive, "the page is there", func() bool { return answers(addr) })
	return s
}

func (s *pageSite) configure(addr, recipients string) {
	s.t.Helper()
	s.p.Write("tailpost.toml", fmt.Sprintf(pageConfig, addr)+recipients)
}

// happens writes events with these keys into the log, each of a session of its
// own.
func (s *pageSite) happens(keys ...string) {
	s.t.Helper()
	f, err := os.OpenFile(s.p.Path("session.log"), os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	for _, key := range keys {
		s.lines++
		_, err := f.WriteString(jsonLine(s.t, map[string]any{
			"event": "support_conference_end", "timestamp": firstTime, "external_key": key,
			"lsid": fmt.Sprintf("%032x", s.lines), "appliance_id": "support.example.com",
		}))
		if err != nil {
			s.t.Fatal(err)
		}
	}
}

func recipientAt(name, url, more string) string {
	return fmt.Sprintf("[[recipients.http]]\nname = %q\nurl = %q\n%s", name, url, more)
}

const markupName = `<script>alert("x")</script> & "co"`

// TestPage: the page in a real browser. Nothing that happens to it may break
// its content security policy, or make its script fail.
func TestPage(t *testing.T) {
	good, ticket, closed := newDesk(t), newDesk(t), newDesk(t)
	recipients := recipientAt("servicenow", good.URL+"/bomgar_event.do?action=event", "") +
		recipientAt("tickets", ticket.URL, "retry_interval = \"100ms\"\nretry_duration = \"400ms\"\n") +
		recipientAt("portal", closed.URL, "") +
		recipientAt(markupName, good.URL, "events = [\"support_conference_end\"]\n")
	s := startPage(t, t.TempDir(), recipients)
	b := newBrowser(t)
	tb := b.open(s.url, 1440, 900)

	s.happens("INC1", "INC2")
	good.has(t, "INC2", 2)
	tb.goTo("/")
	tb.says("#recipients", "servicenow", "/bomgar_event.do?… Yes All seven OK", markupName)
	tb.says("#asof", "Live")
	tb.says("#summary", "All is well")
	tb.fits()
	tb.do(chromedp.KeyEvent("\t"))
	if first := eval[string](tb, "document.activeElement.className"); first != "skip" {
		t.Errorf("the first key leads to %q, not past the navigation", first)
	}
	tb.do(chromedp.KeyEvent("\r"))
	if at := eval[string](tb, "document.activeElement.id"); at != "main" {
		t.Errorf("past the navigation stands %q", at)
	}
	tb.shot("well")
	tb.dark(true)
	tb.shot("well-dark")
	tb.dark(false)

	s.signIn(tb)
	s.fails(tb, ticket, closed)
	s.letters(tb, ticket)
	s.pauses(tb, good)
	s.tests(tb)
	s.looks(tb)
	tb.quiet()
	s.narrow(b)
	s.withoutScripts(b, ticket)
	s.hundred(b, tb, good)
	tb.quiet()
	tb.notices()
	s.p.Stop() // within the grace, with pages that are live
}

// signIn: a wrong token is refused, the right one signs in.
func (s *pageSite) signIn(tb *tab) {
	s.t.Helper()
	tb.follow(`a[href^="/sign-in"]`)
	tb.do(chromedp.SendKeys(chromedp.CSS("#token"), "wrong"))
	tb.follow("#sign-in button")
	tb.says("#sign-in", "the token is wrong")
	tb.shot("sign-in-wrong")
	tb.mu.Lock()
	tb.said = nil // a browser reports each 401
	tb.mu.Unlock()
	tb.do(chromedp.SendKeys(chromedp.CSS("#token"), pageToken))
	tb.follow("#sign-in button")
	tb.says(".who", "Sign out")
	tb.says("#asof", "Live")
}

// fails: one recipient fails, another refuses us: the page that is open says so.
func (s *pageSite) fails(tb *tab, ticket, closed *desk) {
	s.t.Helper()
	eval[bool](tb, "window.unchanged = true")
	tb.do(chromedp.Focus(chromedp.CSS(`a[href="/recipient?name=portal"]`)))
	ticket.status.Store(http.StatusInternalServerError)
	closed.status.Store(http.StatusUnauthorized)
	s.happens("INC3")
	tb.says("#recipients", "Misconfigured", "401 Unauthorized", "1 dead letter")
	tb.says("#needs", "portal", "tickets")
	tb.says("#summary", "a person")
	if !eval[bool](tb, "window.unchanged === true") {
		s.t.Error("the page was loaded anew")
	}
	if focus := eval[string](tb, "document.activeElement.innerText"); focus != "portal" {
		s.t.Errorf("the focus went from portal to %q", focus)
	}
	if title := eval[string](tb, "document.title"); !strings.Contains(title, "a person") {
		s.t.Errorf("the title is %q", title)
	}
	tb.shot("failing")
	tb.dark(true)
	tb.shot("failing-dark")
	tb.dark(false)
	tb.goTo("/recipient?name=portal")
	tb.says("#recipient-head", "portal", "Misconfigured")
	tb.says("#attempts", "Misconfigured", "401 Unauthorized", "<b>the desk is <script>alert(1)</script> closed</b>")
	tb.shot("recipient")
}

// letters: a dead letter is replayed by a click, and arrives; another one is
// dropped.
func (s *pageSite) letters(tb *tab, ticket *desk) {
	s.t.Helper()
	tb.goTo("/dead?recipient=tickets")
	tb.says("#dead", "1 to 1 of 1", "tickets", "500 Internal Server Error")
	tb.shot("dead-letters")
	ticket.status.Store(http.StatusOK)
	tb.follow(`form[action="/dead/replay"] button`)
	tb.says("#outcome", "Replayed 1 dead letter")
	tb.shot("replayed")
	ticket.has(s.t, "INC3", 1)
	tb.says("#dead", "No dead letter fits")

	ticket.status.Store(http.StatusInternalServerError)
	s.happens("INC4", "INC5")
	eventually(s.t, timeToArrive, "two dead letters", func() bool {
		tb.goTo("/dead")
		return strings.Contains(tb.text("#dead"), "1 to 2 of 2")
	})
	ticket.status.Store(http.StatusOK)
	tb.follow(`a[href^="/dead/confirm?do=drop"].danger`)
	tb.says("#confirm", "Drop all 2 dead letters")
	tb.shot("sure")
	tb.follow("#confirm button")
	tb.says("#outcome", "Dropped 2 dead letters")
}

// pauses: what happens meanwhile waits, and arrives after it is resumed.
func (s *pageSite) pauses(tb *tab, good *desk) {
	s.t.Helper()
	tb.goTo("/recipient?name=servicenow")
	tb.follow(`form[action="/recipient/pause"] button`)
	tb.says("#outcome", "servicenow is paused")
	tb.says("#recipient-head h1", "Paused")
	s.happens("INC6")
	tb.says("#recipient-facts", "Queued events 1")
	good.has(s.t, "INC6", 1) // it is the other one that took it
	tb.follow(`form[action="/recipient/resume"] button`)
	tb.says("#outcome", "servicenow is resumed")
	good.has(s.t, "INC6", 2)
	tb.says("#recipient-head h1", "OK")
}

// tests: a test event, step by step.
func (s *pageSite) tests(tb *tab) {
	s.t.Helper()
	tb.goTo("/recipient?name=servicenow")
	tb.do(chromedp.SetValue(chromedp.CSS("#test-event"), "support_conference_begin"))
	tb.follow(`form[action="/recipient/test"] button`)
	tb.says("#outcome", "Test event taken by 127.0.0.1:", "200 OK", "Session start", "connected")
	tb.shot("tested")
}

// looks: the last events, a search, and why.
func (s *pageSite) looks(tb *tab) {
	s.t.Helper()
	tb.goTo("/events")
	tb.says("#events", "INC6", "INC1", "support appliance")
	tb.shot("events")
	tb.do(chromedp.SendKeys(chromedp.CSS("#q"), "NC3"))
	tb.follow("#events button")
	tb.says("#events", "INC3")
	if strings.Contains(tb.text("#events"), "INC6") {
		s.t.Error("the search found what it was not to")
	}
	tb.follow("#events tbody th a")
	tb.says("#event", "INC3", markupName+" Delivered", "portal Failing", "401 Unauthorized", "session.log, bytes")
	tb.shot("why")
}

// narrow: on a telephone nothing has to be scrolled sideways.
func (s *pageSite) narrow(b *browser) {
	s.t.Helper()
	tb := b.open(s.url, 360, 740)
	for name, path := range map[string]string{"status": "/", "recipient": "/recipient?name=portal", "events": "/events", "dead-letters": "/dead"} {
		tb.goTo(path)
		tb.fits()
		tb.shot("narrow-" + name)
	}
	tb.quiet()
}

// withoutScripts: the page reads whole, and its forms work.
func (s *pageSite) withoutScripts(b *browser, ticket *desk) {
	s.t.Helper()
	tb := b.open(s.url, 1440, 900)
	tb.scripts(false)
	tb.goTo("/")
	tb.says("#summary", "a person")
	tb.says("#recipients", "portal", "Misconfigured", "ago")
	tb.says("#asof", "As of")
	tb.shot("without-scripts")
	ticket.status.Store(http.StatusInternalServerError)
	s.happens("INC7")
	eventually(s.t, timeToArrive, "a dead letter", func() bool {
		tb.goTo("/dead")
		return strings.Contains(tb.text("#dead"), "1 to 1 of 1")
	})
	ticket.status.Store(http.StatusOK)
	tb.follow(`form[action="/dead/replay"] button`)
	tb.says("#outcome", "Replayed 1 dead letter")
	ticket.has(s.t, "INC7", 1)
	tb.quiet()
}

// hundred: a reload brings as many recipients; the page that is open shows
// them, and that of one that is gone says so.
func (s *pageSite) hundred(b *browser, tb *tab, good *desk) {
	s.t.Helper()
	of := b.open(s.url, 1440, 900)
	of.goTo("/recipient?name=servicenow")
	of.says("#asof", "Live")
	tb.goTo("/")
	tb.says("#recipients", "portal")
	var more strings.Builder
	for i := range 100 {
		more.WriteString(recipientAt(fmt.Sprintf("customer %03d", i), good.URL, fmt.Sprintf("enabled = %v\n", i%10 != 3)))
	}
	s.configure(strings.TrimPrefix(s.url, "http://"), more.String())
	tb.says("#recipients", "customer 000", "customer 099", "All 10", "Disabled 1")
	if n := eval[int](tb, `document.querySelectorAll("#recipients tbody tr").length`); n < 100 {
		s.t.Errorf("%d rows", n)
	}
	of.says("#asof", "not there any longer")
	eval[bool](of, `(document.getElementById("asof").textContent = "", document.dispatchEvent(new Event("visibilitychange")))`)
	of.says("#asof", "not there any longer") // also where it asks anew
	s.happens("INC8")
	good.has(s.t, "INC8", 90)
	tb.fits()
	tb.shot("hundred")
}

// TestPageOfAFullDisk: the file system of the state is full: the page says so,
// and who can help.
func TestPageOfAFullDisk(t *testing.T) {
	dir := t.TempDir()
	state := filepath.Join(dir, "state")
	mountTmpfs(t, state, 4<<20)
	dead := reservePort(t)
	s := startPage(t, dir, "[spool]\nmin_free = \"0\"\n"+recipientAt("desk", "http://"+dead.addr, "retry_interval = \"1s\"\n"))
	tb := newBrowser(t).open(s.url, 1440, 900)
	tb.goTo("/")
	s.happens("before")
	tb.says("#recipients", "Down", "connection refused")
	fillUp(t, state)
	var keys []string
	for i := range 10_000 { // more than the blocks that were taken in advance
		keys = append(keys, fmt.Sprint(i))
	}
	s.happens(keys...)
	tb.says("#summary", "a person")
	tb.says("#needs", "full")
	tb.says("#sources", "Blocked")
	tb.says("#system", "full")
	tb.shot("full-disk")
	tb.quiet()
	s.p.Stop()
}
