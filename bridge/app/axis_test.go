package app

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tailpost/tailpost/sinks/receiver"
)

// axis is what a receiver was asked, and when: it prints as a time axis, a row
// an event.
type axis struct {
	mu    sync.Mutex
	begin time.Time
	tries []try
}

type try struct {
	at     time.Duration // since the first one
	event  string
	status int
}

func (a *axis) add(event string, status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.begin.IsZero() {
		a.begin = time.Now()
	}
	a.tries = append(a.tries, try{at: time.Since(a.begin), event: event, status: status})
}

// of gives the tries of one event, or of all but one where the name begins
// with "!".
func (a *axis) of(event string) (out []try) {
	not, but := strings.CutPrefix(event, "!")
	for _, t := range a.tries {
		if t.event == event || but && t.event != not {
			out = append(out, t)
		}
	}
	return out
}

// taken lists the events that were taken, in their order.
func (a *axis) taken() string {
	var out []string
	for _, t := range a.tries {
		if t.status/100 == 2 {
			out = append(out, t.event)
		}
	}
	return strings.Join(out, " ")
}

const axisColumns = 60

func (a *axis) String() string {
	rows, end := map[string][]byte{}, a.tries[len(a.tries)-1].at+1
	for _, t := range a.tries {
		if rows[t.event] == nil {
			rows[t.event] = []byte(strings.Repeat(".", axisColumns))
		}
		mark := byte('x')
		if t.status/100 == 2 {
			mark = 'O'
		}
		rows[t.event][int(t.at*axisColumns/end)] = mark
	}
	var b strings.Builder
	fmt.Fprintf(&b, "a column is %v; x: refused, O: taken\n", (end / axisColumns).Round(time.Millisecond))
	seen := map[string]bool{}
	for _, t := range a.tries {
		if !seen[t.event] {
			seen[t.event] = true
			fmt.Fprintf(&b, "%-4s %s %d tries\n", t.event, rows[t.event], len(a.of(t.event)))
		}
	}
	return b.String()
}

// axisReceiver answers each event as status says, which is told the event's
// session and how long ago the first one came.
func axisReceiver(t *testing.T, a *axis, status func(event string, since time.Duration) int) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		event := r.PostFormValue("external_key")
		a.mu.Lock()
		since := time.Duration(0)
		if !a.begin.IsZero() {
			since = time.Since(a.begin)
		}
		a.mu.Unlock()
		code := status(event, since)
		a.add(event, code)
		w.WriteHeader(code)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// axisLines are events of the form SESSIONn, such as a1 a2 b1: their names
// stand in external_key.
func axisLines(events string) string {
	var b strings.Builder
	for _, e := range strings.Fields(events) {
		fmt.Fprintf(&b, `{"event":"support_conference_end","timestamp":2,"lsid":%q,"external_key":%q}`+"\n", e[:1], e)
	}
	return b.String()
}

// runAxis runs the bridge until all is settled, and gives the balance of the
// recipient.
func runAxis(t *testing.T, recipient, events string) RecipientBalance {
	t.Helper()
	dir := t.TempDir()
	_, log, err := runOnce(t, load(t, dir, recipient), axisLines(events))
	if err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	b, err := Audit(filepath.Join(dir, "state"))
	if err != nil {
		t.Fatal(err)
	}
	return b.Recipients[0]
}

const (
	axisInterval = 100 * time.Millisecond
	axisDuration = 1500 * time.Millisecond
)

func axisHTTP(url string, duration time.Duration, more string) string {
	return fmt.Sprintf("[[recipients.http]]\nname = \"r\"\nurl = %q\nretry_interval = \"%v\"\nretry_duration = \"%v\"\n%s", url, axisInterval, duration, more)
}

// TestStrictOrderOnTimeAxis shows a receiver that fails one event until its
// retry duration ends: nothing else is sent meanwhile, it becomes a dead
// letter, and the rest follows in order.
func TestStrictOrderOnTimeAxis(t *testing.T) {
	var a axis
	url := axisReceiver(t, &a, func(event string, _ time.Duration) int {
		if event == "b1" {
			return http.StatusInternalServerError
		}
		return http.StatusOK
	})
	b := runAxis(t, axisHTTP(url, axisDuration, "profile = \"appliance\"\n"), "a1 b1 c1 a2 b2 d1")
	t.Logf("strict order, retry_interval %v, retry_duration %v\n%s", axisInterval, axisDuration, &a)

	failing := a.of("b1")
	first, last := failing[0].at, failing[len(failing)-1].at
	if len(failing) < 5 || last-first < axisDuration {
		t.Errorf("b1 was tried %d times within %v", len(failing), last-first)
	}
	for _, o := range a.of("!b1") {
		if o.at > first && o.at < last {
			t.Errorf("%s was sent at %v, between %v and %v", o.event, o.at, first, last)
		}
	}
	if got := a.taken(); got != "a1 c1 a2 b2 d1" {
		t.Errorf("taken: %s", got)
	}
	if b.Dead != 1 || b.Delivered != 5 {
		t.Errorf("balance: %+v", b)
	}
}

