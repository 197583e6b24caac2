package httpsink

import (
	"encoding/json"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/tailpost/tailpost/bridge"
)

// sevenEvents gives one of each session event, with the details that a site's
// events have.
func sevenEvents() []bridge.Event {
	one := func(name string, at int64) bridge.Event {
		return bridge.Event{
			ID: bridge.ID{15: byte(at)}, Name: name, Version: "1", Timestamp: 1757513287 + at,
			ApplianceID: "support.example.com", Session: "e9e9c0ffee00000000000000000000ff",
			Source: bridge.Origin{Name: "appliance", Format: "bg", Host: "example_host", Offset: 4711},
		}
	}
	begin := one(bridge.EventBegin, 0)
	begin.ConferenceName, begin.ConferenceID = "Général & Co.", "3"
	begin.Hostname, begin.OS = "pc-9", "Windows 11" // not the appliance's variables

	added := one(bridge.EventMemberAdded, 4)
	added.MemberName, added.MemberType = "Zoë \"Z\" Müller+1=2", "customer"
	added.PublicIP, added.GSNumber = "192.0.2.9", 2

	owner := one(bridge.EventOwnerChanged, 9)
	owner.Username, owner.UserID, owner.DisplayName = "jsmith", "12", "John Smith (日本)"
	owner.ConferenceName, owner.ConferenceID = "Tier 2", "4"

	departed := one(bridge.EventMemberDeparted, 60)
	departed.MemberName, departed.MemberType = "John Smith", "representative"
	departed.Username, departed.UserID, departed.DisplayName = "jsmith", "12", "John Smith (日本)"

	end := one(bridge.EventEnd, 61)
	end.ExternalKey = "INC=10;A+&é%41"
	end.Custom = []bridge.Field{
		{Name: "Cost Center.1", Value: "4 2"}, {Name: "type", Value: "not the variable"}, {Name: "vip", Value: "true", JSON: true},
	}

	customer := one(bridge.EventCustomerSurvey, 90)
	customer.ExternalKey = "INC0010023"
	customer.Survey = []bridge.Answer{
		{ID: "1", Name: "rating", Label: "How was it?", Type: "radio", Answer: "5"},
		{ID: "2", Answer: "fast,\r\nfriendly & <b>kind</b>"},
		{ID: "3", Name: "again[]", Answer: ""},
	}
	rep := one(bridge.EventRepSurvey, 95)
	rep.ExternalKey = "INC0010023"
	rep.Username, rep.UserID, rep.DisplayName = "jsmith", "12", "John Smith"
	rep.Survey = []bridge.Answer{{ID: "7", Name: "solved", Answer: "yes"}}
	return []bridge.Event{begin, end, owner, added, departed, customer, rep}
}

// TestFormGolden: byte for byte what the appliance's receivers get; beside
// each body the variables as .NET reads them. The end-to-end tests have PHP
// read the same files.
func TestFormGolden(t *testing.T) {
	o := Defaults(ProfileAppliance)
	o.SendCustomFields = true
	for _, e := range sevenEvents() {
		t.Run(e.Name, func(t *testing.T) {
			base := filepath.Join("testdata", "form", e.Name)
			got := o.appendForm(nil, &e)
			want, err := os.ReadFile(base + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != string(want) {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			q, err := url.ParseQuery(string(want))
			if err != nil {
				t.Fatal(err)
			}
			read := map[string]string{}
			for name := range q {
				read[name] = q.Get(name)
			}
			var fields map[string]string
			text, err := os.ReadFile(base + ".json")
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(text, &fields); err != nil || !maps.Equal(read, fields) {
				t.Errorf("read as %q, want %q (%v)", read, fields, err)
			}
		})
	}
}
