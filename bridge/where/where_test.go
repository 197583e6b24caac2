package where

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge"
)

func event() *bridge.Event {
	return &bridge.Event{
		ID: bridge.SenderID("in", "m-1", 0), Name: bridge.EventMemberAdded, Version: "1", Timestamp: 1733240467,
		ApplianceID: "support.example.com", Session: "e9e9", ExternalKey: "INC0010023", Site: "access.example.com",
		MemberName: "Zoë Müller", MemberType: "customer", GSNumber: 4, PublicIP: "192.0.2.9", OS: "Windows",
		Survey: []bridge.Answer{{ID: "3", Name: "rating", Answer: "5"}, {ID: "4", Answer: "yes"}, {Name: "rating", Answer: "1"}},
		Custom: []bridge.Field{{Name: "region", Value: "EMEA"}, {Name: "vip", Value: "true", JSON: true}},
		Extra:  []bridge.Field{{Name: "weight", Value: "7", JSON: true}, {Name: "", Value: "nameless"}},
	}
}

func TestMatch(t *testing.T) {
	for _, tc := range []struct {
		text string
		want bool
	}{
		{`true`, true},
		{`not true`, false},
		{`event == "support_conference_member_added"`, true},
		{`event == "support_conference_end"`, false},
		{`type == "customer" and external_key != ""`, true},
		{`type == "customer" && !(gsnumber == 4)`, false},
		{`type == "system" || os == "Windows"`, true},
		{`timestamp >= 1733240467 and timestamp < 1733240468`, true},
		{`gsnumber > -1`, true},
		{`external_key startsWith "INC" and external_key endsWith "23"`, true},
		{`external_key contains "inc"`, false},
		{`lower(external_key) contains "inc"`, true},
		{`external_key matches "^INC[0-9]{7}$"`, true},
		{`external_key matches '^\\d+$'`, false},
		{`not (name matches "^Z")`, false},
		{`name == "Zoë Müller"`, true},
		{`type in ["customer", "representative"]`, true},
		{`type not in ["system"]`, true},
		{`gsnumber in [1, 4]`, true},
		{`gsnumber in []`, false},
		{`custom["region"] in ["EMEA", "APAC"]`, true},
		{`lower(custom["region"]) == "emea"`, true},
		{`custom.region == "EMEA"`, true},
		{`custom["vip"] == "true"`, true},
		{`custom["none"] == ""`, true},
		{`"none" in custom`, false},
		{`"region" in custom and "weight" in extra and "rating" in survey`, true},
		{`extra["weight"] == "7"`, true},
		{`extra[""] == "nameless"`, true},
		{`survey["rating"] == "5"`, true}, // of two the first
		{`survey["4"] == "yes"`, true},    // without a name, by its id
		{`survey["3"] == ""`, true},
		{`id == "` + event().ID.String() + `"`, true},
		{`public_ip startsWith "192.0.2."`, true},
		{`lsid == "e9e9" and site == "access.example.com" and appliance_id == "support.example.com"`, true},
		{"event ==\n\"x\"", false},
	} {
		t.Run(tc.text, func(t *testing.T) {
			x, err := Compile(tc.text)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := x.Match(event()); got != tc.want || err != nil {
				t.Errorf("got %v, %v; want %v", got, err, tc.want)
			}
			if _, err := x.Match(&bridge.Event{}); err != nil {
				t.Errorf("of an empty event: %v", err)
			}
		})
	}
}

