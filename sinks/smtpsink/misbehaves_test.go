package smtpsink_test

import (
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/sinks/sinktest"
	"github.com/tailpost/tailpost/sinks/smtpsink"
)

// misbehaviour is what a server does wrong, and what is to come of it.
type misbehaviour struct {
	step, how  string
	wantScope  bridge.Scope
	wantDown   bool
	wantStatus string
	wantText   string // of the error; "": delivered
	wantNote   string // the addresses that are remembered
	wantTook   time.Duration
	wantTwice  bool // the server has a mail that it never confirmed, and gets it again
}

const (
	misconfigured = "misconfigured"
	event         = bridge.ThisEvent
	recipient     = bridge.ThisRecipient
)

var misbehaviours = []misbehaviour{
	// Before the transaction all is the recipient's, and one failure shows it.
	{step: "greeting", how: closes, wantScope: recipient, wantDown: true, wantText: "greeting: "},
	{step: "greeting", how: "421 too busy", wantScope: recipient, wantDown: true, wantText: "greeting: 421 too busy"},
	{step: "greeting", how: "554 no", wantScope: recipient, wantDown: true, wantText: "greeting: 554 no"},
	{step: "greeting", how: stalls, wantScope: recipient, wantDown: true, wantText: "greeting: ", wantTook: 30 * time.Second},
	{step: "greeting", how: garbage, wantScope: recipient, wantDown: true, wantText: "greeting: "},
	{step: "greeting", how: toomuch, wantScope: recipient, wantDown: true, wantText: "more than 1 MiB"},
	{step: "EHLO", how: closes, wantScope: recipient, wantDown: true, wantText: "EHLO"},
	{step: "EHLO", how: "451 later", wantScope: recipient, wantDown: true, wantStatus: misconfigured, wantText: "STARTTLS: the server does not offer it"}, // HELO works
	{step: "EHLO", how: "502 what", wantScope: recipient, wantDown: true, wantStatus: misconfigured, wantText: "STARTTLS: the server does not offer it"},
	{step: "EHLO", how: stalls, wantScope: recipient, wantDown: true, wantText: "EHLO", wantTook: 30 * time.Second},
	{step: "EHLO", how: toomuch, wantScope: recipient, wantDown: true, wantText: "more than 1 MiB"},
	{step: "EHLO", how: "250-mail.example.com\r\n250 8BITMIME", wantScope: recipient, wantDown: true, wantStatus: misconfigured, wantText: "STARTTLS: the server does not offer it"},
	{step: "STARTTLS", how: closes, wantScope: recipient, wantDown: true, wantText: "STARTTLS: EOF"},
	{step: "STARTTLS", how: "454 not now", wantScope: recipient, wantDown: true, wantText: "STARTTLS: 454 not now"},
	{step: "STARTTLS", how: "502 no", wantScope: recipient, wantDown: true, wantText: "STARTTLS: 502 no"},
	{step: "STARTTLS", how: stalls, wantScope: recipient, wantDown: true, wantText: "STARTTLS: ", wantTook: 30 * time.Second},
	{step: "STARTTLS", how: garbage, wantScope: recipient, wantDown: true, wantText: "STARTTLS: "},
	{step: "STARTTLS", how: toomuch, wantScope: recipient, wantDown: true, wantText: "more than 1 MiB"},
	{step: "STARTTLS", how: "220 go on\r\n250 AUTH EVIL", wantNote: "a@example.com b@example.com c@example.com"}, // said before TLS: nobody listens
	{step: "TLS", how: closes, wantScope: recipient, wantDown: true, wantText: "STARTTLS: "},
	{step: "TLS", how: stalls, wantScope: recipient, wantDown: true, wantText: "STARTTLS: ", wantTook: 30 * time.Second},
	{step: "TLS", how: garbage, wantScope: recipient, wantDown: true, wantText: "STARTTLS: tls: "},
	{step: "TLS", how: "certificate", wantScope: recipient, wantDown: true, wantStatus: misconfigured, wantText: "STARTTLS: its certificate is not trusted: name that of who signed it in ca_file (tls: failed to verify certificate"},
	{step: "EHLO by TLS", how: closes, wantScope: recipient, wantDown: true, wantText: "STARTTLS: EOF"},
	{step: "EHLO by TLS", how: "250-mail.example.com\r\n250 8BITMIME", wantScope: recipient, wantDown: true, wantStatus: misconfigured, wantText: "login: the server offers no login that we know"},
	{step: "EHLO by TLS", how: "250-mail.example.com\r\n250 AUTH GSSAPI", wantScope: recipient, wantDown: true, wantStatus: misconfigured, wantText: "(it offers: GSSAPI)"},
	{step: "AUTH", how: closes, wantScope: recipient, wantDown: true, wantText: "login: EOF"},
	{step: "AUTH", how: "454 not now", wantScope: recipient, wantDown: true, wantText: "login: 454 not now"},
	{step: "AUTH", how: "535 no", wantScope: recipient, wantDown: true, wantStatus: misconfigured, wantText: "login: 535 no"},
	{step: "AUTH", how: "334 czNjcjN0", wantScope: recipient, wantDown: true, wantText: "login: "},
	{step: "AUTH", how: stalls, wantScope: recipient, wantDown: true, wantText: "login: ", wantTook: 30 * time.Second},
	{step: "AUTH", how: garbage, wantScope: recipient, wantDown: true, wantText: "login: "},
	{step: "AUTH", how: toomuch, wantScope: recipient, wantDown: true, wantText: "more than 1 MiB"},

	// In the transaction, up to the addresses, it is the recipient's, but one
	// failure shows nothing.
	{step: "MAIL", how: closes, wantScope: recipient, wantText: "MAIL FROM: EOF"},
	{step: "MAIL", how: "451 later", wantScope: recipient, wantText: "MAIL FROM: 451 later"},
	{step: "MAIL", how: "550 no", wantScope: recipient, wantText: "MAIL FROM: 550 no"},
	{step: "MAIL", how: "530 log in first", wantScope: recipient, wantDown: true, wantStatus: misconfigured, wantText: "MAIL FROM: 530"},
	{step: "MAIL", how: stalls, wantScope: recipient, wantText: "MAIL FROM: ", wantTook: 30 * time.Second},
	{step: "MAIL", how: garbage, wantScope: recipient, wantText: "MAIL FROM: "},
	{step: "MAIL", how: toomuch, wantScope: recipient, wantText: "more than 1 MiB"},
	{step: "RCPT", how: closes, wantScope: recipient, wantText: "RCPT TO: EOF"},
	{step: "RCPT", how: "450 later", wantScope: recipient, wantText: "RCPT TO: all addresses refused: 450 later"},
	{step: "RCPT", how: "550 no", wantScope: recipient, wantText: "RCPT TO: all addresses refused: 550 no"},
	{step: "RCPT", how: "421 bye", wantScope: recipient, wantText: "RCPT TO: 421 bye"},
	{step: "RCPT", how: stalls, wantScope: recipient, wantText: "RCPT TO: ", wantTook: 30 * time.Second},
	{step: "RCPT", how: garbage, wantScope: recipient, wantText: "RCPT TO: "},
	{step: "RCPT", how: toomuch, wantScope: recipient, wantText: "more than 1 MiB"},
	{step: "RCPT b@example.com", how: "550 no such user", wantScope: event, wantText: "1 of 3 addresses refused: b@example.com: 550 no such user", wantNote: "a@example.com c@example.com"},
	{step: "RCPT b@example.com", how: "452 full", wantScope: event, wantText: "1 of 3 addresses refused: b@example.com: 452 full", wantNote: "a@example.com c@example.com"},
	{step: "RCPT b@example.com", how: closes, wantScope: recipient, wantText: "RCPT TO: EOF"},

	// From DATA on it may be the event.
	{step: "DATA", how: closes, wantScope: event, wantText: "DATA: EOF"},
	{step: "DATA", how: "451 later", wantScope: event, wantText: "DATA: 451 later"},
	{step: "DATA", how: "554 no", wantScope: event, wantText: "DATA: 554 no"},
	{step: "DATA", how: stalls, wantScope: event, wantText: "DATA: ", wantTook: 30 * time.Second},
	{step: "DATA", how: garbage, wantScope: event, wantText: "DATA: "},
	{step: "DATA", how: toomuch, wantScope: event, wantText: "DATA: "},
	{step: "end", how: closes, wantScope: event, wantText: "DATA: EOF", wantTwice: true},
	{step: "end", how: "451 later", wantScope: event, wantText: "DATA: 451 later"},
	{step: "end", how: "552 too big", wantScope: event, wantText: "DATA: 552 too big"},
	{step: "end", how: stalls, wantScope: event, wantText: "DATA: ", wantTook: 30 * time.Second, wantTwice: true},
	{step: "end", how: garbage, wantScope: event, wantText: "DATA: "},
	{step: "end", how: toomuch, wantScope: event, wantText: "more than 1 MiB"},

	// Once the server has the mail, nothing that it does makes it undelivered.
	{step: "QUIT", how: closes, wantNote: "a@example.com b@example.com c@example.com"},
	{step: "QUIT", how: "421 bye", wantNote: "a@example.com b@example.com c@example.com"},
	{step: "QUIT", how: "502 what", wantNote: "a@example.com b@example.com c@example.com"},
	{step: "QUIT", how: stalls, wantNote: "a@example.com b@example.com c@example.com", wantTook: 2 * time.Second},
	{step: "QUIT", how: garbage, wantNote: "a@example.com b@example.com c@example.com"},
	{step: "QUIT", how: toomuch, wantNote: "a@example.com b@example.com c@example.com"},
}

