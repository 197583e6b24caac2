package parsers

import (
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge"
)

func TestJSONEvents(t *testing.T) {
	const end = `{"event":"support_conference_end","timestamp":5,"lsid":"s"`
	const added = `{"event_type":"Conference Member Added","timestamp":"5","session_id":"s"`
	for _, tt := range []struct{ name, line, want string }{
		{"time as a number", end + `}`, `"timestamp":5,"appliance_id":"","lsid":"s"`},
		{"time as a string", strings.Replace(end, "5", `"5"`, 1) + `}`, `"timestamp":5,`},
		{"time as RFC 3339", strings.Replace(end, "5", `"2024-12-03T15:26:05Z"`, 1) + `}`, `"timestamp":1733239565,`},
		{"blanks around it", "  " + end + "} \r", `"lsid":"s"`},
		{"a mark before it", bom + end + "}", `"lsid":"s"`},
		{"a title as event", `{"event":"Session End","timestamp":5,"lsid":"s"}`, `"event":"support_conference_end"`},
		{"one of the seven as event type", `{"event_type":"support_conference_end","timestamp":5,"session_id":"s"}`, `"event":"support_conference_end"`},
		{"the last of two counts", end + `,"external_key":"a","external_key":"b"}`, `"external_key":"b"`},
		{"lsid and session_id", end + `,"session_id":"t"}`, `"lsid":"s","external_key":"","extra":{"session_id":"t"}`},
		{"an empty lsid beside session_id", `{"event":"support_conference_end","timestamp":5,"lsid":"","session_id":"t"}`, `"lsid":"t"`},
		{"performed_by of a member", added + `,"performed_by":{"type":"customer","name":"Zoë"}}`,
			`"name":"Zoë","type":"customer","source"`},
		{"performed_by with more in it", added + `,"performed_by":{"type":"customer","name":"Zoë","id":7}}`,
			`"name":"Zoë","type":"customer","extra":{"performed_by":{"type":"customer","name":"Zoë","id":7}}`},
		{"performed_by another", added + `,"name":"Ada","type":"representative","performed_by":{"type":"customer","name":"Zoë"}}`,
			`"name":"Ada","type":"representative","extra":{"performed_by":{"type":"customer","name":"Zoë"}}`},
		{"performed_by where no member is", `{"event_type":"Session End","timestamp":5,"session_id":"s","performed_by":{"type":"system","name":"x"}}`,
			`"lsid":"s","external_key":"","extra":{"performed_by":{"type":"system","name":"x"}}`},
		{"performed_by that is no object", added + `,"performed_by":"Ada"}`, `"extra":{"performed_by":"Ada"}`},
		{"data of a customer", added + `,"performed_by":{"type":"customer","name":"Z"},"data":{"name":"Zoë","hostname":"WS01","os":"Windows 11","private_ip":"10.0.0.4","public_ip":"Unknown","support_teams":["a"]}}`,
			`"name":"Zoë","type":"customer","private_ip":"10.0.0.4","hostname":"WS01","os":"Windows 11","extra":{"performed_by":{"type":"customer","name":"Z"},"support_teams":["a"]}`},
		{"data of a representative", added + `,"data":{"private_name":"Ada L","public_name":"Ada","username":"ada","user_id":1}}`,
			`"username":"ada","user_id":"1","display_name":"Ada L","extra":{"public_name":"Ada"}`},
		{"data beside fields of the same name", end + `,"x":1,"data":{"x":2,"y":3}}`, `"extra":{"data.x":2,"x":1,"y":3}`},
		{"data that is no object", end + `,"data":[1, 2]}`, `"extra":{"data":[1,2]}`},
		{"custom fields", end + `,"custom":{"b":1,"a":"x","c":""},"custom_attributes":{"a":"y","d":null},"mine":true}`,
			`"custom":{"a":"x","b":1,"c":"","d":null,"mine":true}`},
		{"custom that is no object", end + `,"custom":"x"}`, `"extra":{"custom":"x"}`},
		{"a survey", end + `,"survey":[{"id":1,"name":"n","answer":"a"},{"label":"l","type":null}]}`,
			`"survey":[{"id":"1","name":"n","answer":"a"},{"label":"l","answer":""}],"source"`},
		{"a survey with more in it", end + `,"survey":[{"id":"1","score":5}]}`,
			`"survey":[{"id":"1","answer":""}],"extra":{"survey":[{"id":"1","score":5}]}`},
		{"a survey that is none", end + `,"survey":{"rating":5}}`, `"lsid":"s","external_key":"","extra":{"survey":{"rating":5}}`},
		{"an answer of many", end + `,"survey":[{"name":"n","answer":["a", "b"]}]}`, `"survey":[{"name":"n","answer":"[\"a\",\"b\"]"}]`},
		{"numbers as ids", end + `,"conference_id":7,"user_id":1,"gsnumber":22,"site_id":"0927","site":"x"}`,
			`"site":"x","site_id":"0927","conference_id":"7","user_id":"1","gsnumber":22`},
		{"gsnumber as text", end + `,"gsnumber":"22"}`, `"gsnumber":22`},
		{"gsnumber with a fraction", end + `,"gsnumber":22.5}`, `"extra":{"gsnumber":22.5}`},
		{"values of the wrong kind", end + `,"external_key":{"a":1},"site":[],"hostname":true}`,
			`"external_key":"","extra":{"external_key":{"a":1},"hostname":true,"site":[]}`},
		{"null and empty", end + `,"external_key":null,"x":null,"y":""}`, `"lsid":"s","external_key":"","source"`},
		{"name and type where no member is", end + `,"name":"a","type":"customer"}`, `"extra":{"name":"a","type":"customer"}`},
		{"version and sender", end + `,"version":2,"sender_id":"7"}`, `"version":"2","timestamp":5,"appliance_id":"","lsid":"s","external_key":"","extra":{"sender_id":"7"}`},
		{"no UTF-8", end + `,"x":"a` + "\xff" + `","y":{"z":"` + "\xff" + `"}}`, `"extra":{"x":"a` + "\uFFFD" + `","y":{"z":"` + "\uFFFD" + `"}}`},
		{"raw", `{"event":"x","timestamp":5,"data":{"a":1},"name":"n","version":"3","session_id":"s"}`,
			`"event":"x","version":"","timestamp":5,"appliance_id":"","lsid":"s","external_key":"","extra":{"data":{"a":1},"name":"n","version":"3"}`},
		{"raw without a time", `{"event":"x","timestamp":"soon"}`, `"timestamp":1733300000,"appliance_id":"","lsid":"","external_key":"","extra":{"timestamp":"soon"}`},
		{"a webhook's request", `{"EventType":"JIT Created","Timestamp":"2026-03-01T10:00:00Z","TrustedOwnership":true}`,
			`"event":"JIT Created","version":"","timestamp":1772359200,"appliance_id":"","lsid":"","external_key":"","extra":{"EventType":"JIT Created","Timestamp":"2026-03-01T10:00:00Z","TrustedOwnership":true}`},
		{"a webhook's request without a time", `{"EventType":"x","Timestamp":"soon"}`, `"timestamp":1733300000,"appliance_id":"","lsid":"","external_key":"","extra":{"EventType":"x","Timestamp":"soon"}`},
		{"event and EventType", `{"event":"x","EventType":"y","timestamp":5,"Timestamp":"6"}`, `"event":"x","version":"","timestamp":5,"appliance_id":"","lsid":"","external_key":"","extra":{"EventType":"y","Timestamp":"6"}`},
		{"event and event type", `{"event":"x","event_type":"y","timestamp":5}`, `"event":"x","version":"","timestamp":5,"appliance_id":"","lsid":"","external_key":"","extra":{"event_type":"y"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := one(t, Options{Format: "json", CustomFields: []string{"mine"}}, tt.line)
			if got := bare([]bridge.Event{e}); !strings.Contains(got, tt.want) {
				t.Errorf("got\n%s\nwithout\n%s", got, tt.want)
			}
		})
	}
}

func TestJSONOutcomes(t *testing.T) {
	for _, tt := range []struct {
		name, line string
		want       bridge.Outcome
		wantEvent  string
		wantErr    string
	}{
		{name: "blank", line: "\t", want: bridge.Ignored},
		{name: "no name", line: `{"timestamp":5}`, want: bridge.Ignored},
		{name: "a name that is no text", line: `{"event":["x"],"timestamp":5}`, want: bridge.Ignored},
		{name: "a name too long", line: `{"event":"` + strings.Repeat("x", nameMax+1) + `"}`, want: bridge.Ignored},
		{name: "a session event as EventType", line: `{"EventType":"support_conference_end","timestamp":5,"lsid":"s"}`, want: bridge.Ignored},
		{name: "a session's title as EventType", line: `{"EventType":"Session End","timestamp":5,"lsid":"s"}`, want: bridge.Ignored},
		{name: "a key as EventType", line: `{"EventType":"External Key","timestamp":5,"lsid":"s","external_key":"K"}`, want: bridge.Ignored},
		{name: "a reconnect", line: `{"event_type":"Conference Member State Changed","timestamp":5,"session_id":"s"}`, want: bridge.Raw, wantEvent: "Conference Member State Changed"},
		{name: "a key", line: `{"event_type":"External Key","timestamp":5,"session_id":"s","external_key":"K"}`, want: bridge.Parsed},
		{name: "a key in data", line: `{"event_type":"External Key","timestamp":5,"session_id":"s","data":{"external_key":"K"}}`, want: bridge.Parsed},
		{name: "a key without a session", line: `{"event_type":"External Key","timestamp":5,"external_key":"K"}`, wantErr: "without a session"},
		{name: "a BG line", line: "Dec  3 15:26:05 h BG: " + begin, wantErr: "no JSON object"},
		{name: "an array", line: `[{"event":"x"}]`, wantErr: "no JSON object"},
		{name: "broken", line: `{"event":"x",}`, wantErr: "JSON at byte 14"},
		{name: "cut off", line: `{"event":"x`, wantErr: "JSON at byte 11: unexpected end"},
		{name: "two objects", line: `{"event":"x"}{"event":"y"}`, wantErr: "JSON at byte 14"},
		{name: "too deep", line: `{"event":"x","a":` + strings.Repeat("[", 20000), wantErr: "JSON at byte"},
		{name: "none of the seven", line: `{"event":"support_conference_` + strings.Repeat("x", 500) + `","timestamp":5,"lsid":"s"}`, wantErr: "none of the seven"},
		{name: "no session", line: `{"event":"support_conference_end","timestamp":5}`, wantErr: "without a session"},
		{name: "no time", line: `{"event":"support_conference_end","lsid":"s"}`, wantErr: `timestamp "" is neither`},
		{name: "milliseconds", line: `{"event":"support_conference_end","lsid":"s","timestamp":1733239565000}`, wantErr: `timestamp "1733239565000" is neither`},
		{name: "too many fields", line: `{"event":"x",` + strings.TrimSuffix(jsonFields(1000), ",") + `}`, wantErr: "more than 1000 fields"},
		{name: "too many fields in data", line: `{"event":"support_conference_end","lsid":"s","timestamp":5,"data":{` + strings.TrimSuffix(jsonFields(1000), ",") + `}}`, wantErr: "more than 1000 fields"},
		{name: "too many custom fields", line: `{"event":"support_conference_end","lsid":"s","timestamp":5,"custom":{` + strings.TrimSuffix(jsonFields(1001), ",") + `}}`, wantErr: "more than 1000 custom fields"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			checkOutcome(t, Options{Format: "json"}, tt.line, tt.want, tt.wantEvent, tt.wantErr)
		})
	}
}

func TestJSONCutLine(t *testing.T) {
	rec := record([]byte(`{"event":"x"}`))
	rec.Cut = 3
	if _, _, err := mustNew(t, Options{Format: "json"}).Parse(rec, nil); err == nil || !strings.Contains(err.Error(), "3 bytes are missing") {
		t.Errorf("got %v", err)
	}
}
