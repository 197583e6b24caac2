package httpsink

import (
	"strconv"
	"strings"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/sinks/macro"
)

// vendorVariables are the names that mean something to receivers. A custom
// field or an answer never goes out under one of them, even where we don't
// send it: one receiver takes any event with type=customer for a new session.
var vendorVariables = []string{
	"event", "version", "timestamp", "appliance_id", "lsid", "external_key", "name", "type",
	"username", "user_id", "display_name", "conference_name", "conference_id",
}

// appendForm appends the event as the appliance sends it: six variables always
// (a missing one reads as "null" somewhere), name and type on member events
// only, the rest where not empty; then custom fields and survey answers, in
// their order in the event.
func (o *Options) appendForm(b []byte, e *bridge.Event) []byte {
	f := form{b: b}
	f.add("event", e.Name)
	f.add("version", o.Version)
	f.add("timestamp", strconv.FormatInt(e.Timestamp, 10))
	f.add("appliance_id", e.ApplianceID)
	f.add("lsid", e.Session)
	f.add("external_key", e.ExternalKey)
	if e.Name == bridge.EventMemberAdded || e.Name == bridge.EventMemberDeparted {
		f.add("name", e.MemberName)
		f.add("type", e.MemberType)
	}
	for _, v := range [...]struct{ name, value string }{
		{"username", e.Username}, {"user_id", e.UserID}, {"display_name", e.DisplayName},
		{"conference_name", e.ConferenceName}, {"conference_id", e.ConferenceID},
	} {
		if v.value != "" {
			f.add(v.name, v.value)
		}
	}
	if o.SendCustomFields {
		for _, c := range e.Custom {
			f.addFree(o.CustomPrefix+c.Name, "custom_", fieldText(c))
		}
	}
	for _, a := range e.Survey {
		f.addFree(o.SurveyPrefix+a.Key(), "survey_", a.Answer)
	}
	return f.b
}

// fieldText is a field's value as a form variable; a JSON null is empty.
func fieldText(f bridge.Field) string {
	if f.JSON && f.Value == "null" {
		return ""
	}
	return f.Value
}

// form is a body under construction.
type form struct {
	b []byte
	// used counts names as receivers read them; made at the first free one.
	// The count is the last number that was tried behind such a name, so that
	// thousands of one name don't cost a search each.
	used map[string]int
}

func (f *form) add(name, value string) {
	if len(f.b) > 0 {
		f.b = append(f.b, '&')
	}
	f.b = macro.AppendForm(f.b, name)
	f.b = append(f.b, '=')
	f.b = macro.AppendForm(f.b, value)
}

// addFree adds a variable whose name comes from the input. One that a receiver
// would read as another's gets the prefix, and a number if need be: nothing is
// overridden and nothing left out.
func (f *form) addFree(name, prefix, value string) {
	if f.used == nil {
		f.used = map[string]int{"": 1}
		for _, v := range vendorVariables {
			f.used[v] = 1
		}
	}
	free := name
	if f.used[readAs(free)] > 0 {
		free = prefix + strings.TrimLeft(strings.ReplaceAll(name, "\x00", ""), " ")
	}
	// The number goes before a bracket, behind which PHP sees an array's key.
	head, tail, _ := strings.Cut(free, "[")
	if tail != "" {
		tail = "_" + tail
	}
	for stem := readAs(free); f.used[readAs(free)] > 0; {
		f.used[stem]++
		free = head + "_" + strconv.Itoa(f.used[stem]) + tail
	}
	f.used[readAs(free)] = 1
	f.add(free, value)
}

// readAs gives the name under which receivers read a variable: PHP drops
// blanks in front, ends at a zero byte, makes an array of what has a bracket,
// and turns blanks and dots into _; .NET takes no notice of case.
func readAs(name string) string {
	name, _, _ = strings.Cut(strings.TrimLeft(name, " "), "\x00")
	name, _, _ = strings.Cut(name, "[")
	return strings.ToLower(strings.NewReplacer(" ", "_", ".", "_").Replace(name))
}