// A server that misbehaves at each step, in each way: whose fault it is, how
// long it holds us up, who is remembered to have the mail; that it is tried
// again and then arrives at everybody who didn't have it; and that the
// password is neither sent in the clear nor shown.
func TestMisbehaviour(t *testing.T) {
	for _, c := range misbehaviours {
		t.Run(c.step+" "+strings.ToValidUTF8(c.how, "?"), func(t *testing.T) {
			s := newMisbehaving(t, map[string]string{c.step: c.how})
			synctest.Test(t, func(t *testing.T) { c.run(t, s) })
		})
	}
}

func (c misbehaviour) run(t *testing.T, s *misbehaving) {
	sink := newSinkTo(t, s.relay(), "a@example.com", "b@example.com", "c@example.com")
	start := time.Now()
	rec, de := c.attempt(t, sink, nil)
	if took := time.Since(start); took < c.wantTook || took > c.wantTook+time.Second {
		t.Errorf("took %s, want %s", took, c.wantTook)
	}
	if got := strings.Join(strings.Fields(string(rec.Note)), " "); got != c.wantNote || rec.Partly != (c.wantText != "" && c.wantNote != "") {
		t.Errorf("remembered %q, partly %v; want %q", got, rec.Partly, c.wantNote)
	}
	c.judge(t, de, rec, sink.Status())
	if said := s.commands(); strings.Contains(said, "s3cr3t") || c.step == "EHLO" && strings.Contains(said, "MAIL") {
		t.Errorf("the client said\n%s", said)
	}

	s.behave(nil)
	if rec, de := c.attempt(t, sink, rec.Note); de != nil || len(rec.Note) == 0 {
		t.Errorf("once it behaves: %v, remembered %q", de, rec.Note)
	}
	if st := sink.Status(); st != (smtpsink.Status{Text: "OK", OK: true, At: st.At}) {
		t.Errorf("status %+v, want OK", st)
	}
	got := map[string]int{}
	ids := map[string]bool{}
	for _, m := range s.all() {
		for _, to := range m.to {
			got[to]++
		}
		parsed, err := mail.ReadMessage(strings.NewReader(m.raw))
		if err != nil {
			t.Fatal(err)
		}
		ids[parsed.Header.Get("Message-Id")] = true
	}
	want := map[bool]int{false: 1, true: 2}[c.wantTwice]
	if got["a@example.com"] != want || got["b@example.com"] != want || got["c@example.com"] != want || len(ids) != 1 {
		t.Errorf("mails by address: %v, ids %v; want %d each, of one id", got, ids, want)
	}
}

