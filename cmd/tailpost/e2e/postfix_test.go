//go:build e2e

package e2e

import (
	"fmt"
	"html"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/cmd/tailpost/trial"
)

// postfixConfig wants the server's port, security, ca_file and the kind of AUTH.
const postfixConfig = `
[[sources.tail]]
name = "sessions"
path = "session.log"
format = "json"
start = "beginning"

[smtp]
host = "127.0.0.1"
port = %s
security = %q
ca_file = %q
auth = %q
username = "` + mailUser + `"
password_file = "password"
from = "Tailpost <tailpost@example.com>"

[[recipients.email]]
name = "helpdesk"
address = "helpdesk@example.com, second@example.com"
events = ["support_conference_begin", "support_conference_end"]
reply_to = "Desk <desk@example.com>"
subject = "[%%%%external_key%%%%] %%%%display_name%%%%"
body = "Session %%%%lsid%%%%\nKey: %%%%external_key%%%%\nWith: %%%%display_name%%%%\n"
html = '<p title="%%%%external_key%%%%">Session %%%%lsid%%%%</p><pre>%%%%external_key%%%%</pre><i>%%%%display_name%%%%</i>'
retry_interval = "300ms"

[recipients.email.message.support_conference_begin]
subject = "begun: %%%%external_key%%%%"
`

func postfixBridge(t *testing.T, s *postfix, security, auth string) *trial.Program {
	t.Helper()
	port := s.starttls
	if security == "tls" {
		port = s.tls
	}
	p := trial.New(t, raceBinary, fmt.Sprintf(postfixConfig, port, security, s.dir+"/ca.pem", auth))
	p.Write("password", mailPassword+"\n")
	return p
}

// TestPostfixTakesMail: each way to secure the connection and to log in, both
// parts of the mails, their texts by event and their thread, on a connection
// that is kept.
func TestPostfixTakesMail(t *testing.T) {
	for _, tc := range []struct{ security, auth, wantMethod string }{
		{"starttls", "auto", "PLAIN"},
		{"starttls", "login", "LOGIN"},
		{"starttls", "cram-md5", "CRAM-MD5"},
		{"tls", "plain", "PLAIN"},
	} {
		t.Run(tc.security+" "+tc.auth, func(t *testing.T) {
			s := startPostfix(t)
			p := postfixBridge(t, s, tc.security, tc.auth)
			p.Write("session.log", began(t, "5e5501", "INC1")+ended(t, "5e5501", "INC1"))
			p.Start()
			mails := s.mailbox(4)
			p.Stop()

			log := s.log()
			if !strings.Contains(log, "sasl_method="+tc.wantMethod+", sasl_username="+mailUser) || !strings.Contains(log, "TLS connection established from") {
				t.Errorf("want TLS and a login by %s", tc.wantMethod)
			}
			eventually(t, timeToArrive, "said: that one connection carried both mails", func() bool { return strings.Contains(s.log(), " mail=2 ") })
			var subjects, threads []string
			for _, m := range mails {
				l := readParts(t, m)
				subjects = append(subjects, l.subject+" to "+m.Header.Get("X-Original-To"))
				threads = append(threads, m.Header.Get("References"), m.Header.Get("In-Reply-To"))
				want := fmt.Sprintf("Session 5e5501\nKey: INC1\nWith: %s\n", displayName)
				wantHTML := `<p title="INC1">Session 5e5501</p><pre>INC1</pre><i>` + html.EscapeString(displayName) + `</i>`
				if l.text != want || l.html != wantHTML {
					t.Errorf("text %q, HTML %q", l.text, l.html)
				}
				if l.to != "<helpdesk@example.com>, <second@example.com>" || m.Header.Get("Reply-To") != `"Desk" <desk@example.com>` {
					t.Errorf("to %s, reply to %s", l.to, m.Header.Get("Reply-To"))
				}
			}
			slices.Sort(subjects)
			if want := []string{
				"[INC1] " + displayName + " to helpdesk@example.com", "[INC1] " + displayName + " to second@example.com",
				"begun: INC1 to helpdesk@example.com", "begun: INC1 to second@example.com",
			}; !slices.Equal(subjects, want) {
				t.Errorf("subjects %q, want %q", subjects, want)
			}
			if threads[0] == "" || len(slices.Compact(threads)) != 1 {
				t.Errorf("threads %q, want one", threads)
			}
		})
	}
}

