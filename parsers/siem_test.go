package parsers

import (
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

const siemHead = "BeyondTrust|Remote Support Appliance|15.x+|"

func TestSIEMTimes(t *testing.T) {
	vienna, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, first string
		zone        *time.Location
		wantHost    string
		want        int64
	}{
		{"month first", "Dec 03 15:26:05", nil, "", 1733239565},
		{"padded with a blank", "Dec  3 15:26:05", nil, "", 1733239565},
		{"not padded", "Dec 3 15:26:05", nil, "", 1733239565},
		{"with a year", "2024-12-03 15:26:05", nil, "", 1733239565},
		{"in the configured zone", "Dec 03 16:26:05", vienna, "", 1733239565},
		{"with a year in the zone", "2024-12-03 16:26:05", vienna, "", 1733239565},
		{"priority alone", "<133>Dec 03 15:26:05", nil, "", 1733239565},
		{"under a BSD header", "<133>Dec  4 01:00:00 relay siem[12]: Dec 03 15:26:05", nil, "relay", 1733239565},
		{"under a BSD header without a tag", "Dec  4 01:00:00 relay Dec 03 15:26:05", nil, "relay", 1733239565},
		{"under RFC 5424", "<133>1 2024-12-04T01:00:00Z relay siem 12 - - 2024-12-03 15:26:05", nil, "relay", 1733239565},
		{"under RFC 5424 with data", `<133>1 2024-12-04T01:00:00Z relay siem 12 - [meta a="|"] Dec 03 15:26:05`, nil, "relay", 1733239565},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := one(t, Options{Format: "siem", Zone: tt.zone}, tt.first+"|"+siemHead+"440|Session End|sessionId=s|")
			if e.Timestamp != tt.want || e.Source.Host != tt.wantHost || e.Name != bridge.EventEnd {
				t.Errorf("got %+v", e)
			}
		})
	}
}

