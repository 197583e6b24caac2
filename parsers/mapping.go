package parsers

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

const (
	nameMax    = 256     // bytes of an event's own name
	sessionMax = 1024    // bytes of an lsid
	numberMax  = 1 << 53 // what JSON receivers read exactly
	senderID   = "sender_id"
	lineCut    = "line_cut"
)

// mapping puts fields into their places in an event.
type mapping struct {
	format string
	zone   *time.Location
	custom map[string]bool
}

// place is a text field of the event and the name it is taken by.
type place struct {
	name   string
	at     func(*bridge.Event) *string
	detail bool // "Unknown" counts as empty
}

// outbound are the variables of the appliance's own event, but for event,
// timestamp, name and type.
var outbound = []place{
	{"version", func(e *bridge.Event) *string { return &e.Version }, false},
	{"appliance_id", func(e *bridge.Event) *string { return &e.ApplianceID }, false},
	{"lsid", func(e *bridge.Event) *string { return &e.Session }, false},
	{"external_key", func(e *bridge.Event) *string { return &e.ExternalKey }, false},
	{"conference_id", func(e *bridge.Event) *string { return &e.ConferenceID }, false},
	{"conference_name", func(e *bridge.Event) *string { return &e.ConferenceName }, false},
	{"username", func(e *bridge.Event) *string { return &e.Username }, true},
	{"user_id", func(e *bridge.Event) *string { return &e.UserID }, false},
	{"display_name", func(e *bridge.Event) *string { return &e.DisplayName }, true},
}

// member are a member's name and type, on member events only: one receiver
// takes any event with type=customer for a new session.
var member = []place{
	{"name", func(e *bridge.Event) *string { return &e.MemberName }, true},
	{"type", func(e *bridge.Event) *string { return &e.MemberType }, false},
}

// details are what the other formats say besides.
var details = []place{
	{"site", func(e *bridge.Event) *string { return &e.Site }, false},
	{"private_ip", func(e *bridge.Event) *string { return &e.PrivateIP }, true},
	{"public_ip", func(e *bridge.Event) *string { return &e.PublicIP }, true},
	{"hostname", func(e *bridge.Event) *string { return &e.Hostname }, true},
	{"os", func(e *bridge.Event) *string { return &e.OS }, true},
}

// known are the places of a raw event; all else stays in its Extra.
var known = []place{outbound[1], outbound[2], outbound[3], details[0]}

func (b *bag) fill(e *bridge.Event, places []place) {
	for _, p := range places {
		v := b.take(p.name)
		if p.detail && empty(v) {
			continue
		}
		*p.at(e) = v
	}
}

// session puts the fields of one of the seven into e. Its name and time are
// there already, and survey answers and custom fields that have a shape of
// their own.
func (m *mapping) session(b *bag, e *bridge.Event) error {
	b.fill(e, outbound)
	if isMember(e.Name) {
		b.fill(e, member)
	}
	if m.format != "form" {
		b.fill(e, details)
		takeNumber(b, e)
	}
	switch {
	case e.Session == "":
		return fmt.Errorf("%s without a session (lsid)", e.Name)
	case len(e.Session) > sessionMax:
		return fmt.Errorf("%s: an lsid of %d bytes; %d are allowed", e.Name, len(e.Session), sessionMax)
	}
	m.rest(b, e)
	return nil
}

// raw puts the fields of a line with a name of its own into e.
func (m *mapping) raw(b *bag, e *bridge.Event) {
	b.fill(e, known)
	if len(e.Session) > sessionMax {
		e.Extra = append(e.Extra, bridge.Field{Name: "lsid", Value: e.Session})
		e.Session = ""
	}
	for i := range b.fields {
		if f := &b.fields[i]; !f.taken {
			e.Extra = addFull(e.Extra, f.Field)
		}
	}
	bridge.SortFields(e.Extra)
}

// rest shares out what has no place of its own.
func (m *mapping) rest(b *bag, e *bridge.Event) {
	for i := range b.fields {
		f := &b.fields[i]
		switch {
		case f.taken:
		case m.isCustom(f.Name):
			e.Custom = append(e.Custom, f.Field)
		default:
			e.Extra = addFull(e.Extra, f.Field)
		}
	}
	bridge.SortFields(e.Custom)
	e.Custom = unique(e.Custom)
	bridge.SortFields(e.Extra)
}

func (m *mapping) isCustom(name string) bool {
	if m.format != "form" {
		return m.custom[name]
	}
	switch name {
	case "", senderID, lineCut, "timestamp", "name", "type":
		return false
	}
	return true
}

// addFull leaves fields out that say nothing.
func addFull(to []bridge.Field, f bridge.Field) []bridge.Field {
	if f.Value == "" || f.JSON && f.Value == "null" {
		return to
	}
	return append(to, f)
}

// unique keeps the first field of each name of a sorted list.
func unique(fs []bridge.Field) []bridge.Field {
	out := fs[:0]
	for i, f := range fs {
		if i == 0 || f.Name != out[len(out)-1].Name {
			out = append(out, f)
		}
	}
	return out
}

// takeNumber takes gsnumber where it is a plain decimal integer.
func takeNumber(b *bag, e *bridge.Event) {
	f := b.find("gsnumber")
	if f == nil {
		return
	}
	s, ok := f.text()
	if ok && s == "" {
		f.taken = true
		return
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err == nil && n > 0 && n <= numberMax && strconv.FormatInt(n, 10) == s {
		e.GSNumber, f.taken = n, true
	}
}

// markCut says in e that the line was longer.
func markCut(b *bag, rec bridge.Record) {
	if rec.Cut <= 0 {
		return
	}
	b.dropLast()
	b.fields = append(b.fields, field{Field: cutField(rec)})
}

// cutField says how many bytes of the line are missing.
func cutField(rec bridge.Record) bridge.Field {
	return bridge.Field{Name: lineCut, Value: strconv.FormatInt(rec.Cut, 10), JSON: true}
}

func isMember(event string) bool {
	return event == bridge.EventMemberAdded || event == bridge.EventMemberDeparted
}

// checkName refuses a session event's name that is none of the seven.
func checkName(name string) error {
	if strings.HasPrefix(name, bridge.SessionPrefix) && !bridge.IsSessionEvent(name) {
		return fmt.Errorf("event %s is none of the seven session events", clip(name))
	}
	return nil
}

// clip quotes the beginning of a text for an error.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return strconv.Quote(s)
	}
	return strconv.Quote(s[:most]) + "…"
}