func TestCompileRefuses(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"nothing", " ", "at character 1: is empty; leave it out for all events"},
		{"too long", strings.Repeat("x", TextMax+1), "at character 1: is longer than 4096 bytes"},
		{"a field that is none", `externl_key != ""`, `at character 1: "externl_key" is no field; did you mean external_key?`},
		{"no field at all", `true and zzz == 1`, `at character 10: "zzz" is no field; known fields: id, event, version`},
		{"in a later line", "true and\n zzz == 1", `at line 2, character 2: "zzz" is no field`},
		{"no boolean", `event`, `at character 1: the whole is text, and must be true or false; compare it, such as with != ""`},
		{"types that don't fit", `event == 1`, `at character 7: == can't stand between text and a whole number; numbers are written without quotes`},
		{"a text for a number", `timestamp == "1"`, `== can't stand between a whole number and text`},
		{"half an expression", `event ==`, "at character 8: something is missing at the end"},
		{"one sign for two", `type = "customer"`, `at character 6: "=" compares nothing; write ==`},
		{"an operator too many", `type == == "x"`, `at character 9: "==" is not expected here`},
		{"a table", `custom`, "at character 1: the whole is a table, and must be"},
		{"a number", `gsnumber and true`, "at character 10: and can't stand between a whole number and true or false"},
		{"text without its end", `event == "x`, "at character"},
		{"a bad regular expression", `event matches "("`, "at character 15: error parsing regexp"},
		{"a regular expression from the event", `event matches name`, "at character 15: the regular expression behind matches must be written out"},
		{"arithmetic", `timestamp + 1 > 2`, "at character 11: the operator + is not known here"},
		{"a range", `gsnumber in 1..1000000`, "behind in stands a list"},
		{"in a text", `"x" in event`, "at character 8: event is no list; use contains"},
		{"a list of fields", `"x" in [event]`, "a list holds texts or whole numbers, written out"},
		{"a mixed list", `event in ["x", 1]`, "either texts or whole numbers"},
		{"a loop", `all([1,2], # > 0)`, "at character"},
		{"another function", `len(event) > 2`, "there is no such function; lower() is the only one"},
		{"upper", `upper(event) == "X"`, "there is no such function"},
		{"a variable", `let x = 1; x == 1`, "this is not part of the language"},
		{"two expressions", `true; false`, "this is not part of the language"},
		{"a choice", `true ? true : false`, "this is not part of the language"},
		{"if", `if true { true } else { false }`, "at character"},
		{"the other one where nothing is", `(custom["a"] ?? "b") == "b"`, "the operator ?? is not known here"},
		{"a part of a text", `event[0] == "s"`, `only custom, extra and survey have parts`},
		{"a slice", `event[0:2] == "su"`, "this is not part of the language"},
		{"a part named by the event", `custom[event] == "s"`, `the name of a part is written out`},
		{"a part of a part", `custom["a"]["b"] == "s"`, `only custom, extra and survey have parts`},
		{"a method", `custom.String() == "s"`, "there is no such function"},
		{"a map", `{"a": 1} == custom`, "this is not part of the language"},
		{"nil", `custom == nil`, "this is not part of the language"},
		{"a fraction", `gsnumber > 1.5`, "this is not part of the language"},
		{"the environment itself", `$env["event"] == "x"`, `only custom, extra and survey have parts`},
		{"the environment's name", `$env == "x"`, `"$env" is no field`},
		{"too many parts", strings.Repeat("true or ", 400) + "true", "exceeds maximum allowed nodes"},
		{"deep", strings.Repeat("(", 2000) + "true" + strings.Repeat(")", 2000), ""},
		{"deep nots", strings.Repeat("!", 3000) + "true", "exceeds maximum allowed nodes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Compile(tc.text)
			if tc.want == "" {
				if err != nil {
					t.Errorf("got %v", err)
				}
				return
			}
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got  %v\nwant %s", err, tc.want)
			}
			if err != nil && strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("not one line: %q", err)
			}
		})
	}
}

// Each field of the canonical event is known, and has its value.
func TestFieldsAreTheCanonicalOnes(t *testing.T) {
	var names []string
	ty := reflect.TypeFor[fields]()
	for i := range ty.NumField() {
		names = append(names, ty.Field(i).Tag.Get("expr"))
	}
	if want := append(bridge.Tokens(), tables...); !slices.Equal(names, want) {
		t.Errorf("fields are %q, want %q", names, want)
	}
	e := event()
	for i, p := range []*string{&e.ApplianceID, &e.ExternalKey, &e.Site, &e.SiteID, &e.ConferenceID, &e.ConferenceName, &e.Username, &e.UserID, &e.DisplayName, &e.PrivateIP, &e.Hostname} {
		*p = strings.Repeat("v", i+2)
	}
	for _, name := range bridge.Tokens() {
		value, _ := e.Token(name)
		text := name + " == " + value
		if name != "timestamp" && name != "gsnumber" {
			text = name + ` == "` + value + `"`
		}
		x, err := Compile(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if is, err := x.Match(e); !is || err != nil {
			t.Errorf("%s: %v, %v", text, is, err)
		}
	}
}

func TestOfAValueOnlySoMuchCounts(t *testing.T) {
	x, err := Compile(`name contains "end" or extra["a"] contains "end"`)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", valueMax) + "end"
	if is, err := x.Match(&bridge.Event{MemberName: long, Extra: []bridge.Field{{Name: "a", Value: long}}}); is || err != nil {
		t.Errorf("got %v, %v", is, err)
	}
	if is, _ := x.Match(&bridge.Event{MemberName: long[3:]}); !is {
		t.Error("what counts was not seen")
	}
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{`event == "x"`, `custom["a"] in ["b"]`, `lower(name) matches "^a"`, `not (1 in [2])`, "\xff", `"\u0000"`, `event matches "(a{1000})"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		x, err := Compile(text)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Line < 1 || e.Column < 1 {
				t.Fatalf("%v", err)
			}
			return
		}
		if _, err := x.Match(event()); err != nil {
			t.Fatalf("%q compiles and fails: %v", text, err)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	x, err := Compile(`type == "customer" and custom["region"] in ["EMEA", "APAC"]`)
	if err != nil {
		b.Fatal(err)
	}
	e := event()
	b.ReportAllocs()
	for b.Loop() {
		if is, err := x.Match(e); !is || err != nil {
			b.Fatal(is, err)
		}
	}
}
