package bridge

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// The wanted lines are written by hand from the list of fields in the
// canonical event's description.
func TestAppendJSON(t *testing.T) {
	for _, tc := range []struct {
		name     string
		e        Event
		wantJSON string
	}{
		{"the zero event has its seven fields and its origin", Event{},
			`{"id":"00000000000000000000000000000000","event":"","version":"","timestamp":0,"appliance_id":"","lsid":"","external_key":"","source":{"name":"","format":"","offset":0}}`},
		{"every field", full(),
			`{"id":"a3e77e60f864c0d2b6efddcc2e451384","event":"support_conference_customer_exit_survey_completed","version":"1","timestamp":1733240467,` +
				`"appliance_id":"support.example.com","lsid":"e9e9","external_key":"INC=10;A","site":"access.example.com","site_id":"0427",` +
				`"conference_id":"7","conference_name":"General","name":"Zoë Müller","type":"customer","username":"zmueller","user_id":"12","display_name":"Zoë",` +
				`"gsnumber":4,"private_ip":"10.0.0.9","public_ip":"192.0.2.9","hostname":"pc-9","os":"Windows",` +
				`"survey":[{"id":"3","name":"rating","label":"How was it?","type":"radio","answer":"5"},{"id":"4","answer":""}],` +
				`"custom":{"cost_center":"42","vip":true},"extra":{"nested":{"a":[1,null]},"who_ip":"192.0.2.1"},` +
				`"source":{"name":"appliance","format":"bg","host":"host9","offset":4096}}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := string(tc.e.AppendJSON([]byte("> ")))
			if got != "> "+tc.wantJSON {
				t.Errorf("got  %s\nwant > %s", got, tc.wantJSON)
			}
		})
	}
}

func TestAppendJSONString(t *testing.T) {
	for _, tc := range []struct{ name, s, want string }{
		{"plain", "abc", `"abc"`},
		{"empty", "", `""`},
		{"quote and backslash", `a"b\c`, `"a\"b\\c"`},
		{"line ends and tab", "a\r\n\tb", `"a\r\n\tb"`},
		{"other control characters", "\x00\x1b\x7f", `"\u0000\u001b\u007f"`},
		{"no UTF-8", "a\xff\xfeb", "\"a\uFFFD\uFFFDb\""},
		{"a cut character", "a\xc3", "\"a\uFFFD\""},
		{"U+FFFD itself", "\uFFFD", "\"\uFFFD\""},
		{"separators of JavaScript", "\u2028\u2029", `"\u2028\u2029"`},
		{"other planes", "😀", `"😀"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := string(AppendJSONString(nil, tc.s)); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestDecodeEventGivesBackWhatWasEncoded(t *testing.T) {
	want := full()
	got, err := DecodeEvent(want.AppendJSON(nil))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestDecodeEventRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":           "",
		"cut short":         `{"id":"a3e77e60f864c0d2b6efddcc2e451384","event":"x`,
		"an id of no hex":   `{"id":"zz"}`,
		"text for a number": `{"timestamp":"soon"}`,
		"a list for custom": `{"custom":[]}`,
		"behind the object": `{} {}`,
	} {
		if _, err := DecodeEvent([]byte(text)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestJSONField(t *testing.T) {
	for _, tc := range []struct {
		name, json string
		want       Field
		wantErr    bool
	}{
		{name: "string", json: `"a\nb"`, want: Field{Name: "f", Value: "a\nb"}},
		{name: "number keeps its text", json: `1.50`, want: Field{Name: "f", Value: "1.50", JSON: true}},
		{name: "null", json: `null`, want: Field{Name: "f", Value: "null", JSON: true}},
		{name: "object becomes compact", json: "{ \"a\" :\n[1, 2] }", want: Field{Name: "f", Value: `{"a":[1,2]}`, JSON: true}},
		{name: "no UTF-8 inside an object", json: "{\"a\":\"\xff\"}", want: Field{Name: "f", Value: "{\"a\":\"\uFFFD\"}", JSON: true}},
		{name: "nothing", json: ``, wantErr: true},
		{name: "half an object", json: `{"a":`, wantErr: true},
		{name: "half a string", json: `"a`, wantErr: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := JSONField("f", json.RawMessage(tc.json))
			if got != tc.want || (err != nil) != tc.wantErr {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

// hostile draws texts that break naive encoders.
func hostile() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.String(),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
		rapid.SampledFrom([]string{"", `"`, `\`, `\u0000`, "\x00", "a\r\nBcc: x", "%%lsid%%", "</script>", "\u2028", "\xf0\x9f", `{"a":1}`}),
	)
}

// valid is what the canonical JSON makes of a text.
func valid(s string) string { return strings.ToValidUTF8(string([]rune(s)), "\uFFFD") }

func drawEvent(t *rapid.T) Event {
	text := func(label string) string { return hostile().Draw(t, label) }
	fields := func(label string) (fs []Field) {
		for _, n := range rapid.SliceOfNDistinct(hostile(), 0, 4, valid).Draw(t, label) {
			fs = append(fs, Field{Name: n, Value: text(label + " value")})
		}
		return fs
	}
	e := Event{
		Name: text("name"), Version: text("version"), Timestamp: rapid.Int64().Draw(t, "timestamp"),
		ApplianceID: text("appliance"), Session: text("session"), ExternalKey: text("key"),
		Site: text("site"), MemberName: text("member"), GSNumber: rapid.Int64().Draw(t, "gsnumber"),
		Custom: fields("custom"), Extra: fields("extra"),
		Source: Origin{Name: text("source"), Format: "bg", Host: text("host"), Offset: rapid.Int64().Draw(t, "offset")},
	}
	copy(e.ID[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
	if rapid.Bool().Draw(t, "survey") {
		e.Survey = []Answer{{ID: text("answer id"), Label: text("label"), Answer: text("answer")}}
	}
	return e
}

// cleaned is the event that comes back from its canonical JSON.
func cleaned(e Event) Event {
	for _, s := range []*string{&e.Name, &e.Version, &e.ApplianceID, &e.Session, &e.ExternalKey, &e.Site, &e.MemberName, &e.Source.Name, &e.Source.Host} {
		*s = valid(*s)
	}
	if len(e.Survey) > 0 {
		a := e.Survey[0]
		e.Survey = []Answer{{ID: valid(a.ID), Label: valid(a.Label), Answer: valid(a.Answer)}}
	}
	e.Custom, e.Extra = cleanedFields(e.Custom), cleanedFields(e.Extra)
	return e
}

func cleanedFields(fs []Field) (out []Field) {
	for _, f := range fs {
		out = append(out, Field{Name: valid(f.Name), Value: valid(f.Value)})
	}
	SortFields(out)
	return out
}

func TestRoundTripOfHostileValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEvent(t)
		b := e.AppendWire(nil)
		h, err := ParseHead(b)
		if err != nil {
			t.Fatal(err)
		}
		if h.ID != e.ID || string(h.Name) != e.Name || string(h.Session) != e.Session || h.HasKey != e.HasKey() {
			t.Fatalf("head %+v of %+v", h, e)
		}
		if bytes.ContainsAny(h.JSON, "\r\n") || !utf8.Valid(h.JSON) || !json.Valid(h.JSON) {
			t.Fatalf("not one line of valid JSON: %q", h.JSON)
		}
		got, err := DecodeEvent(h.JSON)
		if err != nil {
			t.Fatal(err)
		}
		if want := cleaned(e); !reflect.DeepEqual(got, want) {
			t.Fatalf("got  %+v\nwant %+v", got, want)
		}
	})
}

// TestAppendJSONStringOfEachByte: alone and between others it comes out as
// encoding/json reads it, and what must be escaped is.
func TestAppendJSONStringOfEachByte(t *testing.T) {
	for c := range 256 {
		for _, s := range []string{string([]byte{byte(c)}), "ab" + string([]byte{byte(c)}) + "cd", string([]byte{byte(c), byte(c)})} {
			b := AppendJSONString(nil, s)
			var got string
			if err := json.Unmarshal(b, &got); err != nil {
				t.Errorf("%q: %s: %v", s, b, err)
			}
			want := ""
			for _, r := range s {
				want += string(r)
			}
			if got != want {
				t.Errorf("%q: got %q, want %q", s, got, want)
			}
			for _, o := range b {
				if o < 0x20 || o == 0x7f {
					t.Errorf("%q: %q stands in it as it is", s, o)
				}
			}
		}
	}
}
