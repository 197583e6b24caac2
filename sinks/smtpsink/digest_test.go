package smtpsink_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/sinks/receiver"
	"github.com/tailpost/tailpost/sinks/sinktest"
	"github.com/tailpost/tailpost/sinks/smtpsink"
)

// several gives events of as many sessions, with what change makes of them.
func several(n int, change func(i int, e *bridge.Event)) []bridge.Event {
	events := make([]bridge.Event, n)
	for i := range events {
		events[i] = sinktest.PlainEvent(byte(i + 1))
		events[i].Session, events[i].ExternalKey = fmt.Sprint("s", i+1), fmt.Sprint("INC", i+1)
		if change != nil {
			change(i, &events[i])
		}
	}
	return events
}

// sendDigest delivers events at once and gives the mail.
func sendDigest(t *testing.T, o smtpsink.Options, events []bridge.Event) receiver.Received {
	t.Helper()
	r := startReceiver(t, receiver.Options{NoTLS: true})
	if _, err := newSinkOf(t, r.relay(t), o).Deliver(t.Context(), bridge.Delivery{Events: events, Attempt: 1}); err != nil {
		t.Fatal(err)
	}
	if got := r.All(); len(got) == 1 {
		return got[0]
	}
	t.Fatalf("%d mails", len(r.All()))
	return receiver.Received{}
}

func TestDigest(t *testing.T) {
	const line = "----------------------------------------------------------------------"
	own := map[string]smtpsink.Texts{bridge.EventBegin: {Subject: "new: %%external_key%%", HTML: "<b>%%lsid%%</b>"}}
	begins := func(i int, e *bridge.Event) {
		if i == 0 {
			e.Name = bridge.EventBegin
		}
	}
	for _, c := range []struct {
		name               string
		o                  smtpsink.Options
		change             func(i int, e *bridge.Event)
		wantText, wantHTML string
	}{
		{name: "templates", o: smtpsink.Options{Subject: "[%%external_key%%] ended", Body: "Session %%lsid%%\n\nis over.\n"},
			wantText: "1 of 2: [INC1] ended\nEvent e7000000000000000000000000000001\n\n  Session s1\n\n  is over.\n\n" + line +
				"\n\n2 of 2: [INC2] ended\nEvent e7000000000000000000000000000002\n\n  Session s2\n\n  is over.\n"},
		{name: "no templates",
			wantText: "1 of 2: [INC1] Session ended on support.example.com\nEvent e7000000000000000000000000000001\n\n  Session ended\n\n" +
				"  Time:            2025-09-10 14:08:07 UTC\n  Appliance:       support.example.com\n  Ticket:          INC1\n  Session:         s1\n\n" + line +
				"\n\n2 of 2: [INC2] Session ended on support.example.com\nEvent e7000000000000000000000000000002\n\n  Session ended\n\n" +
				"  Time:            2025-09-10 14:08:07 UTC\n  Appliance:       support.example.com\n  Ticket:          INC2\n  Session:         s2\n"},
		{name: "HTML of one of them", o: smtpsink.Options{Subject: "<%%lsid%%>", Body: "a & b", Message: own}, change: begins,
			wantHTML: "<h3>1 of 2: new: INC1</h3>\n<p>Event e7000000000000000000000000000001</p>\n<div><b>s1</b></div>\n" +
				"<hr>\n<h3>2 of 2: &lt;s2&gt;</h3>\n<p>Event e7000000000000000000000000000002</p>\n<div><pre>a &amp; b</pre></div>\n"},
		{name: "no value passes for a heading", o: smtpsink.Options{Subject: "%%external_key%%", Body: "%%display_name%%"},
			change: func(i int, e *bridge.Event) {
				e.ExternalKey, e.DisplayName = "k\r\nBcc: x", "x\r\n"+line+"\r2 of 2: evil\u2028"+line+"\v"+line
			},
			wantText: "1 of 2: kBcc: x\nEvent e7000000000000000000000000000001\n\n  x\n  " + line + "\n  2 of 2: evil\n  " + line + "\n  " + line + "\n\n" + line +
				"\n\n2 of 2: kBcc: x\nEvent e7000000000000000000000000000002\n\n  x\n  " + line + "\n  2 of 2: evil\n  " + line + "\n  " + line + "\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := sendDigest(t, c.o, several(2, c.change))
			if c.wantText != "" && got.Text != c.wantText {
				t.Errorf("text\n%q, want\n%q", got.Text, c.wantText)
			}
			if got.HTML != c.wantHTML {
				t.Errorf("HTML\n%q, want\n%q", got.HTML, c.wantHTML)
			}
		})
	}
}