func (c misbehaviour) attempt(t *testing.T, sink *smtpsink.Sink, note []byte) (bridge.Receipt, *bridge.DeliveryError) {
	t.Helper()
	d := bridge.Delivery{Events: []bridge.Event{sinktest.PlainEvent(1)}, Attempt: 1, Note: note, Explain: c.step == "QUIT"} // else it isn't said
	rec, err := sink.Deliver(t.Context(), d)
	var de *bridge.DeliveryError
	if err != nil && !errors.As(err, &de) {
		t.Fatalf("%T: %v", err, err)
	}
	return rec, de
}

func (c misbehaviour) judge(t *testing.T, de *bridge.DeliveryError, rec bridge.Receipt, st smtpsink.Status) {
	t.Helper()
	if c.wantText == "" {
		if de != nil || !st.OK {
			t.Errorf("failed: %v; status %+v", de, st)
		}
		return
	}
	switch {
	case de == nil:
		t.Fatal("delivered")
	case de.Scope != c.wantScope, de.Down != c.wantDown, de.Status != c.wantStatus, de.Permanent, !strings.Contains(de.Error(), c.wantText):
		t.Errorf("scope %d, down %v, status %q, permanent %v: %v", de.Scope, de.Down, de.Status, de.Permanent, de)
	}
	for _, shown := range []string{de.Error(), st.Text, rec.Answer, fmt.Sprintf("%+v", de)} {
		if strings.Contains(shown, "s3cr3t") || strings.ContainsAny(shown, "\x00\x1b\r\n") || len(shown) > 600 {
			t.Errorf("shown: %q", shown)
		}
	}
	if st.OK || st.Text != de.Error() {
		t.Errorf("status %+v of %v", st, de)
	}
}

