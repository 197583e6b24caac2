package parsers

import (
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge"
)

const (
	lsid  = "e9e99aeb9ad54fb381634498502c5a1b"
	begin = "1427:01:01:event=support_conference_begin;lsid=" + lsid
)

func TestBGHeaders(t *testing.T) {
	const at = 1733239565 // 3 December 2024, 15:26:05 UTC
	for _, tt := range []struct {
		name, header string
		wantHost     string
		wantAt       int64
	}{
		{"colon", "Dec  3 15:26:05 host BG: ", "host", at},
		{"priority", "<133>Dec  3 15:26:05 host BG: ", "host", at},
		{"pid and colon", "Dec  3 15:26:05 host BG[4711]: ", "host", at},
		{"pid, no colon", "Dec  3 15:26:05 host BG[4711] ", "host", at},
		{"no blank", "Dec  3 15:26:05 host BG[4711]:", "host", at},
		{"neither colon nor blank", "Dec  3 15:26:05 host BG[4711]", "host", at},
		{"no pid, no colon", "Dec  3 15:26:05 host BG ", "host", at},
		{"day not padded", "Dec 3 15:26:05 host BG: ", "host", at},
		{"day padded with 0", "Dec 03 15:26:05 host BG: ", "host", at},
		{"ISO time in the BSD frame", "2024-12-03T15:26:05+00:00 host BG[4711]: ", "host", at},
		{"ISO time with an offset", "<133>2024-12-03T16:26:05+01:00 host BG[4711]: ", "host", at},
		{"ISO time with a fraction", "2024-12-03T15:26:05.123456Z host BG[4711]: ", "host", at},
		{"ISO time, offset without colon", "2024-12-03T16:26:05+0100 host BG[4711]: ", "host", at},
		{"ISO time without offset", "2024-12-03T15:26:05 host BG[4711]: ", "host", at},
		{"RFC 5424", `<133>1 2024-12-03T23:26:05+08:00 HOST BG 16703 - [meta sequenceId="46"] `, "HOST", at},
		{"RFC 5424, no priority", `1 2024-12-03T15:26:05Z HOST BG 16703 - - `, "HOST", at},
		{"RFC 5424, no pid", `<133>1 2024-12-03T15:26:05Z HOST BG - - - `, "HOST", at},
		{"RFC 5424, mark", "<133>1 2024-12-03T15:26:05Z HOST BG 1 - - " + bom, "HOST", at},
		{"RFC 5424, two elements", `<133>1 2024-12-03T15:26:05Z HOST BG 1 ID7 [a x="]"][b y="\"]"] `, "HOST", at},
		{"version before a BSD tag", "<133>1 2024-12-03T15:26:05Z HOST BG[4711]: ", "HOST", at},
		{"no host", "Dec  3 15:26:05 BG[4711]: ", "", at},
		{"mark at the beginning", bom + "Dec  3 15:26:05 host BG: ", "host", at},
		{"IPv6 host", "Dec  3 15:26:05 2001:db8::1 BG: ", "2001:db8::1", at},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := one(t, Options{Format: "bg"}, tt.header+begin)
			if e.Source.Host != tt.wantHost || e.Timestamp != tt.wantAt || e.SiteID != "1427" || e.Session != lsid || e.Name != bridge.EventBegin {
				t.Errorf("got %+v", e)
			}
		})
	}
}

