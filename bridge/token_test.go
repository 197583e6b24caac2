package bridge

import (
	"encoding/json"
	"testing"
)

func TestToken(t *testing.T) {
	e := full()
	e.Extra = append(e.Extra, Field{Name: "Lsid", Value: "forged"})
	e.Custom = append(e.Custom, Field{Name: "who_ip", Value: "the custom one"}, Field{Name: "lsid", Value: "forged"})
	for _, tc := range []struct {
		token, want string
		wantOK      bool
	}{
		{"id", e.ID.String(), true},
		{"lsid", "e9e9", true}, // a canonical field before a custom one of its name
		{"LSID", "e9e9", true},
		{"Lsid", "e9e9", true}, // not so in a raw event
		{"timestamp", "1733240467", true},
		{"gsnumber", "4", true},
		{"name", "Zoë Müller", true},
		{"survey_rating", "5", true},
		{"Survey_Rating", "5", true},
		{"survey_4", "", true}, // without a name, by its id
		{"survey_3", "", false},
		{"cost_center", "42", true},
		{"vip", "true", true},
		{"who_ip", "the custom one", true}, // custom before extra
		{"nested", `{"a":[1,null]}`, true},
		{"", "", false},
		{"survey_", "", false},
		{"ſurvey_rating", "", false},
		{"source", "", false},
		{"source.name", "appliance", true},
		{"SOURCE.Offset", "4096", true},
		{"source.nope", "", false},
		{"custom.who_ip", "the custom one", true},
		{"extra.who_ip", "192.0.2.1", true},
		{"Extra.Nested.A.0", "1", true},
		{"extra.cost_center", "", false},
		{"nested.a.0", "1", true},
		{"nested.a.1", "null", true},
		{"nested.a.2", "", false},
		{"nested.a.-1", "", false},
		{"nested.a", "[1,null]", true},
		{"nested.b", "", false},
		{"nested.", "", false},
		{".nested", "", false},
		{"who_ip.x", "", false},
	} {
		t.Run(tc.token, func(t *testing.T) {
			got, ok := e.Token(tc.token)
			if got != tc.want || ok != tc.wantOK {
				t.Errorf("got %q, %v; want %q, %v", got, ok, tc.want, tc.wantOK)
			}
		})
	}
	for _, name := range Tokens() {
		if _, ok := (&Event{}).Token(name); !ok {
			t.Errorf("Tokens lists %q, which Token doesn't know", name)
		}
	}
}

// A raw event's fields keep their names: those of the canonical list that it
// doesn't have give way, those that are always there never.
func TestLookupInRawEvents(t *testing.T) {
	e := Event{Name: "JIT Application Access Ticket Created", Extra: []Field{
		{Name: "HostName", Value: "pc-9"},
		{Name: "Reason", Value: "lower"},
		{Name: "data", Value: `{"user.name":"dots","User":{"name":"nested","ID":7,"ok":true},"list":[{"k":"v"}],"e":""}`, JSON: true},
		{Name: "data.flat", Value: "as it is"},
		{Name: "external_key", Value: "forged"},
		{Name: "Timestamp", Value: "2025-09-10T14:08:07Z"},
		{Name: "reason", Value: "exact"},
	}}
	for _, tc := range []struct {
		token    string
		want     string
		wantJSON bool
		wantOK   bool
	}{
		{"hostname", "pc-9", false, true},
		{"external_key", "", false, true},
		{"os", "", false, true},
		{"REASON", "lower", false, true},
		{"reason", "exact", false, true},
		{"data.flat", "as it is", false, true},
		{"data.user.name", "dots", false, true},
		{"data.user.id", "7", true, true},
		{"data.User.ok", "true", true, true},
		{"DATA.LIST.0.K", "v", false, true},
		{"data.e", "", false, true},
		{"data.user", `{"name":"nested","ID":7,"ok":true}`, true, true},
		{"timestamp", "0", true, true},
		{"TIMESTAMP", "0", true, true},
		{"Timestamp", "2025-09-10T14:08:07Z", false, true},
		{"gsnumber", "", false, true},
	} {
		t.Run(tc.token, func(t *testing.T) {
			got, ok := e.Lookup(tc.token)
			if got.Value != tc.want || got.JSON != tc.wantJSON || ok != tc.wantOK {
				t.Errorf("got %+v, %v; want %q, %v, %v", got, ok, tc.want, tc.wantJSON, tc.wantOK)
			}
		})
	}
}

// FuzzLookup: no path and no JSON makes it fail, and what it gives as JSON is.
func FuzzLookup(f *testing.F) {
	f.Add("data.user.0.name", `{"user":[{"name":1}]}`)
	f.Add("data.a.b.c", `{"a.b":{"c":null},"a":{"b.c":[]}}`)
	f.Fuzz(func(t *testing.T, name, value string) {
		if !json.Valid([]byte(value)) {
			return
		}
		field, err := JSONField("data", json.RawMessage(value))
		if err != nil {
			return
		}
		e := Event{Extra: []Field{field}}
		if got, ok := e.Lookup(name); ok && got.JSON && !json.Valid([]byte(got.Value)) {
			t.Errorf("%q of %s gives %q", name, value, got.Value)
		}
	})
}