func TestDigestHeaders(t *testing.T) {
	for _, c := range []struct {
		name                   string
		change                 func(i int, e *bridge.Event)
		wantSubject, wantEvent string
		wantThread             bool
	}{
		{name: "sessions", wantSubject: "3 session events on support.example.com", wantEvent: bridge.EventEnd},
		{name: "appliances", change: func(i int, e *bridge.Event) { e.ApplianceID = fmt.Sprint("a", i) }, wantSubject: "3 session events", wantEvent: bridge.EventEnd},
		{name: "one ticket", change: func(_ int, e *bridge.Event) { e.ExternalKey = "INC1" }, wantSubject: "[INC1] 3 session events on support.example.com", wantEvent: bridge.EventEnd},
		{name: "one session", change: func(_ int, e *bridge.Event) { e.Session, e.ExternalKey = "s", "" },
			wantSubject: "3 session events (s) on support.example.com", wantEvent: bridge.EventEnd, wantThread: true},
		{name: "no session", change: func(_ int, e *bridge.Event) { e.Session, e.ExternalKey, e.Name = "", "", "login" },
			wantSubject: "3 events on support.example.com", wantEvent: "login"},
		{name: "names", change: func(i int, e *bridge.Event) {
			if e.ExternalKey = ""; i == 0 {
				e.Name = bridge.EventBegin
			}
		}, wantSubject: "3 session events on support.example.com"},
	} {
		t.Run(c.name, func(t *testing.T) {
			events := several(3, c.change)
			got := sendDigest(t, smtpsink.Options{Name: "helpdesk", Subject: "of one event"}, events)
			id := bridge.BatchID(events).String()
			if got.Subject != c.wantSubject || got.Header.Get("X-Tailpost-Event") != c.wantEvent || got.ID != id {
				t.Errorf("subject %q, event %q, id %q", got.Subject, got.Header.Get("X-Tailpost-Event"), got.ID)
			}
			if mid := got.Header.Get("Message-Id"); !strings.HasPrefix(mid, "<"+id+".") {
				t.Errorf("Message-ID %q, want one of %s", mid, id)
			}
			want := ""
			if c.wantThread {
				want = sendAll(t, smtpsink.Options{Name: "helpdesk"}, events[0])[0].Header.Get("References")
			}
			if thread := got.Header.Get("References"); thread != want || got.Header.Get("In-Reply-To") != want {
				t.Errorf("thread %q, want %q", thread, want)
			}
		})
	}
}

// A digest is never cut: it is refused before a word is said, until it fits.
func TestDigestTooLarge(t *testing.T) {
	r := startReceiver(t, receiver.Options{NoTLS: true})
	for name, o := range map[string]smtpsink.Options{
		"text": {Body: "%%display_name%%"}, "HTML": {Body: "short", HTML: "<p>%%display_name%%</p>"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSinkOf(t, r.relay(t), o)
			big := several(3, func(_ int, e *bridge.Event) { e.DisplayName = strings.Repeat("x", 100<<10) })
			before := len(r.All())
			rec, err := s.Deliver(t.Context(), bridge.Delivery{Events: big, Attempt: 1, Note: []byte("helpdesk@example.com")})
			var de *bridge.DeliveryError
			if !errors.Is(err, bridge.ErrTooLarge) || !errors.As(err, &de) || len(r.All()) != before || string(rec.Note) != "helpdesk@example.com" {
				t.Errorf("%v, %d mails, note %q", err, len(r.All())-before, rec.Note)
			}
			if st := s.Status(); !st.At.IsZero() {
				t.Errorf("status %+v: nothing was tried", st)
			}
			if _, err := s.Deliver(t.Context(), bridge.Delivery{Events: big[:2], Attempt: 1}); err != nil {
				t.Errorf("two of them: %v", err)
			}
			alone := sinktest.PlainEvent(1)
			alone.DisplayName = strings.Repeat("x", 300<<10)
			if _, err := s.Deliver(t.Context(), bridge.Delivery{Events: []bridge.Event{alone}, Attempt: 1}); err != nil {
				t.Errorf("an event alone: %v", err)
			}
		})
	}
}

// Some addresses take a digest, one doesn't: it stays whole for that one.
func TestSomeAddressesOfADigestRefused(t *testing.T) {
	r := startReceiver(t, receiver.Options{NoTLS: true})
	s := newSinkTo(t, r.relay(t), "a@example.com", "bad@example.com")
	r.SetRefuse(refuse("RCPT", "bad@example.com", 550))
	var note []byte
	for attempt := 1; attempt <= 2; attempt++ {
		rec, err := s.Deliver(t.Context(), bridge.Delivery{Events: several(3, nil), Attempt: attempt, Note: note})
		var de *bridge.DeliveryError
		if !errors.As(err, &de) || de.Scope != bridge.ThisRecipient || de.Down || de.Permanent || rec.Partly != (attempt == 1) || string(rec.Note) != "a@example.com" {
			t.Fatalf("attempt %d: %+v, %+v", attempt, de, rec)
		}
		note = rec.Note
	}
	r.SetRefuse(nil)
	if _, err := s.Deliver(t.Context(), bridge.Delivery{Events: several(3, nil), Attempt: 3, Note: note}); err != nil {
		t.Fatal(err)
	}
	got := r.All()
	if len(got) != 2 || fmt.Sprint(got[0].To, got[1].To) != "[a@example.com] [bad@example.com]" || got[0].ID != got[1].ID {
		t.Errorf("%d mails: %+v", len(got), got)
	}
}

func TestPreviewOfADigest(t *testing.T) {
	s := newSink(t, relayAt(t, "127.0.0.1:1"))
	if b, err := s.Preview(bridge.Delivery{Events: several(2, nil)}); err != nil || !strings.Contains(string(b), "Subject: 2 session events on") {
		t.Errorf("%s, %v", b, err)
	}
	if _, err := s.Preview(bridge.Delivery{}); err == nil {
		t.Error("a mail about nothing")
	}
}