func TestSIEMEvents(t *testing.T) {
	for _, tt := range []struct{ name, rest, want string }{
		{"another vendor and product", "Bomgar|Privileged Access|x|440|Session End|sessionId=s|",
			`"event":"support_conference_end"`},
		{"a title in other letters", siemHead + "440|session END|sessionId=s|",
			`"event":"support_conference_end"`},
		{"no id", siemHead + "|Session End|sessionId=s|",
			`"event":"support_conference_end"`},
		{"no | at the end", siemHead + "440|Session End|sessionId=s|dstUser=WS01",
			`"lsid":"s","external_key":"","extra":{"dstUser":"WS01"}`},
		{"a key that ends in a blank", siemHead + "440|Session End|sessionId =s|externalKey  =K|",
			`"lsid":"s","external_key":"K"`},
		{"| and = in a value", siemHead + "440|Session End|sessionId=s|x=a|b c=d|e|",
			`"extra":{"x":"a|b c=d|e"}`},
		{"|| at the end", siemHead + "440|Session End|sessionId=s|x=a||",
			`"extra":{"x":"a|"}`},
		{"text before the first key", siemHead + "440|Session End|loose|sessionId=s|",
			`"lsid":"s","external_key":"","extra":{"":"loose"}`},
		{"the first of two counts", siemHead + "440|Session End|sessionId=s|externalKey=K|x=1|sessionId=t|externalKey=L|x=2|",
			`"lsid":"s","external_key":"K","extra":{"x":"1"}`},
		{"a customer joins", siemHead + "50|Conference Member Added|deviceHost=d|sessionId=s|srcUser=Zoë|srcUid=22|srcHost=WS01|srcAddr=203.0.113.19|srcPrivAddr=10.0.0.4|srcPriv=customer|confMemOs=Windows 11|username=x|user_id=3|confMemPrivName=y|",
			`"site":"d","name":"Zoë","type":"customer","private_ip":"10.0.0.4","public_ip":"203.0.113.19","hostname":"WS01","os":"Windows 11","extra":{"confMemPrivName":"y","srcUid":"22","user_id":"3","username":"x"}`},
		{"a representative joins", siemHead + "50|Conference Member Added|sessionId=s|srcUser=ada|srcUid=1|srcPriv=representative|confMemPrivName=Ada|username=ada|",
			`"name":"ada","type":"representative","username":"ada","user_id":"1","display_name":"Ada","source"`},
		{"Unknown", siemHead + "50|Conference Member Added|sessionId=s|srcUser=Unknown|srcHost=Unknown|srcAddr=Unknown|srcPrivAddr=Unknown|confMemOs=Unknown|srcPriv=customer|",
			`"external_key":"","type":"customer","source"`},
		{"a mangled address", siemHead + "60|Conference Member Departed|sessionId=s|srcAddr=[2001|srcPort=db8|",
			`"external_key":"","extra":{"srcAddr":"[2001","srcPort":"db8"}`},
		{"an address that survived", siemHead + "60|Conference Member Departed|sessionId=s|srcAddr=[2001:db8::1]:5|",
			`"public_ip":"[2001:db8::1]:5"`},
		{"a representative owns it", siemHead + "80|Conference Owner Changed|sessionId=s|dstUser=ada|dstUid=1|dstPriv=representative|",
			`"external_key":"","user_id":"1","display_name":"ada","extra":{"dstPriv":"representative"}`},
		{"a queue owns it", siemHead + "80|Conference Owner Changed|sessionId=s|dstUser=Tier 1|dstUid=7|dstPriv=system|",
			`"conference_id":"7","conference_name":"Tier 1","extra":{"dstPriv":"system"}`},
		{"name and type where no member is", siemHead + "110|Customer Exit Survey|sessionId=s|srcUser=Zoë|srcPriv=customer|",
			`"external_key":"","extra":{"srcPriv":"customer","srcUser":"Zoë"}`},
		{"custom fields", siemHead + "440|Session End|sessionId=s|mine=1|",
			`"custom":{"mine":"1"}`},
		{"canonical names are nobody's here", siemHead + "440|Session End|sessionId=s|lsid=t|appliance_id=a|version=9|site=b|timestamp=5|",
			`"version":"","timestamp":1733239565,"appliance_id":"","lsid":"s","external_key":"","extra":{"appliance_id":"a","lsid":"t","site":"b","timestamp":"5","version":"9"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := one(t, Options{Format: "siem", CustomFields: []string{"mine"}}, "Dec 03 15:26:05|"+tt.rest)
			if got := bare([]bridge.Event{e}); !strings.Contains(got, tt.want) {
				t.Errorf("got\n%s\nwithout\n%s", got, tt.want)
			}
		})
	}
}

// TestSIEMForgery: values are not escaped, so whoever can write into one can
// add fields. They must not reach another session or ticket.
func TestSIEMForgery(t *testing.T) {
	for _, tt := range []struct{ name, rest, want string }{
		{"session in a name", "60|Conference Member Departed|deviceHost=d|sessionId=s|externalKey=K|srcUser=x|sessionId=other|externalKey=EVIL|deviceHost=evil|srcPriv=customer|",
			`"lsid":"s","external_key":"K","site":"d","name":"x","type":"customer"`},
		{"key in a name, where there is none", "60|Conference Member Departed|deviceHost=d|sessionId=s|srcUser=x|externalKey=EVIL|srcPriv=customer|",
			`"lsid":"s","external_key":"","site":"d","name":"x","type":"customer","extra":{"externalKey":"EVIL"}`},
		{"chat", "30|Chat Message|sessionId=s|srcUser=ada|msg=hi|sessionId=other|externalKey=EVIL|lsid=other|",
			`"lsid":"s","external_key":""`},
		{"canonical names in a name", "60|Conference Member Departed|sessionId=s|srcUser=x|appliance_id=evil|external_key=EVIL|name=y|gsnumber=7|srcPriv=customer|",
			`"appliance_id":"","lsid":"s","external_key":"","name":"x","type":"customer","extra":{"appliance_id":"evil","external_key":"EVIL","gsnumber":"7","name":"y"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := one(t, Options{Format: "siem"}, "Dec 03 15:26:05|"+siemHead+tt.rest)
			if got := bare([]bridge.Event{e}); !strings.Contains(got, tt.want) {
				t.Errorf("got\n%s\nwithout\n%s", got, tt.want)
			}
		})
	}
}

