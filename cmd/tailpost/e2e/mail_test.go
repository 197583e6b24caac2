//go:build e2e

package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/cmd/tailpost/trial"
)

// mailConfig wants the server's port, the ca_file and the kind of AUTH.
const mailConfig = `
[[sources.tail]]
name = "sessions"
path = "session.log"
format = "json"
start = "beginning"

[smtp]
host = "127.0.0.1"
port = %s
security = "starttls"
ca_file = %q
auth = %q
username = "` + mailUser + `"
password_file = "password"
from = "Tailpost <tailpost@example.com>"

[[recipients.email]]
name = "helpdesk"
address = "helpdesk@example.com"
events = ["support_conference_end"]
subject = "[%%%%external_key%%%%] Sitzung mit %%%%display_name%%%% beendet"
body = """
Session %%%%lsid%%%% ended at %%%%timestamp%%%%.
.
Key: %%%%external_key%%%%
With: %%%%display_name%%%%
"""
retry_interval = "300ms"

[[recipients.file]]
name = "ids"
path = "events.jsonl"
`

// displayName is long enough that its header must be folded, and an encoded
// word may not be cut within a character.
const displayName = "Zoë Müller & Söhne, Bürgermeister-Schönhäuser-Straße 12, Köln — 東京"

func mailBridge(t *testing.T, s *mailServer, auth string) *trial.Program {
	t.Helper()
	_, port := hostPort(t, s.addr)
	p := trial.New(t, raceBinary, fmt.Sprintf(mailConfig, port, s.caFile, auth))
	p.Write("password", mailPassword+"\n")
	return p
}

// ended gives the line of a session's end.
func ended(t *testing.T, session, key string) string {
	return jsonLine(t, map[string]any{
		"event": "support_conference_end", "timestamp": firstTime, "lsid": session,
		"external_key": key, "display_name": displayName,
	})
}

func TestMailByStartTLS(t *testing.T) {
	for _, tc := range []struct{ auth, wantAuthenticator string }{
		{"plain", "A=plain:" + mailUser},
		{"login", "A=login:" + mailUser},
		{"auto", "A=plain:" + mailUser},
	} {
		t.Run(tc.auth, func(t *testing.T) {
			s := startMailServer(t)
			p := mailBridge(t, s, tc.auth)
			p.Write("session.log", ended(t, "5e551011", "INC0010023"))
			p.Start()
			got := readMail(t, s.mailbox(1)[0])
			p.Stop()

			taken := s.accepted()[0]
			if !strings.Contains(taken, tc.wantAuthenticator) || !strings.Contains(taken, " X=TLS1.") {
				t.Errorf("taken so: %q; want TLS and %s", taken, tc.wantAuthenticator)
			}
			if want := "[INC0010023] Sitzung mit " + displayName + " beendet"; got.subject != want {
				t.Errorf("subject %q, want %q", got.subject, want)
			}
			want := fmt.Sprintf("Session 5e551011 ended at %d.\n.\nKey: INC0010023\nWith: %s\n", firstTime, displayName)
			if got.text != want {
				t.Errorf("text %q, want %q", got.text, want)
			}
			if got.from != `"Tailpost" <tailpost@example.com>` || got.to != "<helpdesk@example.com>" {
				t.Errorf("from %s to %s", got.from, got.to)
			}
		})
	}
}

// TestMailOfHostileKeys: whatever stands in a ticket's key, the mail has no
// header, no recipient and no companion that the configuration doesn't name.
func TestMailOfHostileKeys(t *testing.T) {
	keys := map[string]string{
		"00": "x\r\nBcc: evil@example.com",
		"01": "x\nBcc: evil@example.com\n\nDear Sir",
		"02": "x\rBcc: evil@example.com",
		"03": "\r\n.\r\nMAIL FROM:<tailpost@example.com>\r\nRCPT TO:<evil@example.com>\r\nDATA\r\nSubject: evil\r\n\r\nevil\r\n.\r\n",
		"04": "\n.\nMAIL FROM:<tailpost@example.com>\nRCPT TO:<evil@example.com>\nDATA\nevil\n.\n",
		"05": "x\u2028Bcc: evil@example.com\u0085Bcc: evil@example.com\x00\x0b",
		"06": "=?utf-8?q?x=0D=0ABcc:_evil=40example.com?=",
		"07": strings.Repeat("x", 900) + "\r\nBcc: evil@example.com",
	}
	s := startMailServer(t)
	p := mailBridge(t, s, "auto")
	var log strings.Builder
	for session, key := range keys {
		log.WriteString(ended(t, "5e55"+session, key))
	}
	p.Write("session.log", log.String())
	p.Start()
	mails := s.mailbox(len(keys))
	p.Stop()

	for _, line := range s.accepted() {
		if !strings.HasSuffix(line, " for helpdesk@example.com\n") {
			t.Errorf("a mail for somebody else: %q", line)
		}
	}
	seen := map[string]bool{}
	for _, m := range mails {
		got := readMail(t, m)
		seen[got.session] = true
		checkHeaders(t, m, got)
		if strings.ContainsAny(got.subject, "\r\n\x00") || !strings.HasPrefix(got.subject, "[") {
			t.Errorf("session %s: subject %q", got.session, got.subject)
		}
		if !strings.HasPrefix(got.text, "Session 5e55") || !strings.HasSuffix(got.text, "\nWith: "+displayName+"\n") {
			t.Errorf("session %s: the text is not whole: %q", got.session, got.text)
		}
	}
	if len(seen) != len(keys) {
		t.Errorf("mails of the sessions %v, want one of each of %d", seen, len(keys))
	}
}

