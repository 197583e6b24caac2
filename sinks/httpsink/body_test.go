package httpsink

import (
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge"
)

func sample() bridge.Event {
	return bridge.Event{
		ID: bridge.ID{0xab}, Name: bridge.EventEnd, Version: "9", Timestamp: 1757513287,
		ApplianceID: "support.example.com", Session: "e9e9", ExternalKey: "INC=10;A",
		Source: bridge.Origin{Name: "s", Format: "bg"},
	}
}

// The bodies are written by hand from the appliance's variables.
func TestForm(t *testing.T) {
	const six = "event=support_conference_end&version=1&timestamp=1757513287&appliance_id=support.example.com&lsid=e9e9&external_key=INC%3D10%3BA"
	for _, c := range []struct {
		name string
		set  func(*bridge.Event, *Options)
		want string
	}{
		{name: "the six", want: six},
		{name: "no key: sent empty", set: func(e *bridge.Event, _ *Options) { e.ExternalKey, e.ApplianceID = "", "" },
			want: "event=support_conference_end&version=1&timestamp=1757513287&appliance_id=&lsid=e9e9&external_key="},
		{name: "version is the setting", set: func(_ *bridge.Event, o *Options) { o.Version = "2.1" },
			want: strings.Replace(six, "version=1", "version=2.1", 1)},
		{name: "name and type stay away from other events", set: func(e *bridge.Event, _ *Options) { e.MemberName, e.MemberType = "Zoë", "customer" }, want: six},
		{name: "name and type on a join, even empty", set: func(e *bridge.Event, _ *Options) {
			e.Name, e.MemberName = bridge.EventMemberAdded, "Zoë Müller +&=%"
		}, want: strings.Replace(six, "_end", "_member_added", 1) + "&name=Zo%C3%AB+M%C3%BCller+%2B%26%3D%25&type="},
		{name: "name and type on a leave", set: func(e *bridge.Event, _ *Options) {
			e.Name, e.MemberName, e.MemberType = bridge.EventMemberDeparted, "A", "representative"
		}, want: strings.Replace(six, "_end", "_member_departed", 1) + "&name=A&type=representative"},
		{name: "the others where not empty", set: func(e *bridge.Event, _ *Options) {
			e.Username, e.UserID, e.ConferenceName, e.ConferenceID = "u", "7", "Q 1", "3"
		}, want: six + "&username=u&user_id=7&conference_name=Q+1&conference_id=3"},
		{name: "no UTF-8", set: func(e *bridge.Event, _ *Options) { e.DisplayName = "a\xff\x00b" }, want: six + "&display_name=a%EF%BF%BD%00b"},
		{name: "custom fields not asked for", set: func(e *bridge.Event, _ *Options) { e.Custom = []bridge.Field{{Name: "a", Value: "b"}} }, want: six},
		{name: "custom fields", set: func(e *bridge.Event, o *Options) {
			o.SendCustomFields, o.CustomPrefix = true, "c."
			e.Custom = []bridge.Field{{Name: "a b", Value: "x"}, {Name: "n", Value: "17", JSON: true}, {Name: "z", Value: "null", JSON: true}}
		}, want: six + "&c.a+b=x&c.n=17&c.z="},
		{name: "survey", set: func(e *bridge.Event, _ *Options) {
			e.Survey = []bridge.Answer{{ID: "1", Name: "rating", Label: "How?", Answer: "5"}, {ID: "2", Answer: "line\nend"}}
		}, want: six + "&survey_rating=5&survey_2=line%0Aend"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, o := sample(), Defaults("")
			if c.set != nil {
				c.set(&e, &o)
			}
			if got := string(o.appendForm(nil, &e)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// A name from the input never takes the place of a variable, whichever way a
// receiver reads names.
func TestFreeNames(t *testing.T) {
	for _, c := range []struct {
		name  string
		names []string
		want  []string
	}{
		{"as they are", []string{"team", "Team2"}, []string{"team", "Team2"}},
		{"a fixed variable", []string{"event", "type"}, []string{"custom_event", "custom_type"}},
		{"in capitals, for .NET", []string{"LSID"}, []string{"custom_LSID"}},
		{"with a dot or a blank, for PHP", []string{"external.key", "external key", " event"},
			[]string{"custom_external.key", "custom_external key_2", "custom_event"}},
		{"as an array, for PHP", []string{"event[x]", "event[", "a[1]", "a[2]"},
			[]string{"custom_event[x]", "custom_event_2", "a[1]", "custom_a[2]"}},
		{"with a zero byte, for PHP", []string{"event\x00x"}, []string{"custom_eventx"}},
		{"empty", []string{"", " "}, []string{"custom_", "custom__2"}},
		{"one like another", []string{"custom_type", "type", "TYPE"}, []string{"custom_type", "custom_type_2", "custom_TYPE_3"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, o := sample(), Defaults("")
			o.SendCustomFields = true
			for _, n := range c.names {
				e.Custom = append(e.Custom, bridge.Field{Name: n, Value: "v"})
			}
			pairs := strings.Split(string(o.appendForm(nil, &e)), "&")[6:]
			var got []string
			for _, p := range pairs {
				name, _, _ := strings.Cut(p, "=")
				name, _ = url.QueryUnescape(name)
				got = append(got, name)
			}
			if strings.Join(got, "|") != strings.Join(c.want, "|") {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// Fields that are all read as one name cost no more than others: a search for
// each of 50,000 would not end within the test's time.
func TestManyFreeNames(t *testing.T) {
	e, o := sample(), Defaults("")
	o.SendCustomFields = true
	for i := range 50_000 {
		e.Custom = append(e.Custom, bridge.Field{Name: "a[" + strconv.Itoa(i) + "]", Value: "v"})
	}
	if n := strings.Count(string(o.appendForm(nil, &e)), "&"); n != 5+50_000 {
		t.Errorf("%d variables", n+1)
	}
}

func TestBodyOfEvents(t *testing.T) {
	e := sample()
	one := string(e.AppendJSON(nil))
	for _, c := range []struct {
		name, body, format string
		max                int
		events             []bridge.Event
		want               string
		wantErr            bool
		wantType           string
	}{
		{name: "one", body: bodyJSON, events: []bridge.Event{e}, want: one, wantType: "application/json"},
		{name: "a batch is an array", body: bodyJSON, max: 3, events: []bridge.Event{e, e}, want: "[" + one + "," + one + "]", wantType: "application/json"},
		{name: "a batch of one too", body: bodyJSON, max: 3, events: []bridge.Event{e}, want: "[" + one + "]", wantType: "application/json"},
		{name: "a batch that was begun before it was turned off", body: bodyJSON, events: []bridge.Event{e, e}, want: "[" + one + "," + one + "]", wantType: "application/json"},
		{name: "lines", body: bodyJSON, format: batchLines, max: 3, events: []bridge.Event{e, e}, want: one + "\n" + one + "\n", wantType: "application/x-ndjson"},
		{name: "a line", body: bodyJSON, format: batchLines, events: []bridge.Event{e}, want: one + "\n", wantType: "application/x-ndjson"},
		{name: "a form takes one", body: bodyForm, events: []bridge.Event{e, e}, wantErr: true, wantType: "application/x-www-form-urlencoded"},
		{name: "a template takes one", body: bodyTemplate, events: []bridge.Event{e, e}, wantErr: true, wantType: "application/json"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &Sink{o: Options{Body: c.body, BatchFormat: c.format, BatchMaxEvents: c.max}}
			got, err := s.body(c.events, nil)
			if string(got) != c.want && !c.wantErr || (err != nil) != c.wantErr {
				t.Errorf("got %s, %v", got, err)
			}
			if got := s.o.contentType(); got != c.wantType {
				t.Errorf("content type %q, want %q", got, c.wantType)
			}
		})
	}
}

func FuzzForm(f *testing.F) {
	f.Add("event", "v", "q", "a")
	f.Add("external.key\x00", "\xff", "", "&=")
	f.Fuzz(func(t *testing.T, code, value, question, answer string) {
		e, o := sample(), Defaults("")
		o.SendCustomFields = true
		e.Custom = []bridge.Field{{Name: code, Value: value}, {Name: question, Value: answer}}
		e.Survey = []bridge.Answer{{Name: question, Answer: answer}, {Name: code, Answer: value}}
		body := string(o.appendForm(nil, &e))
		q, err := url.ParseQuery(body)
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if strings.Count(body, "&") != 6+4-1 {
			t.Errorf("something was left out: %s", body)
		}
		read := map[string]int{}
		for name := range q {
			read[readAs(name)] += len(q[name])
		}
		for name, n := range read {
			if n != 1 {
				t.Errorf("%q is read %d times: %s", name, n, body)
			}
		}
	})
}
