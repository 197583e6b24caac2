package smtpsink

import (
	"fmt"
	"strings"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/sinks/macro"
)

// rule stands between the events of a digest.
const rule = "----------------------------------------------------------------------"

// digest is a mail about several events, to all addresses: of each, in their
// order, its heading, its id, and what a mail about it alone would say. In the
// text that is indented, so that nothing in an event passes for a heading.
// What is longer than one mail may be is bridge.ErrTooLarge.
func (s *Sink) digest(events []bridge.Event) (Mail, error) {
	id := bridge.BatchID(events)
	m := Mail{
		To: s.o.Address, ReplyTo: s.o.ReplyTo, Subject: digestSubject(events),
		MessageID: s.messageID(id), Header: map[string]string{"X-Tailpost-Id": id.String()},
	}
	if name := shared(events, func(e *bridge.Event) string { return e.Name }); name != "" {
		m.Header["X-Tailpost-Event"] = name
	}
	if shared(events, session) != "" {
		m.Thread = s.threadID(&events[0])
	}
	formatted := false
	for i := range events {
		formatted = formatted || s.templates(&events[i]).html != nil
	}
	var text, html strings.Builder
	for i := range events {
		e := &events[i]
		c := s.content(e, details)
		heading := fmt.Sprintf("%d of %d: %s", i+1, len(events), headerText(c.subject, headerMax))
		writeText(&text, heading, e.ID, c.text)
		if formatted {
			writeHTML(&html, heading, e.ID, c)
		}
		if text.Len() > textMax || html.Len() > textMax {
			return Mail{}, eventFault(fmt.Sprintf("a digest of %d events", len(events)), bridge.ErrTooLarge)
		}
	}
	m.Text, m.HTML = text.String(), html.String()
	return m, nil
}

func writeText(b *strings.Builder, heading string, id bridge.ID, text string) {
	if b.Len() > 0 {
		fmt.Fprintf(b, "\n%s\n\n", rule)
	}
	fmt.Fprintf(b, "%s\nEvent %s\n\n", heading, id)
	for line := range strings.SplitSeq(strings.TrimRight(plainLines(text), "\n"), "\n") {
		if line != "" {
			b.WriteString("  ")
		}
		b.WriteString(line)
		b.WriteByte('\n')
	}
}

// writeHTML takes the text of an event that has no HTML.
func writeHTML(b *strings.Builder, heading string, id bridge.ID, c content) {
	if b.Len() > 0 {
		b.WriteString("<hr>\n")
	}
	fmt.Fprintf(b, "<h3>%s</h3>\n<p>Event %s</p>\n<div>", macro.HTML.Append(nil, heading), id)
	if c.html != "" {
		b.WriteString(c.html)
	} else {
		fmt.Fprintf(b, "<pre>%s</pre>", macro.HTML.Append(nil, c.text))
	}
	b.WriteString("</div>\n")
}

// digestSubject says how many events there are, and what they have in common.
func digestSubject(events []bridge.Event) string {
	kind := "session events"
	for i := range events {
		if !bridge.IsSessionEvent(events[i].Name) {
			kind = "events"
		}
	}
	s := fmt.Sprintf("%d %s", len(events), kind)
	if key := shared(events, func(e *bridge.Event) string { return e.ExternalKey }); key != "" {
		s = "[" + key + "] " + s
	} else if session := shared(events, session); session != "" {
		s += " (" + session + ")"
	}
	if appliance := shared(events, func(e *bridge.Event) string { return e.ApplianceID }); appliance != "" {
		s += " on " + appliance
	}
	return string(macro.Header.Append(nil, s))
}

func session(e *bridge.Event) string { return e.Session }

// shared gives what is the same of all events, or "".
func shared(events []bridge.Event, of func(*bridge.Event) string) string {
	for i := range events {
		if of(&events[i]) != of(&events[0]) {
			return ""
		}
	}
	return of(&events[0])
}
