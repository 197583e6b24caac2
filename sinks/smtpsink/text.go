package smtpsink

import (
	"fmt"
	"strings"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/sinks/macro"
)

// titles say in words what happened.
var titles = map[string]string{
	bridge.EventBegin:          "Session started",
	bridge.EventEnd:            "Session ended",
	bridge.EventOwnerChanged:   "Session has a new owner",
	bridge.EventMemberAdded:    "Someone joined the session",
	bridge.EventMemberDeparted: "Someone left the session",
	bridge.EventCustomerSurvey: "Customer completed the exit survey",
	bridge.EventRepSurvey:      "Representative completed the exit survey",
}

// title is the event in words; a raw event's is its name.
func title(e *bridge.Event) string {
	if t := titles[e.Name]; t != "" {
		return t
	}
	return "Event " + e.Name
}

// defaultSubject is the subject where none is configured: what happened, to
// which ticket or session, on which appliance.
func defaultSubject(e *bridge.Event) string {
	s := title(e)
	switch {
	case e.HasKey():
		s = "[" + e.ExternalKey + "] " + s
	case e.Session != "":
		s += " (" + e.Session + ")"
	}
	if e.ApplianceID != "" {
		s += " on " + e.ApplianceID
	}
	return string(macro.Header.Append(nil, s))
}

// defaultText is the body where none is configured.
func defaultText(e *bridge.Event) string { return details(e) + "\nEvent " + e.ID.String() + "\n" }

// details has a line for each thing that is known. A value of several lines
// goes on indented, so that none can pass for a line of ours.
func details(e *bridge.Event) string {
	var b strings.Builder
	line := func(label, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-16s %s\n", label+":", indent(value))
		}
	}
	fmt.Fprintf(&b, "%s\n\n", indent(title(e)))
	line("Time", time.Unix(e.Timestamp, 0).UTC().Format(macro.TimeLayout))
	line("Appliance", e.ApplianceID)
	line("Ticket", e.ExternalKey)
	line("Session", e.Session)
	line("Queue", e.ConferenceName)
	line("Member", withNote(e.MemberName, e.MemberType))
	line("Representative", withNote(firstOf(e.DisplayName, e.Username, e.UserID), e.Username))
	line("Computer", withNote(e.Hostname, e.OS))
	lines(&b, "Survey", len(e.Survey), func(i int) (label, value string) {
		a := e.Survey[i]
		return firstOf(a.Label, a.Key()), a.Answer
	})
	lines(&b, "Custom fields", len(e.Custom), func(i int) (label, value string) {
		return e.Custom[i].Name, e.Custom[i].Value
	})
	if !bridge.IsSessionEvent(e.Name) {
		lines(&b, "Fields", len(e.Extra), func(i int) (label, value string) {
			return e.Extra[i].Name, e.Extra[i].Value
		})
	}
	return b.String()
}

func lines(b *strings.Builder, heading string, n int, at func(int) (label, value string)) {
	if n == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", heading)
	for i := range n {
		label, value := at(i)
		if !strings.HasSuffix(label, "?") {
			label += ":"
		}
		fmt.Fprintf(b, "    %s %s\n", indent(label), indent(value))
	}
}

// withNote adds a note in brackets where it says something more.
func withNote(s, note string) string {
	if note == "" || note == s {
		return s
	}
	if s == "" {
		return note
	}
	return s + " (" + note + ")"
}

func firstOf(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}

// indent puts eight blanks before each line of a value but the first, and
// takes out what isn't text.
func indent(s string) string {
	parts := strings.Split(plainLines(s), "\n")
	for i, p := range parts {
		parts[i] = string(macro.Header.Append(nil, strings.ReplaceAll(p, "\t", " ")))
	}
	return strings.Join(parts, "\n        ")
}

// plainLines makes line feeds of all that somebody may take for a line's end.
func plainLines(s string) string { return lineEnds.Replace(s) }

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\f", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")