func TestSIEMOutcomes(t *testing.T) {
	const at = "Dec 03 15:26:05|"
	for _, tt := range []struct {
		name, line string
		want       bridge.Outcome
		wantEvent  string
		wantErr    string
	}{
		{name: "blank", line: " ", want: bridge.Ignored},
		{name: "another daemon", line: "Dec  3 15:26:05 h sshd[12]: Accepted | key", want: bridge.Ignored},
		{name: "another daemon with many columns", line: "Dec  3 15:26:05 h x: a|b|c|d|e|f|g", want: bridge.Ignored},
		{name: "a BG line", line: "Dec  3 15:26:05 h BG: " + begin, wantErr: "format bg reads"},
		{name: "another event type", line: at + siemHead + "30|Chat Message|sessionId=s|", want: bridge.Raw, wantEvent: "Chat Message"},
		{name: "a reconnect", line: at + siemHead + "70|Conference Member State Changed|sessionId=s|", want: bridge.Raw, wantEvent: "Conference Member State Changed"},
		{name: "no event type", line: at + siemHead + "30||sessionId=s|", want: bridge.Ignored},
		{name: "no fields", line: at + siemHead + "30|Logout", want: bridge.Raw, wantEvent: "Logout"},
		{name: "a key", line: at + siemHead + "130|External Key|sessionId=s|externalKey=K|", want: bridge.Parsed},
		{name: "a key without a session", line: at + siemHead + "130|External Key|externalKey=K|", wantErr: "without a session"},
		{name: "a key too long", line: at + siemHead + "130|External Key|sessionId=s|externalKey=" + strings.Repeat("K", keyMax+1), wantErr: "of 4097 bytes"},
		{name: "no session", line: at + siemHead + "440|Session End|deviceHost=d|", wantErr: "without a session"},
		{name: "no time", line: siemHead + "440|Session End|sessionId=s|dstUser=x|", wantErr: "no usable time"},
		{name: "a broken time", line: "Dec 33 15:26:05|" + siemHead + "440|Session End|sessionId=s|", wantErr: `no usable time in the first column "Dec 33 15:26:05"`},
		{name: "text before the time", line: "x y Dec 03 15:26:05|" + siemHead + "440|Session End|sessionId=s|", wantErr: "no syslog header before the time"},
		{name: "JSON", line: `{"event":"x"}`, wantErr: "not time|vendor"},
		{name: "none of the seven", line: at + siemHead + "1|support_conference_x|sessionId=s|", wantErr: "none of the seven"},
		{name: "too many fields", line: at + siemHead + "30|x|" + strings.ReplaceAll(asciiFields(1001), ";", "|"), wantErr: "more than 1000 fields"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			checkOutcome(t, Options{Format: "siem"}, tt.line, tt.want, tt.wantEvent, tt.wantErr)
		})
	}
}

func TestSIEMCutLine(t *testing.T) {
	rec := record([]byte("Dec 03 15:26:05|" + siemHead + "440|Session End|sessionId=s|externalKey=INC"))
	rec.Cut = 3
	es, _, err := mustNew(t, Options{Format: "siem"}).Parse(rec, nil)
	if got := bare(es); err != nil || !strings.Contains(got, `"external_key":"","extra":{"line_cut":3}`) {
		t.Errorf("%v, %s", err, got)
	}
}
