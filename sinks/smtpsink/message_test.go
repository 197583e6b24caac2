package smtpsink_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/sinks/receiver"
	"github.com/tailpost/tailpost/sinks/sinktest"
	"github.com/tailpost/tailpost/sinks/smtpsink"
)

// sendAll delivers each event once and gives what arrived.
func sendAll(t *testing.T, o smtpsink.Options, events ...bridge.Event) []receiver.Received {
	t.Helper()
	r := startReceiver(t, receiver.Options{NoTLS: true})
	s := newSinkOf(t, r.relay(t), o)
	for _, e := range events {
		if _, err := s.Deliver(t.Context(), bridge.Delivery{Events: []bridge.Event{e}, Attempt: 1}); err != nil {
			t.Fatal(err)
		}
	}
	return r.All()
}

// Each part of a mail is the event's own, else the recipient's, else made by
// event; text and HTML are two forms of one and go together.
func TestWhoseTexts(t *testing.T) {
	const login = "login"
	for _, c := range []struct {
		name                            string
		o                               smtpsink.Options
		wantSubject, wantText, wantHTML string // of the text: how it begins
	}{
		{name: "by event", wantSubject: "Event login on support.example.com", wantText: "Event login\n\nTime:"},
		{name: "the recipient's", o: smtpsink.Options{Subject: "s", Body: "b", HTML: "h"}, wantSubject: "s", wantText: "b", wantHTML: "h"},
		{name: "HTML alone", o: smtpsink.Options{HTML: "h"}, wantSubject: "Event login on support.example.com", wantText: "Event login\n\nTime:", wantHTML: "h"},
		{name: "the event's", o: smtpsink.Options{Subject: "s", Body: "b", HTML: "h", Message: map[string]smtpsink.Texts{login: {Subject: "es", Body: "eb", HTML: "eh"}}},
			wantSubject: "es", wantText: "eb", wantHTML: "eh"},
		{name: "the event's subject", o: smtpsink.Options{Subject: "s", Body: "b", HTML: "h", Message: map[string]smtpsink.Texts{login: {Subject: "es"}}},
			wantSubject: "es", wantText: "b", wantHTML: "h"},
		{name: "the event's body", o: smtpsink.Options{Subject: "s", Body: "b", HTML: "h", Message: map[string]smtpsink.Texts{login: {Body: "eb"}}},
			wantSubject: "s", wantText: "eb"},
		{name: "the event's HTML", o: smtpsink.Options{Body: "b", Message: map[string]smtpsink.Texts{login: {HTML: "eh"}}},
			wantSubject: "Event login on support.example.com", wantText: "Event login\n\nTime:", wantHTML: "eh"},
		{name: "another event's", o: smtpsink.Options{Subject: "s", Body: "b", Message: map[string]smtpsink.Texts{bridge.EventEnd: {Subject: "es", Body: "eb", HTML: "eh"}}},
			wantSubject: "s", wantText: "b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := sinktest.PlainEvent(1)
			e.Name, e.Session, e.ExternalKey = login, "", ""
			got := sendAll(t, c.o, e)[0]
			if got.Subject != c.wantSubject || !strings.HasPrefix(got.Text, c.wantText) || got.HTML != c.wantHTML {
				t.Errorf("subject %q, text %q, HTML %q", got.Subject, got.Text, got.HTML)
			}
			kind, _, _ := strings.Cut(got.Header.Get("Content-Type"), ";")
			if want := map[bool]string{true: "multipart/alternative", false: "text/plain"}[c.wantHTML != ""]; kind != want {
				t.Errorf("type %q, want %q", kind, want)
			}
		})
	}
}