// TestSessionOrderOnTimeAxis shows the same in session order: the events of
// other sessions arrive at once, those of its own behind it.
func TestSessionOrderOnTimeAxis(t *testing.T) {
	var a axis
	url := axisReceiver(t, &a, func(event string, _ time.Duration) int {
		if event == "b1" {
			return http.StatusInternalServerError
		}
		return http.StatusOK
	})
	b := runAxis(t, axisHTTP(url, axisDuration, ""), "a1 b1 c1 a2 b2 d1")
	t.Logf("session order, retry_interval %v, retry_duration %v\n%s", axisInterval, axisDuration, &a)

	failing := a.of("b1")
	last := failing[len(failing)-1].at
	if len(failing) < 5 || last-failing[0].at < axisDuration {
		t.Errorf("b1 was tried %d times within %v", len(failing), last-failing[0].at)
	}
	for _, o := range a.of("!b1") {
		if own := o.event == "b2"; own != (o.at > last) {
			t.Errorf("%s was sent at %v; b1 died at %v", o.event, o.at, last)
		}
	}
	if got := strings.Fields(a.taken()); slices.Index(got, "a1") > slices.Index(got, "a2") || got[len(got)-1] != "b2" {
		t.Errorf("taken: %s", got)
	}
	if b.Dead != 1 || b.Delivered != 5 {
		t.Errorf("balance: %+v", b)
	}
}

// TestOutageOnTimeAxis shows a receiver that answers 404 for longer than the
// statuses of give_up would let events live: nothing dies.
func TestOutageOnTimeAxis(t *testing.T) {
	const outage = time.Second
	for _, order := range []string{"strict", "session"} {
		var a axis
		url := axisReceiver(t, &a, func(_ string, since time.Duration) int {
			if since < outage {
				return http.StatusNotFound
			}
			return http.StatusOK
		})
		b := runAxis(t, axisHTTP(url, time.Hour, "give_up = [404]\norder = \""+order+"\"\n"), "a1 b1 c1 a2 b2 d1 e1 f1 g1 h1 i1 j1")
		t.Logf("%s order, 404 for %v, give_up = [404]\n%s", order, outage, &a)
		if b.Dead != 0 || b.Delivered != 12 {
			t.Errorf("balance: %+v", b)
		}
		if taken := a.taken(); order == "strict" && taken != "a1 b1 c1 a2 b2 d1 e1 f1 g1 h1 i1 j1" {
			t.Errorf("taken: %s", taken)
		}
	}
}

// TestRefusedLoginOnTimeAxis shows a mail relay that answers 535 for a while:
// nothing dies, and mail goes out in order once the login is taken again.
func TestRefusedLoginOnTimeAxis(t *testing.T) {
	const outage = time.Second
	var a axis
	r, err := receiver.New(receiver.Options{
		SMTPAddr: "127.0.0.1:0", NoTLS: true, Username: "u", Password: "p",
		OnEvent: func(got receiver.Received) { a.add(got.Subject, got.Status) },
	})
	if err != nil {
		t.Fatal(err)
	}
	r.SetRefuse(func(s receiver.Step) (int, string) {
		a.mu.Lock()
		refused := s.Command == "AUTH" && (a.begin.IsZero() || time.Since(a.begin) < outage)
		a.mu.Unlock()
		if !refused {
			return 0, ""
		}
		a.add("AUTH", 535)
		return 535, "Authentication credentials invalid"
	})
	serve, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- r.Run(serve) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	host, port, _ := net.SplitHostPort(r.SMTPAddr())
	b := runAxis(t, fmt.Sprintf("[smtp]\nhost = %q\nport = %s\nsecurity = \"none\"\nusername = \"u\"\npassword = \"p\"\nfrom = \"t@example.com\"\n"+
		"[[recipients.email]]\nname = \"r\"\naddress = \"a@example.com\"\norder = \"strict\"\nsubject = \"%%%%external_key%%%%\"\nretry_interval = \"%v\"\n",
		host, port, axisInterval), "a1 b1 c1 a2")
	t.Logf("mail, 535 for %v\n%s", outage, &a)
	if b.Dead != 0 || b.Delivered != 4 {
		t.Errorf("balance: %+v", b)
	}
	if taken := a.taken(); taken != "a1 b1 c1 a2" || len(a.of("AUTH")) < 3 {
		t.Errorf("taken: %s", taken)
	}
}
