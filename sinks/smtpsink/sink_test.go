package smtpsink_test

import (
	"errors"
	"fmt"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/receiver"
	"github.com/tailpost/tailpost/sinks/sinktest"
	"github.com/tailpost/tailpost/sinks/smtpsink"
)

func writeFile(t *testing.T, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func deliver(t *testing.T, s *smtpsink.Sink, note []byte) (bridge.Receipt, *bridge.DeliveryError) {
	t.Helper()
	rec, err := s.Deliver(t.Context(), bridge.Delivery{Events: []bridge.Event{sinktest.PlainEvent(1)}, Attempt: 1, Note: note})
	var de *bridge.DeliveryError
	if err != nil && !errors.As(err, &de) {
		t.Fatalf("%T: %v", err, err)
	}
	return rec, de
}

func TestMailByTLSAndLogin(t *testing.T) {
	for _, security := range []string{"starttls", "tls"} {
		for _, auth := range []string{"auto", "plain", "login"} {
			t.Run(security+" "+auth, func(t *testing.T) {
				r := startReceiver(t, receiver.Options{Username: "u", Password: "s3cr3t", ImplicitTLS: security == "tls"})
				o := r.relay(t)
				o.Security, o.Auth, o.Username, o.Password = security, auth, "u", option.NewSecret("s3cr3t")
				rec, de := deliver(t, newSink(t, o), nil)
				if de != nil {
					t.Fatal(de)
				}
				got := r.All()[0]
				if !got.TLS || got.User != "u" {
					t.Errorf("TLS %v, user %q", got.TLS, got.User)
				}
				if !strings.HasPrefix(rec.Answer, "250 ") || rec.Peer != r.SMTPAddr() || len(rec.Note) == 0 {
					t.Errorf("receipt %+v", rec)
				}
			})
		}
	}
}

func TestMail(t *testing.T) {
	r := startReceiver(t, receiver.Options{NoTLS: true})
	o := r.relay(t)
	s := newSinkTo(t, o, "a@example.com", "b@example.com")
	for range 2 {
		if _, de := deliver(t, s, nil); de != nil {
			t.Fatal(de)
		}
	}
	got := r.All()
	e := sinktest.PlainEvent(1)
	for name, want := range map[string]string{
		"From": `"Tailpost" <tailpost@example.com>`, "To": "<a@example.com>, <b@example.com>",
		"Subject": "[INC0010023] Session ended on support.example.com", "Auto-Submitted": "auto-generated",
		"X-Tailpost-Id": e.ID.String(), "X-Tailpost-Event": bridge.EventEnd, "User-Agent": "", "Bcc": "", "Cc": "",
	} {
		if v := got[0].Header.Get(name); v != want {
			t.Errorf("%s = %q, want %q", name, v, want)
		}
	}
	if !slices.Equal(got[0].To, []string{"a@example.com", "b@example.com"}) {
		t.Errorf("envelope %v", got[0].To)
	}
	id := got[0].Header.Get("Message-Id")
	if a, err := mail.ParseAddress(strings.Trim(id, "<>")); err != nil || !strings.HasPrefix(a.Address, e.ID.String()+".") || !strings.HasSuffix(a.Address, "@example.com") {
		t.Errorf("Message-ID %q", id)
	}
	if got[1].Header.Get("Message-Id") != id {
		t.Errorf("the second mail has another Message-ID, %q", got[1].Header.Get("Message-Id"))
	}
	other := newSinkOf(t, o, smtpsink.Options{Name: "other", Address: option.List{"a@example.com"}, Subject: "%%lsid%%\t%%external_key%%", Body: "at %%time%%: %%nope%%."})
	if _, de := deliver(t, other, nil); de != nil {
		t.Fatal(de)
	}
	last := r.All()[2]
	if last.Header.Get("Message-Id") == id {
		t.Error("another recipient's mail has the same Message-ID")
	}
	if want := "e9e9c0ffee00000000000000000000ff INC0010023"; last.Subject != want {
		t.Errorf("subject %q, want %q", last.Subject, want)
	}
	if want := "at 2025-09-10 14:08:07 UTC: .\n"; last.Text != want {
		t.Errorf("text %q, want %q", last.Text, want)
	}
}

func refuse(command, address string, code int) func(receiver.Step) (int, string) {
	return func(s receiver.Step) (int, string) {
		if s.Command == command && (address == "" || s.Address == address) {
			return code, "Refused by the test"
		}
		return 0, ""
	}
}

func TestClassification(t *testing.T) {
	for _, c := range []struct {
		name       string
		refuse     func(receiver.Step) (int, string)
		server     receiver.Options
		set        func(*smtpsink.RelayOptions)
		wantScope  bridge.Scope
		wantDown   bool
		wantStatus string
		wantText   string
	}{
		{name: "MAIL for now", refuse: refuse("MAIL", "", 451), wantScope: bridge.ThisRecipient, wantText: "MAIL FROM: 451"},
		{name: "MAIL for good", refuse: refuse("MAIL", "", 550), wantScope: bridge.ThisRecipient, wantText: "MAIL FROM: 550"},
		{name: "RCPT for now", refuse: refuse("RCPT", "", 450), wantScope: bridge.ThisRecipient, wantText: "all addresses refused: 450"},
		{name: "RCPT for good", refuse: refuse("RCPT", "", 550), wantScope: bridge.ThisRecipient, wantText: "all addresses refused: 550"},
		{name: "RCPT, and it hangs up", refuse: refuse("RCPT", "", 421), wantScope: bridge.ThisRecipient, wantText: "RCPT TO: 421"},
		{name: "DATA for now", refuse: refuse("DATA", "", 451), wantScope: bridge.ThisEvent, wantText: "DATA: 451"},
		{name: "DATA for good", refuse: refuse("DATA", "", 554), wantScope: bridge.ThisEvent, wantText: "DATA: 554"},
		{name: "wrong password", server: receiver.Options{Username: "u", Password: "right"},
			set:       func(o *smtpsink.RelayOptions) { o.Username, o.Password = "u", option.NewSecret("s3cr3t") },
			wantScope: bridge.ThisRecipient, wantDown: true, wantStatus: "misconfigured", wantText: "535"},
		{name: "login wanted, none given", server: receiver.Options{Username: "u", Password: "right"},
			wantScope: bridge.ThisRecipient, wantDown: true, wantStatus: "misconfigured", wantText: "530"},
		{name: "login given, none offered",
			set:       func(o *smtpsink.RelayOptions) { o.Username, o.Password = "u", option.NewSecret("s3cr3t") },
			wantScope: bridge.ThisRecipient, wantDown: true, wantStatus: "misconfigured", wantText: "no login that we know"},
		{name: "no STARTTLS", server: receiver.Options{NoTLS: true},
			wantScope: bridge.ThisRecipient, wantDown: true, wantStatus: "misconfigured", wantText: "STARTTLS"},
		{name: "another certificate", set: func(o *smtpsink.RelayOptions) { o.CAFile = "" },
			wantScope: bridge.ThisRecipient, wantDown: true, wantStatus: "misconfigured", wantText: "certificate"},
		{name: "another certificate, TLS at once", server: receiver.Options{ImplicitTLS: true},
			set:       func(o *smtpsink.RelayOptions) { o.CAFile, o.Security = "", "tls" },
			wantScope: bridge.ThisRecipient, wantDown: true, wantStatus: "misconfigured", wantText: "certificate"},
		{name: "nobody there", set: func(o *smtpsink.RelayOptions) { o.Port = 1 },
			wantScope: bridge.ThisRecipient, wantDown: true, wantText: "refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := startReceiver(t, c.server)
			r.SetRefuse(c.refuse)
			o := r.relay(t)
			o.Security = "starttls"
			if c.set != nil {
				c.set(&o)
			}
			rec, de := deliver(t, newSink(t, o), nil)
			if de == nil {
				t.Fatal("delivered")
			}
			if de.Scope != c.wantScope || de.Down != c.wantDown || de.Status != c.wantStatus || de.Permanent || !strings.Contains(de.Error(), c.wantText) {
				t.Errorf("scope %d, down %v, status %q: %v", de.Scope, de.Down, de.Status, de)
			}
			if strings.Contains(fmt.Sprintf("%v %+v %v", de, rec, de.Unwrap()), "s3cr3t") {
				t.Errorf("the password is shown: %v", de)
			}
			if len(rec.Note) > 0 {
				t.Errorf("note %q", rec.Note)
			}
		})
	}
}

