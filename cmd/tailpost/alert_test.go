package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tailpost/tailpost/sinks/receiver"
)

// alertDesk is a mail server and an alert_url.
type alertDesk struct {
	smtp string // its port
	url  string

	mu    sync.Mutex
	mails []receiver.Received
	posts []map[string]any
}

func newAlertDesk(t *testing.T) *alertDesk {
	t.Helper()
	d := &alertDesk{}
	r, err := receiver.New(receiver.Options{SMTPAddr: "127.0.0.1:0", OnEvent: func(m receiver.Received) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.mails = append(d.mails, m)
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, d.smtp, err = net.SplitHostPort(r.SMTPAddr()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		var m map[string]any
		if err := json.Unmarshal(b, &m); err != nil {
			t.Errorf("no JSON: %s", b)
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		d.posts = append(d.posts, m)
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(s.Close)
	d.url = s.URL
	return d
}

// mail waits for the next mail whose subject begins so, and gives it. Others
// before it are an error.
func (d *alertDesk) mail(t *testing.T, subject string) receiver.Received {
	t.Helper()
	wait(t, "the mail: "+subject, func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return len(d.mails) > 0
	})
	d.mu.Lock()
	defer d.mu.Unlock()
	m := d.mails[0]
	d.mails = d.mails[1:]
	if !strings.HasPrefix(m.Subject, "[tailpost] "+subject) {
		t.Errorf("got the mail %q, want %q", m.Subject, subject)
	}
	return m
}

// TestAlerts: in real time, with a real mail server, the contact of a recipient
// is told of a failure, again after a kill, of a dead letter, and of its end.
func TestAlerts(t *testing.T) {
	t.Parallel()
	d := newAlertDesk(t)
	var status atomic.Int64
	status.Store(503)
	c := newCounter(t, func(a arrival) int {
		if a.session == "poison" {
			return 400
		}
		return int(status.Load())
	})
	text := fmt.Sprintf(`[smtp]
host     = "127.0.0.1"
port     = %s
security = "none"
from     = "tailpost@example.com"
[alerts]
email_contact       = "admin@example.com"
resend_email_alerts = "1h"
[[sources.drop]]
name         = "quiet"
dir          = "."
match        = "*.none"
format       = "json"
appliance_id = "support.example.com"
silent_after = "1h"
[[recipients.http]]
name                   = "the helpdesk"
url                    = "%s/"
give_up                = [400]
retry_interval         = "100ms"
email_contact          = "ops@example.com, second@example.com"
send_email_alert_after = "1s"
resend_email_alerts    = "2s"
alert_url              = "%s/hook?key=MARKER"
`, d.smtp, c.URL, d.url)
	s := newSite(t, text)
	p := s.run()
	s.appendLines(1, func(int) string { return "s1" })
	wait(t, "an attempt", func() bool { return len(c.all()) > 0 })
	first := c.all()[0].at

	m := d.mail(t, "the helpdesk is failing since ")
	told := time.Now()
	if early := m.Time.Sub(first); early < time.Second {
		t.Errorf("told %v after the first attempt", early)
	}
	if !strings.Contains(m.Text, "503 Service Unavailable") || !strings.Contains(m.Text, "Failing:      1 event\nWaiting:      1 event\n") || len(m.To) != 2 {
		t.Errorf("to %q:\n%s", m.To, m.Text)
	}

	wait(t, "the bridge to know that it was sent", func() bool { return strings.Contains(p.log.String(), `"by":"mail"`) })
	p.kill()
	p = s.run()
	m = d.mail(t, "the helpdesk is still failing since ")
	if again := m.Time.Sub(told); again < 1900*time.Millisecond {
		t.Errorf("told again after %v", again)
	}

	status.Store(200)
	m = d.mail(t, "the helpdesk: no event is failing any longer")
	if strings.Contains(m.Text, "dead letter") {
		t.Errorf("told of dead letters:\n%s", m.Text)
	}
	s.rewrite(strings.Replace(text, "ops@example.com, second@example.com", "new@example.com", 1))
	wait(t, "the reload", func() bool { return strings.Contains(p.log.String(), "configuration reloaded") })
	s.appendLines(1, func(int) string { return "poison" })
	m = d.mail(t, "the helpdesk: 1 dead letter")
	if len(m.To) != 1 || m.To[0] != "new@example.com" {
		t.Errorf("after the reload: to %q", m.To)
	}
	if !strings.Contains(m.Text, "of session poison, after 1 attempt: ") || !strings.Contains(m.Text, "tailpost dead ls --recipient 'the helpdesk'") {
		t.Errorf("text:\n%s", m.Text)
	}
	s.appendText("no line of this format\n")
	m = d.mail(t, "source log: 1 line in quarantine")
	if len(m.To) != 1 || m.To[0] != "admin@example.com" {
		t.Errorf("to %q", m.To)
	}
	p.stop()

	d.mu.Lock()
	defer d.mu.Unlock()
	var got []string
	for _, p := range d.posts {
		got = append(got, fmt.Sprint(p["alert"], " ", p["state"], " ", p["recipient"]))
	}
	want := "failing lasting the helpdesk, failing lasting the helpdesk, failing over the helpdesk, dead_letters counted the helpdesk"
	if strings.Join(got, ", ") != want {
		t.Errorf("posted %q", got)
	}
	if len(d.mails) > 0 {
		t.Errorf("a mail too many: %q", d.mails[0].Subject)
	}
	if strings.Contains(p.log.String(), "MARKER") {
		t.Error("the alert_url's secret is in the log")
	}
}

// TestSystemAlerts: in real time, whoever [alerts] names is told of a source
// that is silent, of its end, and of a spool that fills up.
func TestSystemAlerts(t *testing.T) {
	t.Parallel()
	d := newAlertDesk(t)
	c := newCounter(t, func(arrival) int { return 503 })
	s := newSite(t, fmt.Sprintf(`[smtp]
host     = "127.0.0.1"
port     = %s
security = "none"
from     = "tailpost@example.com"
[spool]
max_bytes = "1MiB"
[alerts]
email_contact = "admin@example.com"
[[recipients.http]]
name           = "r"
url            = "%s/"
retry_interval = "1s"
`, d.smtp, c.URL))
	text, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	s.write(s.config, strings.Replace(string(text), "[[sources.tail]]", "[[sources.tail]]\nsilent_after = \"2s\"", 1))
	begun := time.Now()
	p := s.run()
	m := d.mail(t, "source log is silent")
	if early := m.Time.Sub(begun); early < 2*time.Second {
		t.Errorf("called silent after %v", early)
	}
	s.appendLines(5_000, func(n int) string { return fmt.Sprint("s", n) })
	d.mail(t, "source log gives lines again")
	m = d.mail(t, "the spool is filling up")
	for !strings.Contains(m.Text, "max_bytes is reached") { // 50 and 80 % are told, too, if they lasted for a look
		m = d.mail(t, "the spool is still filling up")
	}
	if !strings.Contains(m.Text, "the recipient r holds the oldest part") {
		t.Errorf("text:\n%s", m.Text)
	}
	p.stop()
}
