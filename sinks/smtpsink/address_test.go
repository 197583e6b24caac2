package smtpsink_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/smtpsink"
)

// A domain goes over the wire as the domain name system has it; what stands
// before the @ needs a server that says it takes more than ASCII.
func TestAddressesOutsideASCII(t *testing.T) {
	const utf8 = "250-mail.example.com\r\n250-SMTPUTF8\r\n250 AUTH PLAIN"
	for _, c := range []struct {
		name, from, ehlo string
		to               option.List
		wantTo           []string
		wantSaid         string
		wantText         string // of the error
		wantStatus       string
	}{
		{name: "ASCII", from: "t@example.com", to: option.List{"a@example.com"}, ehlo: utf8, wantTo: []string{"a@example.com"}, wantSaid: "MAIL FROM:<t@example.com>\n"},
		{name: "a domain", from: "t@exämple.com", to: option.List{"a@exämple.com"}, wantTo: []string{"a@xn--exmple-cua.com"}, wantSaid: "MAIL FROM:<t@xn--exmple-cua.com> BODY=8BITMIME\n"},
		{name: "all of it", from: "zoë@exämple.com", to: option.List{"zoë@exämple.com"}, ehlo: utf8, wantTo: []string{"zoë@xn--exmple-cua.com"}, wantSaid: "MAIL FROM:<zoë@xn--exmple-cua.com> SMTPUTF8\n"},
		{name: "one of two", from: "t@example.com", to: option.List{"zoë@example.com", "a@example.com"}, wantTo: []string{"a@example.com"}, wantText: "1 of 2 addresses refused: zoë@example.com: the server takes no"},
		{name: "the only one", from: "t@example.com", to: option.List{"zoë@example.com"}, wantText: "all addresses refused: the server takes no", wantStatus: misconfigured},
		{name: "the sender", from: "zoë@example.com", to: option.List{"a@example.com"}, wantText: "MAIL FROM: the server takes no", wantStatus: misconfigured},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newMisbehaving(t, map[string]string{"EHLO by TLS": c.ehlo})
			o := s.relay()
			o.From = c.from
			sink := newSinkOf(t, o, smtpsink.Options{Address: c.to, ReplyTo: "Zoë <r@exämple.com>"})
			rec, de := misbehaviour{}.attempt(t, sink, nil)
			if rec.Partly { // what is left shows nothing about the recipient
				if _, again := (misbehaviour{}).attempt(t, sink, rec.Note); again == nil || again.Scope != event || again.Down || again.Status != "" {
					t.Errorf("again: %+v", again)
				}
			}
			if (c.wantText == "") != (de == nil) || de != nil && (!strings.Contains(de.Error(), c.wantText) || de.Status != c.wantStatus) {
				t.Errorf("%+v: %v", de, de)
			}
			if said := s.commands(); !strings.Contains(said, c.wantSaid) {
				t.Errorf("said\n%s", said)
			}
			var to []string
			for _, m := range s.all() {
				to = append(to, m.to...)
				if h, _, _ := strings.Cut(m.raw, "\r\n\r\n"); !strings.Contains(h, "<r@xn--exmple-cua.com>") || strings.Contains(h, "exämple") {
					t.Errorf("headers\n%s", h)
				}
			}
			if !slices.Equal(to, c.wantTo) {
				t.Errorf("mails to %q, want %q", to, c.wantTo)
			}
		})
	}
}