// The sender, and all addresses but one, are taken; then the server is told
// nothing more about those that have the mail.
func TestRestOfTheAddresses(t *testing.T) {
	s := newMisbehaving(t, map[string]string{"RCPT b@example.com": "450 later"})
	synctest.Test(t, func(t *testing.T) {
		sink := newSinkTo(t, s.relay(), "a@example.com", "b@example.com")
		var note []byte
		for range 3 {
			rec, _ := misbehaviour{}.attempt(t, sink, note)
			note = rec.Note
		}
		s.behave(nil)
		if _, de := (misbehaviour{}).attempt(t, sink, note); de != nil {
			t.Error(de)
		}
		var to [][]string
		for _, m := range s.all() {
			to = append(to, m.to)
		}
		if !slices.EqualFunc(to, [][]string{{"a@example.com"}, {"b@example.com"}}, slices.Equal[[]string]) {
			t.Errorf("mails to %v", to)
		}
	})
}

// The status is what the server last said: to a recipient's own mails, and to
// all of us.
func TestStatus(t *testing.T) {
	s := newMisbehaving(t, nil)
	synctest.Test(t, func(t *testing.T) {
		relay := newRelay(t, s.relay())
		var sinks []*smtpsink.Sink
		for _, name := range []string{"one", "other"} {
			sink, err := smtpsink.New(relay, smtpsink.Options{Name: name, Address: []string{name + "@example.com", "b@example.com"}})
			if err != nil {
				t.Fatal(err)
			}
			sinks = append(sinks, sink)
		}
		for _, c := range []struct {
			name, at, how                   string
			who                             int
			wantOne, wantOther, wantRelay   string
			wantOneOK, wantOtherOK, relayOK bool
		}{
			{name: "before the first mail", who: -1, wantOne: "not tried", wantOther: "not tried", wantRelay: "not tried"},
			{name: "accepts", wantOne: "OK", wantOneOK: true, wantOther: "not tried", wantRelay: "OK", relayOK: true},
			{name: "refuses", at: "DATA", how: "554 5.7.1 spam", who: 1, wantOne: "OK", wantOneOK: true,
				wantOther: "mail.example.com: DATA: 554 5.7.1 spam", wantRelay: "mail.example.com: DATA: 554 5.7.1 spam"},
			{name: "refuses an address", at: "RCPT b@example.com", how: "550 who?", wantOne: "1 of 2 addresses refused: b@example.com: 550 who?",
				wantOther: "mail.example.com: DATA: 554 5.7.1 spam", wantRelay: "1 of 2 addresses refused: b@example.com: 550 who?"},
			{name: "accepts again", who: 1, wantOne: "1 of 2 addresses refused: b@example.com: 550 who?", wantOther: "OK", wantOtherOK: true, wantRelay: "OK", relayOK: true},
		} {
			s.behave(map[string]string{c.at: c.how})
			if c.who >= 0 {
				misbehaviour{}.attempt(t, sinks[c.who], nil)
			}
			one, other, all := sinks[0].Status(), sinks[1].Status(), relay.Status()
			if one.Text != c.wantOne || one.OK != c.wantOneOK || other.Text != c.wantOther || other.OK != c.wantOtherOK || all.Text != c.wantRelay || all.OK != c.relayOK {
				t.Errorf("%s: %+v, %+v, relay %+v", c.name, one, other, all)
			}
		}
	})
}