// All mails of a session to a recipient refer to one and the same mail.
func TestThreads(t *testing.T) {
	event := func(n byte, name, session string) bridge.Event {
		e := sinktest.PlainEvent(n)
		e.Name, e.Session = name, session
		return e
	}
	got := sendAll(t, smtpsink.Options{Name: "helpdesk"},
		event(1, bridge.EventBegin, "one"), event(2, bridge.EventEnd, "one"), event(3, bridge.EventEnd, "two"), event(4, "login", ""),
		event(5, bridge.EventEnd, "\r\nBcc: evil@example.com"))
	thread := func(i int) string { return got[i].Header.Get("References") }
	if thread(0) == "" || thread(0) != thread(1) || thread(0) == thread(2) || thread(3) != "" {
		t.Errorf("threads %q, %q, %q, %q", thread(0), thread(1), thread(2), thread(3))
	}
	for i, g := range got {
		if g.Header.Get("In-Reply-To") != thread(i) || len(g.Header["Bcc"]) != 0 {
			t.Errorf("mail %d: headers %q", i, g.Header)
		}
		if id := thread(i); id != "" && (!strings.HasPrefix(id, "<session.") || !strings.HasSuffix(id, "@example.com>") || strings.Contains(id, "one") || g.Header.Get("Message-Id") == id) {
			t.Errorf("mail %d: thread %q", i, id)
		}
	}
	if other := sendAll(t, smtpsink.Options{Name: "other"}, event(1, bridge.EventBegin, "one")); other[0].Header.Get("References") == thread(0) {
		t.Error("two recipients' mails are in one thread")
	}
}

func TestReplyTo(t *testing.T) {
	for set, want := range map[string]string{"": "", "desk@example.com": "<desk@example.com>", "Zoë <desk@example.com>": "Zoë <desk@example.com>"} {
		got := sendAll(t, smtpsink.Options{ReplyTo: set}, sinktest.PlainEvent(1))[0]
		if reply := strings.ReplaceAll(got.Header.Get("Reply-To"), `"`, ""); reply != want {
			t.Errorf("%q: Reply-To %q", set, reply)
		}
	}
}

// Whatever stands in an event, it is text: in the subject, the text and the
// HTML, of raw events too, whose own name is the sender's.
func TestHostileTexts(t *testing.T) {
	const templates = "%%external_key%%|%%display_name%%|%%evil%%"
	hostile := []string{
		"x\r\nBcc: evil@example.com", "</script><script>alert(1)</script>", `" onload="x`, "' x='", "%%lsid%%", "\x1b[2J\x00\x7f",
		"\r\n.\r\nMAIL FROM:<a@example.com>", "\u2028\u202e&lt;&amp;", "\xff\xfe", "=?utf-8?q?=0D=0ABcc:_e?=", strings.Repeat("<", 1<<20),
	}
	for i, v := range hostile {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			e := sinktest.PlainEvent(1)
			long := len(v) > 1<<19
			e.Name, e.ExternalKey = "raw", v
			if !long { // once is slow enough
				e.Name, e.DisplayName, e.Extra = "raw"+v, v, []bridge.Field{{Name: "evil", Value: v}}
			}
			got := sendAll(t, smtpsink.Options{Subject: templates, Body: templates, HTML: "<p title=\"%%evil%%\">" + templates + "</p>"}, e)[0]
			if len(got.To) != 1 || got.Header["Bcc"] != nil || strings.ContainsAny(got.Subject, "\r\n\x00\x1b") {
				t.Errorf("to %q, subject %q, header %q", got.To, got.Subject, got.Header)
			}
			if n := len(got.Body); n > 1<<20 {
				t.Errorf("a mail of %d bytes", n)
			}
			if long {
				if got.HTML != "" || !strings.HasSuffix(got.Text, "[cut: the text is longer]\n") {
					t.Errorf("HTML of %d bytes, text ends in %q", len(got.HTML), got.Text[len(got.Text)-40:])
				}
				return
			}
			inside := strings.TrimSuffix(strings.TrimPrefix(got.HTML, "<p title=\""), "</p>")
			attribute, text, _ := strings.Cut(inside, "\">")
			if strings.ContainsAny(attribute+text, `<>"'`+"\x00\x1b") {
				t.Errorf("HTML of its own: %q", got.HTML)
			}
			if strings.Contains(v, "%%") && strings.Count(got.Subject, "%%lsid%%") != 3 {
				t.Errorf("a value was expanded: %q", got.Subject)
			}
		})
	}
}