func TestBGPayload(t *testing.T) {
	const head = "Dec  3 15:26:05 h BG: 0927:01:01:"
	const added = "event=support_conference_member_added;when=5;lsid=s;"
	for _, tt := range []struct{ name, payload, want string }{
		{"escapes", added + `name=a\=b\;c\\d`,
			`"lsid":"s","external_key":"","site_id":"0927","name":"a=b;c\\d"`},
		{"a backslash before anything else", added + `name=C:\new\x`,
			`"site_id":"0927","name":"C:\\new\\x"`},
		{"a backslash at the end", added + `name=a\`,
			`"name":"a\\"`},
		{"escaped backslash before a semicolon", added + `name=a\\;type=customer`,
			`"name":"a\\","type":"customer"`},
		{"a = that is not escaped", added + `name=a=b==;old_external_id=@@@dGVz==`,
			`"name":"a=b==","extra":{"old_external_id":"@@@dGVz=="}`},
		{"blanks before names", added + ` name=Ada ;  type=representative`,
			`"name":"Ada ","type":"representative"`},
		{"names with : and _", added + `group:1:_x=y`,
			`"extra":{"group:1:_x":"y"}`},
		{"empty values and empty fields", added + `name=;;type=customer;x=;y`,
			`"site_id":"0927","type":"customer","source"`},
		{"the first of two counts", added + `name=a;name=b;x=1;x=2;lsid=t`,
			`"lsid":"s","external_key":"","site_id":"0927","name":"a","extra":{"x":"1"}`},
		{"an empty first one counts", "external_key=;external_key=EVIL;" + added,
			`"external_key":"","site_id":"0927","source"`},
		{"Unknown", added + "name=Unknown;hostname=Unknown;os=Unknown;private_ip=Unknown;public_ip=Unknown;username=Unknown;x=Unknown",
			`"site_id":"0927","extra":{"x":"Unknown"},"source"`},
		{"gsnumber", added + "gsnumber=9007199254740992", `"gsnumber":9007199254740992`},
		{"gsnumber too large", added + "gsnumber=9007199254740993", `"extra":{"gsnumber":"9007199254740993"}`},
		{"gsnumber with a zero before it", added + "gsnumber=021", `"extra":{"gsnumber":"021"}`},
		{"gsnumber 0", added + "gsnumber=0", `"extra":{"gsnumber":"0"}`},
		{"gsnumber that is none", added + "gsnumber=x", `"extra":{"gsnumber":"x"}`},
		{"when wins over the header", added, `"timestamp":5,`},
		{"when that is none", "event=support_conference_end;when=soon;lsid=s",
			`"timestamp":1733239565,"appliance_id":"","lsid":"s","external_key":"","site_id":"0927","extra":{"when":"soon"}`},
		{"name and type where no member is", "event=support_conference_end;when=5;lsid=s;name=a;type=customer;username=u",
			`"site_id":"0927","username":"u","extra":{"name":"a","type":"customer"}`},
		{"custom fields", added + "custom:b=2;custom:a=;mine=3;custom:b=4",
			`"custom":{"a":"","b":"2","mine":"3"}`},
		{"survey", "event=support_conference_rep_exit_survey_completed;when=5;lsid=s;survey:9:answer=x;survey:2:name=n;survey:9:label=l;survey:2:type=t;survey:2:name=m;survey:2:more=1;survey:2=0",
			`"survey":[{"id":"9","label":"l","answer":"x"},{"id":"2","name":"n","type":"t","answer":""}],"extra":{"survey:2":"0","survey:2:more":"1"}`},
		{"version and appliance", added + "version=2;appliance_id=a.example.com;sender_id=7",
			`"version":"2","timestamp":5,"appliance_id":"a.example.com","lsid":"s","external_key":"","site_id":"0927","extra":{"sender_id":"7"}`},
		{"no UTF-8", added + "name=\xff\xc3;type=customer", `"name":"` + "\uFFFD" + `","type":"customer"`},
		{"carriage return at the end", added + "name=Ada\r", `"name":"Ada"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := one(t, Options{Format: "bg", CustomFields: []string{"mine"}}, head+tt.payload)
			if got := bare([]bridge.Event{e}); !strings.Contains(got, tt.want) {
				t.Errorf("got\n%s\nwithout\n%s", got, tt.want)
			}
		})
	}
}

func TestBGOutcomes(t *testing.T) {
	const head = "Dec  3 15:26:05 h BG: "
	for _, tt := range []struct {
		name, line string
		want       bridge.Outcome
		wantEvent  string
		wantErr    string
	}{
		{name: "blank", line: "  \r", want: bridge.Ignored},
		{name: "empty", line: "", want: bridge.Ignored},
		{name: "another daemon", line: "Dec  3 15:26:05 h sshd[12]: Accepted key", want: bridge.Ignored},
		{name: "another daemon, no tag", line: "Dec  3 15:26:05 h -- MARK --", want: bridge.Ignored},
		{name: "a tag that begins with BG", line: "Dec  3 15:26:05 h BGP[1]: 1:01:01:event=x", want: bridge.Ignored},
		{name: "no event", line: head + "1427:01:01:site=a;when=5", want: bridge.Ignored},
		{name: "an appliance event", line: head + "1427:01:01:event=login;when=5", want: bridge.Raw, wantEvent: "login"},
		{name: "a name too long", line: head + "1427:01:01:event=" + strings.Repeat("x", nameMax+1), want: bridge.Ignored},
		{name: "JSON with a name", line: head + `{"event":"user_changed","time":1}`, want: bridge.Raw, wantEvent: "user_changed"},
		{name: "JSON of another daemon", line: `<13>1 2024-12-03T15:26:05Z h ocsf 1 - - {"event_type":"x"}`, want: bridge.Raw, wantEvent: "x"},
		{name: "JSON without a name", line: head + `{"class_uid":3002,"event":{"a":1}}`, want: bridge.Ignored},
		{name: "broken JSON", line: head + `{"event":"x"`, want: bridge.Ignored},
		{name: "a session event in JSON", line: head + `{"event":"support_conference_end","lsid":"s"}`, want: bridge.Ignored},
		{name: "a session event in another daemon's JSON", line: `Dec  3 15:26:05 host OtherDaemon: {"event":"support_conference_end","lsid":"s"}`, want: bridge.Ignored},
		{name: "JSON behind the segment's numbers", line: head + `1427:01:01:{"event":"user_changed","x":"y;event=support_conference_end;lsid=z;when=5"}`, want: bridge.Raw, wantEvent: "user_changed"},
		{name: "JSON without a name behind the numbers", line: head + `1427:01:01:{"a":"x;event=support_conference_end;lsid=z;y"}`, want: bridge.Ignored},
		{name: "no header", line: "hello", wantErr: "no syslog header"},
		{name: "JSON without a header", line: `{"event":"support_conference_end"}`, wantErr: "no syslog header"},
		{name: "no segments", line: head + "restarted", wantErr: `without site id, segment and total: "restarted"`},
		{name: "segment 0", line: head + "1427:00:01:event=x", wantErr: `segment "00" of "01"`},
		{name: "segment past the total", line: head + "1427:03:02:event=x", wantErr: `segment "03" of "02"`},
		{name: "segment that is no number", line: head + "1427:x:02:event=x", wantErr: `segment "x" of "02"`},
		{name: "too many segments", line: head + "1427:1:1000:event=x", wantErr: `of "1000"`},
		{name: "no site id", line: head + ":01:01:event=x", wantErr: "without site id"},
		{name: "none of the seven", line: head + "1427:01:01:event=support_conference_bgin;lsid=s", wantErr: `event "support_conference_bgin" is none of the seven`},
		{name: "no session", line: head + "1427:01:01:event=support_conference_begin", wantErr: "without a session"},
		{name: "a session too long", line: head + "1427:01:01:event=support_conference_begin;lsid=" + strings.Repeat("s", sessionMax+1), wantErr: "lsid of 1025 bytes"},
		{name: "no time", line: "<133>1 - h BG 1 - - " + begin, wantErr: "without a time"},
		{name: "a part without a time", line: "<133>1 - h BG 1 - - 1427:01:02:event=x", wantErr: "has no time"},
		{name: "too many fields", line: head + "1427:01:01:event=login;" + asciiFields(1001), wantErr: "more than 1000 fields"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			checkOutcome(t, Options{Format: "bg"}, tt.line, tt.want, tt.wantEvent, tt.wantErr)
		})
	}
}

