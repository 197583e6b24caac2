package smtpsink_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/sinktest"
	"github.com/tailpost/tailpost/sinks/smtpsink"
)

var _ bridge.Inspector = (*smtpsink.Sink)(nil)

// What people see of a dialog, a line each.
func TestSteps(t *testing.T) {
	connected := []string{
		"connected to pipe in 0s", "greeting: 220 mail.example.com ESMTP", "EHLO HOST: 250 mail.example.com 8BITMIME STARTTLS",
		"TLS 1.3, TLS_AES_128_GCM_SHA256", "certificate of mail.example.com, by CN=mail.example.com, valid until 2099-01-01 00:00:00 UTC",
		"EHLO HOST: 250 mail.example.com 8BITMIME AUTH PLAIN LOGIN", `login by PLAIN as "u"`, "login: 235 welcome",
	}
	for _, c := range []struct {
		name   string
		script map[string]string
		only   bool // connect
		want   []string
	}{
		{name: "a mail", want: slices.Concat(connected, []string{"MAIL FROM: 250 ok", "RCPT TO:<a@example.com>: 250 ok", "RCPT TO:<b@example.com>: 250 ok",
			"DATA: 354 go on", "the mail, N bytes", "taken: 250 queued as 4711", "QUIT: 221 bye"})},
		{name: "an address refused", script: map[string]string{"RCPT b@example.com": "550 no"},
			want: slices.Concat(connected, []string{"MAIL FROM: 250 ok", "RCPT TO:<a@example.com>: 250 ok", "RCPT TO:<b@example.com>: failed: 550 no",
				"DATA: 354 go on", "the mail, N bytes", "taken: 250 queued as 4711", "QUIT: 221 bye"})},
		{name: "connecting", only: true, want: slices.Concat(connected, []string{"NOOP: 250 ok", "QUIT: 221 bye"})},
		{name: "no STARTTLS", only: true, script: map[string]string{"EHLO": "250 hello"},
			want: slices.Concat(connected[:2], []string{"EHLO HOST: 250 hello", "STARTTLS: failed: the server does not offer it"})},
		{name: "another certificate", only: true, script: map[string]string{"TLS": "certificate"},
			want: slices.Concat(connected[:3], []string{connected[4], "STARTTLS: failed: tls: failed to verify certificate: x509: certificate signed by unknown authority"})},
		{name: "wrong password", only: true, script: map[string]string{"AUTH": "535 \x1b[2Jno\ts3cr3t"},
			want: slices.Concat(connected[:7], []string{"login: failed: 535 \uFFFD[2Jno <redacted>"})},
		{name: "hostile greeting", only: true, script: map[string]string{"greeting": "421 \x00" + strings.Repeat("x", 1000)},
			want: []string{connected[0], "greeting: failed: 421 \uFFFD" + strings.Repeat("x", 245) + "…"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newMisbehaving(t, c.script)
			synctest.Test(t, func(t *testing.T) {
				sink := newSinkTo(t, s.relay(), "a@example.com", "b@example.com")
				var rec bridge.Receipt
				var err error
				if c.only {
					rec, err = sink.Connect(t.Context())
				} else {
					rec, err = sink.Deliver(t.Context(), bridge.Delivery{Events: []bridge.Event{sinktest.PlainEvent(1)}, Explain: true})
				}
				var de *bridge.DeliveryError
				if (err == nil) != (c.script == nil) || err != nil && !errors.As(err, &de) || rec.Peer != "pipe" {
					t.Errorf("%v, receipt %+v", err, rec)
				}
				host, size := regexp.MustCompile(`EHLO \S+:`), regexp.MustCompile(`\d+ bytes`)
				for i, step := range rec.Steps {
					rec.Steps[i] = size.ReplaceAllString(host.ReplaceAllString(step, "EHLO HOST:"), "N bytes")
				}
				if c.name == "another certificate" {
					rec.Steps[4] = strings.Split(rec.Steps[4], " (")[0] // the library's guesses
				}
				if !slices.Equal(rec.Steps, c.want) {
					t.Errorf("got\n%q\nwant\n%q", rec.Steps, c.want)
				}
			})
		})
	}
}

