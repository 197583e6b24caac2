package smtpsink

import (
	"bytes"
	"mime"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// The golden files in testdata are written by hand: subject, empty line, text.
func TestDefaultTexts(t *testing.T) {
	base := bridge.Event{
		ID: bridge.ID{0xab}, Timestamp: 1757513287, ApplianceID: "support.example.com",
		Session: "e9e9", ExternalKey: "INC0010023",
	}
	for _, c := range []struct {
		file string
		set  func(*bridge.Event)
	}{
		{"begin", func(e *bridge.Event) { e.Name, e.ExternalKey = bridge.EventBegin, "" }},
		{"end", func(e *bridge.Event) { e.Name = bridge.EventEnd }},
		{"owner_changed", func(e *bridge.Event) {
			e.Name, e.DisplayName, e.Username, e.ConferenceName = bridge.EventOwnerChanged, "John Smith", "jsmith", "Queue 1"
		}},
		{"member_added", func(e *bridge.Event) {
			e.Name, e.MemberName, e.MemberType, e.Hostname, e.OS = bridge.EventMemberAdded, "Zoë Müller", "customer", "pc-1", "Windows 11"
		}},
		{"member_departed", func(e *bridge.Event) {
			e.Name, e.MemberName, e.MemberType = bridge.EventMemberDeparted, "a\r\nTicket: forged", "representative"
		}},
		{"customer_survey", func(e *bridge.Event) {
			e.Name = bridge.EventCustomerSurvey
			e.Survey = []bridge.Answer{{Name: "rating", Label: "How was it?", Answer: "5"}, {ID: "2", Answer: "two\nlines"}}
			e.Custom = []bridge.Field{{Name: "team", Value: "A"}}
		}},
		{"rep_survey", func(e *bridge.Event) {
			e.Name = bridge.EventRepSurvey
			e.Survey = []bridge.Answer{{Name: "solved", Answer: "yes"}}
		}},
		{"raw", func(e *bridge.Event) {
			*e = bridge.Event{ID: e.ID, Timestamp: e.Timestamp, Name: "login", Extra: []bridge.Field{{Name: "status", Value: "success"}, {Name: "who", Value: "John Smith"}}}
		}},
	} {
		t.Run(c.file, func(t *testing.T) {
			e := base
			c.set(&e)
			got := defaultSubject(&e) + "\n\n" + defaultText(&e)
			want, err := os.ReadFile(filepath.Join("testdata", c.file+".txt"))
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func testRelay(t testing.TB) *Relay {
	t.Helper()
	r, err := NewRelay(RelayOptions{Host: "localhost", From: "tailpost@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestHeaderText(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "a b", "a b"},
		{"line ends", "a\r\nBcc: x", "a Bcc: x"},
		{"runs of blanks", "a   \t b\x00 ", "a b"},
		{"dropped between blanks", "a \x00 b", "a b"},
		{"cut", strings.Repeat("é", 201), strings.Repeat("é", 199) + "…"},
		{"just fits", strings.Repeat("é", 200), strings.Repeat("é", 200)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := headerText(c.in, headerMax); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// FuzzRender: whatever stands in a mail's subject, headers and text, it has
// the headers that we gave it, and lines that may go over the wire.
func FuzzRender(f *testing.F) {
	f.Add("x\r\nBcc: evil@example.com", "e", "body\r\n.\r\nQUIT")
	f.Add(strings.Repeat(" ", 300)+strings.Repeat("a", 200), "ä", "\xff")
	f.Add("=?utf-8?q?=0D=0ABcc:_e?= ="+strings.Repeat("?=?", 80)+"é", "=?", "=")
	r := testRelay(f)
	now := time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, subject, event, text string) {
		raw, err := r.render(Mail{
			To: []string{"a@example.com"}, Subject: subject, Text: text, HTML: "x" + text, MessageID: "1.2@example.com", Thread: "3@example.com",
			Header: map[string]string{"X-Tailpost-Event": event},
		}, now)
		if err != nil {
			t.Fatal(err)
		}
		m, err := mail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			t.Fatalf("%v: %q", err, raw)
		}
		if name := m.Header.Get("X-Tailpost-Event"); headerText(event, headerMax) != "" && name == "" {
			t.Error("no event's name")
		}
		if len(m.Header) != 11 {
			t.Errorf("%d headers: %q", len(m.Header), m.Header)
		}
		var words mime.WordDecoder
		if got, err := words.DecodeHeader(m.Header.Get("Subject")); err != nil || got != headerText(subject, headerMax) {
			t.Errorf("subject reads back as %q, %v, want %q", got, err, headerText(subject, headerMax))
		}
		for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
			if len(line) > 998 || bytes.ContainsAny(line, "\r\n") || bytes.ContainsFunc(line, func(r rune) bool { return r > 126 }) {
				t.Errorf("not fit for the wire: %q", line)
			}
		}
	})
}