// Some addresses take the mail, one doesn't: the others get it once.
func TestSomeAddressesRefused(t *testing.T) {
	r := startReceiver(t, receiver.Options{NoTLS: true})
	s := newSinkTo(t, r.relay(t), "a@example.com", "bad@example.com", "c@example.com")
	r.SetRefuse(refuse("RCPT", "bad@example.com", 550))

	rec, de := deliver(t, s, nil)
	if de == nil || de.Scope != bridge.ThisEvent || !strings.Contains(de.Error(), "1 of 3 addresses refused: bad@example.com: 550") {
		t.Fatalf("first attempt: %v", de)
	}
	if want := "a@example.com\nc@example.com"; string(rec.Note) != want || !rec.Partly {
		t.Fatalf("note %q, partly %v; want %q", rec.Note, rec.Partly, want)
	}
	rec, de = deliver(t, s, rec.Note)
	if de == nil || de.Scope != bridge.ThisEvent || de.Down {
		t.Fatalf("second attempt: %+v: the recipient works, this address doesn't", de)
	}
	r.SetRefuse(nil)
	rec, de = deliver(t, s, rec.Note)
	if de != nil {
		t.Fatalf("third attempt: %v", de)
	}
	var envelopes [][]string
	for _, g := range r.All() {
		envelopes = append(envelopes, g.To)
		if want := "<a@example.com>, <bad@example.com>, <c@example.com>"; g.Header.Get("To") != want {
			t.Errorf("To = %q, want %q", g.Header.Get("To"), want)
		}
	}
	if want := [][]string{{"a@example.com", "c@example.com"}, {"bad@example.com"}}; fmt.Sprint(envelopes) != fmt.Sprint(want) {
		t.Errorf("envelopes %v, want %v", envelopes, want)
	}
	if _, de := deliver(t, s, rec.Note); de != nil || len(r.All()) != 2 {
		t.Errorf("a note of all addresses sends again: %v, %d mails", de, len(r.All()))
	}
}

func TestNote(t *testing.T) {
	long := func(i int) string {
		return strings.Repeat("a", 60) + fmt.Sprint(i) + "@" + strings.Repeat("b.", 90) + "example.com"
	}
	var addresses []string
	for i := range 10 {
		addresses = append(addresses, long(i))
	}
	r := startReceiver(t, receiver.Options{NoTLS: true})
	s := newSinkTo(t, r.relay(t), addresses...)
	r.SetRefuse(refuse("RCPT", addresses[9], 450))
	rec, de := deliver(t, s, []byte("gone@example.com\n\n"+addresses[0]+"\n"+addresses[0]))
	if de == nil {
		t.Fatal("delivered to all")
	}
	if want := strings.Join(addresses[:9], "\n"); string(rec.Note) != want || len(rec.Note) > bridge.NoteMax {
		t.Errorf("%d bytes of note: %q", len(rec.Note), rec.Note)
	}
}