// checkHeaders wants each header once, and none but those we know.
func checkHeaders(t *testing.T, m *mail.Message, got letter) {
	t.Helper()
	known := map[string]bool{
		"Envelope-To": true, "Received": true, // the server's own
		"Date": true, "From": true, "To": true, "Subject": true, "Message-Id": true, "Mime-Version": true,
		"Content-Type": true, "Content-Transfer-Encoding": true, "Auto-Submitted": true,
		"References": true, "In-Reply-To": true,
	}
	for name, values := range m.Header {
		if len(values) != 1 || !known[name] && !strings.HasPrefix(name, "X-Tailpost-") {
			t.Errorf("session %s: header %s: %q", got.session, name, values)
		}
	}
	if to := m.Header.Get("Envelope-To"); to != "helpdesk@example.com" || got.to != "<helpdesk@example.com>" {
		t.Errorf("session %s: for %s, to %s", got.session, to, got.to)
	}
}

// TestMessageIDAfterLostState: the same log read again with an empty state
// directory gives mails with the same Message-IDs, which name the events.
func TestMessageIDAfterLostState(t *testing.T) {
	s := startMailServer(t)
	p := mailBridge(t, s, "auto")
	p.Write("session.log", ended(t, "5e5501", "INC1")+ended(t, "5e5502", "INC2")+ended(t, "5e5503", ""))
	p.Start()
	first := messageIDs(t, s.mailbox(3))
	p.Stop()
	p.Wipe()
	p.Start()
	both := messageIDs(t, s.mailbox(6))
	p.Stop()

	events := eventIDs(t, p)
	if len(first) != 3 || len(both) != 3 || len(events) != 3 {
		t.Fatalf("Message-IDs of %d, then %d sessions, ids of %d events; want 3 of each", len(first), len(both), len(events))
	}
	for session, ids := range both {
		if len(ids) != 2 || ids[0] != ids[1] || ids[0] != first[session][0] {
			t.Errorf("session %s: %q after %q, want the same one twice", session, ids, first[session])
		}
		if !strings.Contains(ids[0], events[session]) {
			t.Errorf("session %s: Message-ID %s doesn't have the event's id %s in it", session, ids[0], events[session])
		}
	}
}

func messageIDs(t *testing.T, mails []*mail.Message) map[string][]string {
	t.Helper()
	ids := map[string][]string{}
	for _, m := range mails {
		session := readMail(t, m).session
		ids[session] = append(ids[session], m.Header.Get("Message-Id"))
	}
	return ids
}

// eventIDs gives the id of each session's event, as the file recipient has it.
func eventIDs(t *testing.T, p *trial.Program) map[string]string {
	t.Helper()
	b, err := os.ReadFile(p.Path("events.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	for line := range strings.Lines(string(b)) {
		var e struct{ ID, Lsid string }
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		ids[e.Lsid] = e.ID
	}
	return ids
}

// TestMailWithWrongPassword: a refused login kills nothing. The mail waits,
// other recipients go on, and it arrives once after a start with the right
// password.
func TestMailWithWrongPassword(t *testing.T) {
	s := startMailServer(t)
	p := mailBridge(t, s, "auto")
	p.Write("password", "wrong")
	p.Write("session.log", ended(t, "5e5501", "INC1"))
	p.Start()
	eventually(t, timeToArrive, "refused: the login", func() bool {
		return strings.Contains(s.log("mainlog"), "535 Incorrect authentication data")
	})
	eventually(t, timeToArrive, "written: the file recipient's event", func() bool {
		b, err := os.ReadFile(p.Path("events.jsonl"))
		return err == nil && strings.Contains(string(b), "5e5501")
	})
	if dead := p.Command("dead", "ls", "--json"); strings.Contains(dead, "5e5501") {
		t.Errorf("a dead letter: %s", dead)
	}
	p.Stop()
	if n := len(s.accepted()); n != 0 {
		t.Errorf("%d mails taken with a wrong password", n)
	}

	p.Write("password", mailPassword)
	p.Start()
	if got := readMail(t, s.mailbox(1)[0]); got.session != "5e5501" {
		t.Errorf("the mail is of session %q", got.session)
	}
	p.Stop()
	log, err := os.ReadFile(p.Path("tailpost.err"))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{mailPassword, base64.StdEncoding.EncodeToString([]byte(mailPassword))} {
		if strings.Contains(string(log), secret) {
			t.Error("the password stands in the log")
		}
	}
}

// letter is what a person sees of a mail.
type letter struct{ from, to, subject, text, session string }

func readMail(t *testing.T, m *mail.Message) letter {
	t.Helper()
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Fatalf("subject %q: %v", m.Header.Get("Subject"), err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "text/plain" || !strings.EqualFold(params["charset"], "utf-8") {
		t.Fatalf("content type %q (%v), want UTF-8 text", m.Header.Get("Content-Type"), err)
	}
	body := m.Body
	switch enc := strings.ToLower(m.Header.Get("Content-Transfer-Encoding")); enc {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "", "7bit", "8bit":
	default:
		t.Fatalf("transfer encoding %q", enc)
	}
	b, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	l := letter{from: m.Header.Get("From"), to: m.Header.Get("To"), subject: subject, text: strings.ReplaceAll(string(b), "\r\n", "\n")}
	if words := strings.Fields(l.text); len(words) > 1 {
		l.session = words[1]
	}
	return l
}
