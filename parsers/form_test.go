package parsers

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge"
)

func TestFormEvents(t *testing.T) {
	const end = "event=support_conference_end&timestamp=5&lsid=s"
	for _, tt := range []struct{ name, line, want string }{
		{"the six", end + "&version=1.0&appliance_id=a&external_key=K",
			`"event":"support_conference_end","version":"1.0","timestamp":5,"appliance_id":"a","lsid":"s","external_key":"K","source"`},
		{"encoded", end + "&external_key=a%2Bb+%26%3D%C3%AB", `"external_key":"a+b \u0026=ë"`},
		{"encoded names", end + "&%65xternal%5Fkey=K", `"external_key":"K"`},
		{"a = in a value", end + "&external_key=a=b", `"external_key":"a=b"`},
		{"owner", "event=support_conference_owner_changed&timestamp=5&lsid=s&conference_name=Tier+1&conference_id=7&username=u&user_id=1&display_name=D",
			`"conference_id":"7","conference_name":"Tier 1","username":"u","user_id":"1","display_name":"D","source"`},
		{"all the rest are custom fields", end + "&site=x&hostname=h&gsnumber=7&a=&b=2&b=3",
			`"external_key":"","custom":{"a":"","b":"2","gsnumber":"7","hostname":"h","site":"x"},"source"`},
		{"answers", end + "&survey_b=2&survey_a=&survey_=x", `"survey":[{"name":"b","answer":"2"},{"name":"a","answer":""}],"custom":{"survey_":"x"}`},
		{"name and type where no member is", end + "&name=a&type=customer", `"external_key":"","extra":{"name":"a","type":"customer"}`},
		{"a sender's id", end + "&sender_id=7", `"external_key":"","extra":{"sender_id":"7"}`},
		{"the first of two counts", end + "&lsid=t&external_key=&external_key=EVIL", `"lsid":"s","external_key":"","source"`},
		{"empty pairs", "&&" + end + "&=&", `"external_key":"","source"`},
		{"no UTF-8", end + "&external_key=%FFa", `"external_key":"` + "\uFFFD" + `a"`},
		{"carriage return", end + "&external_key=K\r", `"external_key":"K"`},
		{"raw", "event=login&timestamp=5&who=ada&name=n&lsid=s", `"timestamp":5,"appliance_id":"","lsid":"s","external_key":"","extra":{"name":"n","who":"ada"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := one(t, Options{Format: "form"}, tt.line)
			if got := bare([]bridge.Event{e}); !strings.Contains(got, strings.ReplaceAll(tt.want, `\u0026`, "&")) {
				t.Errorf("got\n%s\nwithout\n%s", got, tt.want)
			}
		})
	}
}

func TestFormOutcomes(t *testing.T) {
	for _, tt := range []struct {
		name, line string
		want       bridge.Outcome
		wantEvent  string
		wantErr    string
	}{
		{name: "blank", line: "", want: bridge.Ignored},
		{name: "raw", line: "event=login", want: bridge.Raw, wantEvent: "login"},
		{name: "a bad escape", line: "event=x&a=%zz", wantErr: `variable at byte 8: invalid URL escape "%zz"`},
		{name: "half an escape", line: "event=x&a=%4", wantErr: "variable at byte 8"},
		{name: "no event", line: "a=b", wantErr: "without an event variable"},
		{name: "a BG line", line: "Dec  3 15:26:05 h BG: " + begin, wantErr: "without an event variable"},
		{name: "JSON", line: `{"event":"x"}`, wantErr: "without an event variable"},
		{name: "none of the seven", line: "event=support_conference_x", wantErr: "none of the seven"},
		{name: "no session", line: "event=support_conference_end&timestamp=5", wantErr: "without a session"},
		{name: "no time", line: "event=support_conference_end&lsid=s", wantErr: `timestamp "" is no Unix time`},
		{name: "a time that is none", line: "event=support_conference_end&lsid=s&timestamp=2024-12-03", wantErr: `timestamp "2024-12-03"`},
		{name: "too many variables", line: "event=x&" + strings.ReplaceAll(asciiFields(1001), ";", "&"), wantErr: "more than 1000 fields"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			checkOutcome(t, Options{Format: "form"}, tt.line, tt.want, tt.wantEvent, tt.wantErr)
		})
	}
}

func asciiFields(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "f%d=1;", i)
	}
	return b.String()
}

func jsonFields(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"f%d":1,`, i)
	}
	return b.String()
}
