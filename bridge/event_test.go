package bridge

import (
	"slices"
	"testing"
)

// full is an event with every field set, all values different.
func full() Event {
	return Event{
		ID: SenderID("in", "m-1", 0), Name: EventCustomerSurvey, Version: "1", Timestamp: 1733240467,
		ApplianceID: "support.example.com", Session: "e9e9", ExternalKey: "INC=10;A",
		Site: "access.example.com", SiteID: "0427", ConferenceID: "7", ConferenceName: "General",
		MemberName: "Zoë Müller", MemberType: "customer", Username: "zmueller", UserID: "12", DisplayName: "Zoë",
		GSNumber: 4, PrivateIP: "10.0.0.9", PublicIP: "192.0.2.9", Hostname: "pc-9", OS: "Windows",
		Survey: []Answer{
			{ID: "3", Name: "rating", Label: "How was it?", Type: "radio", Answer: "5"},
			{ID: "4", Answer: ""},
		},
		Custom: []Field{{Name: "cost_center", Value: "42"}, {Name: "vip", Value: "true", JSON: true}},
		Extra:  []Field{{Name: "nested", Value: `{"a":[1,null]}`, JSON: true}, {Name: "who_ip", Value: "192.0.2.1"}},
		Source: Origin{Name: "appliance", Format: "bg", Host: "host9", Offset: 4096},
	}
}

func TestSessionEvents(t *testing.T) {
	names := SessionEvents()
	if len(names) != 7 || len(slices.Compact(slices.Sorted(slices.Values(names)))) != 7 {
		t.Fatalf("%d names: %q", len(names), names)
	}
	for _, n := range names {
		if !IsSessionEvent(n) {
			t.Errorf("%q is none of the seven", n)
		}
	}
	for _, n := range []string{"", "login", "support_conference_", "support_conference_begin ", "Support_Conference_Begin"} {
		if IsSessionEvent(n) {
			t.Errorf("%q is one of the seven", n)
		}
	}
	if (&Event{}).HasKey() || !(&Event{ExternalKey: "0"}).HasKey() {
		t.Error("HasKey is not about an empty key")
	}
}

func TestOutcomeString(t *testing.T) {
	for o, want := range map[Outcome]string{Parsed: "parsed", Open: "open", Ignored: "ignored", Raw: "raw", 99: "unknown"} {
		if o.String() != want {
			t.Errorf("%d prints %q, want %q", o, o, want)
		}
	}
}