// Nobody watches an ordinary mail.
func TestNoStepsUnlessAsked(t *testing.T) {
	s := newMisbehaving(t, nil)
	rec, de := misbehaviour{}.attempt(t, newSinkTo(t, s.relay()), nil)
	if de != nil || len(rec.Steps) > 0 {
		t.Errorf("%v, %q", de, rec.Steps)
	}
}

func TestPreview(t *testing.T) {
	s := newMisbehaving(t, nil)
	sink := newSinkOf(t, s.relay(), smtpsink.Options{Name: "helpdesk", HTML: "<b>%%lsid%%</b>"})
	d := bridge.Delivery{Events: []bridge.Event{sinktest.PlainEvent(1)}, Attempt: 1}
	preview, err := sink.Preview(d)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sink.Deliver(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	same := func(raw string) string { // but for what differs from mail to mail
		m, err := mail.ReadMessage(strings.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		raw = strings.ReplaceAll(raw, m.Header.Get("Date"), "DATE")
		_, boundary, _ := strings.Cut(m.Header.Get("Content-Type"), "boundary=")
		return strings.ReplaceAll(raw, strings.Trim(boundary, `"`), "BOUNDARY")
	}
	if got, want := same(string(preview)), same(s.all()[0].raw); got != want {
		t.Errorf("previewed\n%s\nsent\n%s", got, want)
	}
	if _, err := sink.Preview(bridge.Delivery{}); err == nil {
		t.Error("a preview of nothing")
	}
}

// No secret is shown, whatever a server does with it: in no error, receipt,
// status or log, and not by printing the settings.
func TestNoSecretIsShown(t *testing.T) {
	const password, user = `p"ass/w\ord<+ä`, "u"
	plain := "\x00" + user + "\x00" + password
	b64 := base64.StdEncoding.EncodeToString
	quoted, err := json.Marshal(password)
	if err != nil {
		t.Fatal(err)
	}
	marks := []string{password, b64([]byte(password)), b64([]byte(plain)), string(quoted[1 : len(quoted)-1]), "ass/w"}
	echo := fmt.Sprintf("%s | %s | %s | %s", password, marks[1], marks[2], marks[3])
	for _, step := range []string{"greeting", "EHLO", "STARTTLS", "EHLO by TLS", "AUTH", "MAIL", "RCPT", "DATA", "end", "QUIT"} {
		for _, code := range []string{"250 ", "451 ", "550 ", "535 ", ""} {
			t.Run(step+" "+code, func(t *testing.T) {
				s := newMisbehaving(t, map[string]string{step: code + echo})
				var log bytes.Buffer
				synctest.Test(t, func(t *testing.T) {
					o := s.relay()
					o.Password, o.Log = option.NewSecret(password), zerolog.New(&log)
					sink := newSinkOf(t, o, smtpsink.Options{Name: "helpdesk", Log: zerolog.New(&log)})
					d := bridge.Delivery{Events: []bridge.Event{sinktest.PlainEvent(1)}, Attempt: 1, Explain: true}
					rec, err := sink.Deliver(t.Context(), d)
					con, conErr := sink.Connect(t.Context())
					shown := fmt.Sprintf("%v\n%+v\n%v\n%+v\n%v\n%+v\n%+v\n%+v", err, err, conErr, conErr, rec, con, sink.Status(), o)
					for _, steps := range [][]string{rec.Steps, con.Steps} {
						shown += strings.Join(steps, "\n")
					}
					if _, err := sink.Preview(d); err != nil {
						t.Error(err)
					}
					for _, mark := range marks {
						if strings.Contains(shown+log.String(), mark) {
							t.Errorf("%q is shown:\n%s\n%s", mark, shown, log.String())
						}
					}
				})
			})
		}
	}
}