func checkOutcome(t *testing.T, o Options, line string, want bridge.Outcome, wantEvent, wantErr string) {
	t.Helper()
	es, got, err := mustNew(t, o).Parse(record([]byte(line)), nil)
	if wantErr != "" {
		if err == nil || !strings.Contains(err.Error(), wantErr) {
			t.Fatalf("%v, %v; want the error %q", got, err, wantErr)
		}
		if len(err.Error()) > 200 || len(es) != 0 {
			t.Errorf("an error of %d bytes, %d events", len(err.Error()), len(es))
		}
		return
	}
	if err != nil || got != want {
		t.Fatalf("%v, %v; want %v", got, err, want)
	}
	name := ""
	if len(es) > 0 {
		name = es[0].Name
	}
	if name != wantEvent {
		t.Errorf("event %q, want %q", name, wantEvent)
	}
}

func TestCutLineLosesItsLastField(t *testing.T) {
	rec := record([]byte("Dec  3 15:26:05 h BG: " + begin + ";external_key=INC001"))
	rec.Cut = 12
	es, _, err := mustNew(t, Options{Format: "bg"}).Parse(rec, nil)
	if err != nil || len(es) != 1 {
		t.Fatal(es, err)
	}
	if got := bare(es); !strings.Contains(got, `"external_key":"","site_id":"1427","extra":{"line_cut":12}`) {
		t.Errorf("half a key was taken for a key, or nothing says so: %s", got)
	}
}

func TestCutPartIsRefused(t *testing.T) {
	rec := record([]byte("Dec  3 15:26:05 h BG: 1427:01:02:event=x"))
	rec.Cut = 12
	if _, _, err := mustNew(t, Options{Format: "bg"}).Parse(rec, nil); err == nil {
		t.Error("a part with a hole was taken")
	}
}

func TestRawEventKeepsItsFields(t *testing.T) {
	e := one(t, Options{Format: "bg", CustomFields: []string{"mine"}},
		"Dec  3 15:26:05 h BG: 1:01:01:event=login;name=a;type=b;lsid=s;site=x;custom:c=1;mine=2;external_key=K;appliance_id=A;version=9")
	want := `"timestamp":1733239565,"appliance_id":"A","lsid":"s","external_key":"K","site":"x","site_id":"1",` +
		`"extra":{"custom:c":"1","mine":"2","name":"a","type":"b","version":"9"}`
	if got := bare([]bridge.Event{e}); !strings.Contains(got, want) {
		t.Errorf("got\n%s\nwithout\n%s", got, want)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, o := range []Options{{}, {Format: "regex"}, {Format: "bg", CustomFields: []string{"lsid"}}, {Format: "bg", CustomFields: []string{""}}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
	for _, f := range Formats() {
		o := Options{Format: f}
		if f == FormatRegex {
			o = regexOptions()
		}
		if _, err := New(o); err != nil {
			t.Error(err)
		}
	}
}