// TestPostfixTakesHostileKeys: whatever stands in a ticket's key, it is text in
// subject, text and HTML, and nobody gets a mail but who is configured.
func TestPostfixTakesHostileKeys(t *testing.T) {
	keys := []string{
		"x\r\nBcc: evil@example.com", "\r\n.\r\nMAIL FROM:<tailpost@example.com>\r\nRCPT TO:<evil@example.com>\r\nDATA\r\nevil\r\n.\r\n",
		"</pre></script><script>alert(1)</script>", `" onload="alert(1)`, "%%lsid%%", "\x1b[2J\x00", "=?utf-8?q?=0D=0ABcc:_evil?=",
		"\n--boundary\nContent-Type: text/html\n\n<b>", strings.Repeat("x", 900) + "\u2028\u202e", strings.Repeat("k", 1<<20-1000),
	}
	s := startPostfix(t)
	p := postfixBridge(t, s, "starttls", "auto")
	var log strings.Builder
	for i, key := range keys {
		log.WriteString(ended(t, fmt.Sprintf("5e55%02d", i), key))
	}
	p.Write("session.log", log.String())
	p.Start()
	mails := s.mailbox(2 * len(keys))
	p.Stop()

	if strings.Contains(s.log(), "evil@") {
		t.Error("the server heard of evil@example.com")
	}
	seen := map[string]int{}
	for _, m := range mails {
		l := readParts(t, m)
		_, rest, _ := strings.Cut(l.text, "Session ")
		session, _, _ := strings.Cut(rest, "\n")
		seen[session]++
		var i int
		if _, err := fmt.Sscanf(session, "5e55%02d", &i); err != nil {
			t.Fatalf("text %q", l.text[:min(len(l.text), 100)])
		}
		if m.Header.Get("Bcc") != "" || strings.ContainsAny(l.subject, "\r\n\x00\x1b") || !strings.HasPrefix(l.subject, "[") {
			t.Errorf("key %d: subject %q", i, l.subject)
		}
		if len(keys[i]) > 1<<19 {
			if l.html != "" || len(l.text) > 300<<10 {
				t.Errorf("key %d: text of %d bytes, HTML of %d", i, len(l.text), len(l.html))
			}
			continue
		}
		lines := strings.NewReplacer("\r\n", "\n", "\r", "\n") // a mail's text knows one kind of line end
		if want := fmt.Sprintf("Session %s\nKey: %s\nWith: %s\n", session, lines.Replace(keys[i]), displayName); lines.Replace(l.text) != want {
			t.Errorf("key %d: text %q, want %q", i, l.text, want)
		}
		inside := strings.TrimSuffix(strings.TrimPrefix(l.html, `<p title="`), "</i>")
		for _, fixed := range []string{`">Session ` + session + "</p><pre>", "</pre><i>"} {
			inside = strings.Replace(inside, fixed, "", 1)
		}
		if strings.ContainsAny(inside, `<>"'`+"\x00\x1b") {
			t.Errorf("key %d: HTML of its own: %q", i, l.html)
		}
	}
	if len(seen) != len(keys) {
		t.Errorf("mails of %v", seen)
	}
}

func began(t *testing.T, session, key string) string {
	return jsonLine(t, map[string]any{
		"event": "support_conference_begin", "timestamp": firstTime - 60, "lsid": session, "external_key": key, "display_name": displayName,
	})
}

// parts is a mail with its text in two forms, or one.
type parts struct{ subject, to, text, html string }

func readParts(t *testing.T, m *mail.Message) parts {
	t.Helper()
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	l := parts{subject: subject, to: m.Header.Get("To")}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if kind == "text/plain" {
		l.text = decoded(t, quotedprintable.NewReader(m.Body))
		return l
	}
	if kind != "multipart/alternative" {
		t.Fatalf("a mail of type %s", kind)
	}
	mr := multipart.NewReader(m.Body, params["boundary"]) // it decodes quoted-printable
	for _, want := range []struct {
		kind string
		to   *string
	}{{"text/plain", &l.text}, {"text/html", &l.html}} {
		part, err := mr.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		if kind, params, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); kind != want.kind || !strings.EqualFold(params["charset"], "utf-8") {
			t.Errorf("a part of type %s %v, want %s", kind, params, want.kind)
		}
		*want.to = decoded(t, part)
	}
	if _, err := mr.NextPart(); err != io.EOF {
		t.Errorf("more than two parts: %v", err)
	}
	return l
}

func decoded(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(b), "\r\n", "\n")
}
