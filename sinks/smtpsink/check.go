package smtpsink

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/macro"
)

// Bounds on what a recipient's table may hold.
const (
	templateMax = 64 << 10 // bytes
	messagesMax = 256      // events with texts of their own
	eventMax    = 128      // characters of such an event's name

	windowLeast = Window(time.Second)
	windowMost  = Window(24 * time.Hour)
	digestLeast = 2 // events
	digestMost  = 1000
)

// Check finds all that is wrong with the settings.
func (o *Options) Check(string) []option.Problem {
	ps := o.checkAddresses()
	if o.ReplyTo != "" {
		if _, err := parseAddress(o.ReplyTo); err != nil {
			ps = append(ps, option.Problem{Key: "reply_to", Text: fmt.Sprintf("%q: %v", o.ReplyTo, err), Hint: `use "desk@example.com" or "Desk <desk@example.com>"`})
		}
	}
	ps = append(ps, o.checkTexts("", Texts{Subject: o.Subject, Body: o.Body, HTML: o.HTML})...)
	ps = append(ps, o.checkDigest()...)
	return append(ps, o.checkMessages()...)
}

func (o *Options) checkDigest() (ps []option.Problem) {
	if w := o.DigestWindow; w != 0 && (w < windowLeast || w > windowMost) {
		ps = append(ps, option.Problem{Key: "digest_window", Text: fmt.Sprintf("%v is out of range", w), Hint: `use 1s to 1d, or "" for a mail an event`})
	}
	if n := o.DigestMax; n < digestLeast || n > digestMost {
		ps = append(ps, option.Problem{Key: "digest_max", Text: fmt.Sprintf("%d is out of range", n), Hint: `use 2 to 1000`})
	}
	return ps
}

// checkMessages looks at the texts of single events.
func (o *Options) checkMessages() []option.Problem {
	var ps []option.Problem
	if n := len(o.Message); n > messagesMax {
		return append(ps, option.Problem{Key: "message", Text: fmt.Sprintf("has %d events", n), Hint: fmt.Sprintf("use %d at most", messagesMax)})
	}
	for _, event := range slices.Sorted(maps.Keys(o.Message)) {
		key := "message." + event
		switch hint, bad := badEvent(event); {
		case event == "" || utf8.RuneCountInString(event) > eventMax || strings.ContainsFunc(event, func(r rune) bool { return !unicode.IsPrint(r) }):
			ps = append(ps, option.Problem{Key: "message", Text: fmt.Sprintf("%q is no event's name", event)})
		case bad:
			ps = append(ps, option.Problem{Key: key, Text: fmt.Sprintf("%q is no session event", event), Hint: hint})
		case o.Message[event] == (Texts{}):
			ps = append(ps, option.Problem{Key: key, Text: "is empty", Hint: "add subject, body or html"})
		default:
			ps = append(ps, o.checkTexts(key+".", o.Message[event])...)
		}
	}
	return ps
}

// badEvent reports whether a name looks like a session event's and is none.
func badEvent(name string) (hint string, bad bool) {
	if !strings.HasPrefix(name, bridge.SessionPrefix) || bridge.IsSessionEvent(name) {
		return "", false
	}
	if near := option.Nearest(name, bridge.SessionEvents()); near != "" {
		return fmt.Sprintf("did you mean %q?", near), true
	}
	return "known are " + strings.Join(bridge.SessionEvents(), ", "), true
}

// checkTexts looks at templates. The keys begin with prefix.
func (o *Options) checkTexts(prefix string, t Texts) []option.Problem {
	var ps []option.Problem
	for _, c := range []struct{ key, text string }{{"subject", t.Subject}, {"body", t.Body}, {"html", t.HTML}} {
		if len(c.text) > templateMax {
			ps = append(ps, option.Problem{Key: prefix + c.key, Text: "is longer than 64 KiB"})
			continue
		}
		ps = append(ps, macro.Compile(c.text).Doubts(prefix+c.key, o.Fields, o.AllFields)...)
	}
	if len(t.HTML) <= templateMax {
		if f := macro.HTMLText.Check(macro.Compile(t.HTML)); f != nil {
			ps = append(ps, option.Problem{Key: prefix + "html", Text: fmt.Sprintf("line %d, column %d: %s", f.Line, f.Column, f.Text), Hint: f.Hint})
		}
	}
	if strings.ContainsAny(t.Subject, "\r\n") {
		ps = append(ps, option.Problem{Key: prefix + "subject", Text: "has more than one line"})
	}
	return ps
}

func (o *Options) checkAddresses() []option.Problem {
	const key = "address"
	if len(o.Address) == 0 {
		return []option.Problem{{Key: key, Text: "is missing", Hint: `use one to ten, such as "helpdesk@example.com"`}}
	}
	return option.CheckAddresses(key, o.Address)
}
