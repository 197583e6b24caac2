package macro

import (
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/tailpost/tailpost/bridge"
)

func event() *bridge.Event {
	return &bridge.Event{
		ID: bridge.ID{1}, Name: bridge.EventEnd, Timestamp: 1757513287, Session: "e9e9", ExternalKey: "x\r\nBcc: evil@example.com",
		MemberName: "Zoë \"M\" \xff&=+",
		Survey:     []bridge.Answer{{ID: "3", Name: "How was it", Answer: "good"}},
		Custom:     []bridge.Field{{Name: "Team Name", Value: "A"}, {Name: "time", Value: "noon"}, {Name: "n", Value: "<>'\t\x1b\u0085"}},
	}
}

func TestExpand(t *testing.T) {
	for _, c := range []struct {
		name, text string
		esc        Escape
		want       string
		wantTokens []string
	}{
		{name: "nothing"},
		{name: "text alone", text: "a % b %% c", want: "a % b %% c"},
		{name: "a token", text: "<%%lsid%%>", want: "<e9e9>", wantTokens: []string{"lsid"}},
		{name: "any case", text: "%%LSID%%%%Lsid%%", want: "e9e9e9e9", wantTokens: []string{"LSID"}},
		{name: "number", text: "%%timestamp%%", want: "1757513287", wantTokens: []string{"timestamp"}},
		{name: "absent", text: "[%%os%%]", want: "[]", wantTokens: []string{"os"}},
		{name: "unknown", text: "[%%nope%%]", want: "[]", wantTokens: []string{"nope"}},
		{name: "unterminated", text: "100%%lsid", want: "100%%lsid"},
		{name: "percentages", text: "20%% of 50%% lsid", want: "20%% of 50%% lsid"},
		{name: "empty name", text: "%%%%", want: "%%%%"},
		{name: "three signs", text: "%%%lsid%%%", want: "%e9e9%", wantTokens: []string{"lsid"}},
		{name: "over a line's end", text: "%%ls\nid%%", want: "%%ls\nid%%"},
		{name: "too long", text: "%%" + strings.Repeat("a", 129) + "%%", want: "%%" + strings.Repeat("a", 129) + "%%"},
		{name: "as long as can be", text: "%%" + strings.Repeat("a", 128) + "%%", want: "", wantTokens: []string{strings.Repeat("a", 128)}},
		{name: "custom with a blank", text: "%%team name%%", want: "A", wantTokens: []string{"team name"}},
		{name: "survey", text: "%%survey_how was it%%", want: "good", wantTokens: []string{"survey_how was it"}},
		{name: "an input field goes before ours", text: "%%time%%", want: "noon", wantTokens: []string{"time"}},
		{name: "value is not expanded again", text: "%%name%%", want: "Zoë \"M\" \uFFFD&=+", wantTokens: []string{"name"}},
		{name: "header", text: "K: %%external_key%%", esc: Header, want: "K: xBcc: evil@example.com", wantTokens: []string{"external_key"}},
		{name: "json", text: `{"n":"%%name%%"}`, esc: JSON, want: `{"n":"Zoë \"M\" ` + "\uFFFD" + `&=+"}`, wantTokens: []string{"name"}},
		{name: "form", text: "n=%%name%%", esc: Form, want: "n=Zo%C3%AB+%22M%22+%EF%BF%BD%26%3D%2B", wantTokens: []string{"name"}},
		{name: "json: whole values", text: `[%%timestamp%%,%%lsid%%,%%nope%%,%%os%%,"%%timestamp%%"]`, esc: JSON, want: `[1757513287,"e9e9",null,null,"1757513287"]`,
			wantTokens: []string{"timestamp", "lsid", "nope", "os"}},
		{name: "json: a quote in the text", text: `{"a\"%%lsid%%":"\\"%%lsid%%`, esc: JSON, want: `{"a\"e9e9":"\\""e9e9"`, wantTokens: []string{"lsid"}},
		{name: "html", text: "<b>%%name%%</b>", esc: HTML, want: "<b>Zoë &#34;M&#34; \uFFFD&amp;=+</b>", wantTokens: []string{"name"}},
		{name: "html: lines and controls", text: "%%external_key%%%%n%%", esc: HTML, want: "x&#13;&#10;Bcc: evil@example.com&lt;&gt;&#39;&#9;\uFFFD\uFFFD", wantTokens: []string{"external_key", "n"}},
		{name: "url", text: "/%%name%%", esc: URL, want: "/Zo%C3%AB%20%22M%22%20%EF%BF%BD%26%3D%2B", wantTokens: []string{"name"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tmpl := Compile(c.text)
			if got := tmpl.Expand(event(), c.esc); got != c.want {
				t.Errorf("Expand = %q, want %q", got, c.want)
			}
			if got := tmpl.Tokens(); !slices.Equal(got, c.wantTokens) {
				t.Errorf("Tokens = %q, want %q", got, c.wantTokens)
			}
		})
	}
}

func TestTime(t *testing.T) {
	e := event()
	e.Custom = nil
	if got, want := Compile("%%Time%%").Expand(e, Plain), "2025-09-10 14:08:07 UTC"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMissing(t *testing.T) {
	var got []string
	Compile("%%lsid%%%%os%%%%nope%%%%survey_x%%%%time%%%%nope%%").AppendNoting(nil, &bridge.Event{}, Plain, func(s string) { got = append(got, s) })
	if want := []string{"nope", "survey_x", "nope"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestUnknown(t *testing.T) {
	got := Compile("%%lsid%% %%TIME%% %%survey_x%% %%lisd%% %%Custom%% %%requestid%% %%custom.x%% %%data.user%%").Unknown()
	if want := []string{"lisd", "Custom"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOneLine(t *testing.T) {
	for _, c := range []struct {
		name, in string
		limit    int
		want     string
	}{
		{"plain", "all well", 20, "all well"},
		{"blanks", "\r\n a \t\n b \n", 20, "a b"},
		{"control", "a\x1b[2J\x00\u202eb\xff", 40, "a\uFFFD[2J\uFFFD\uFFFDb\uFFFD"},
		{"cut", "abcdefghij", 8, "abcd…"},
		{"cut before a long character", "abcd\U0001F600xyz", 8, "abcd…"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := OneLine(c.in, c.limit)
			if got != c.want || len(got) > c.limit {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func FuzzExpand(f *testing.F) {
	f.Add("%%external_key%% and %%name%%", "x\r\nBcc: e", "\x00\xff\u2028")
	f.Add("%%%%%%lsid%%", "%%name%%", "&=")
	f.Fuzz(func(t *testing.T, text, key, name string) {
		e := &bridge.Event{ExternalKey: key, MemberName: name, Custom: []bridge.Field{{Name: text, Value: key}}}
		tmpl := Compile(text)
		if len(tmpl.Tokens()) == 0 && tmpl.Expand(e, Plain) != text {
			t.Errorf("%q without tokens is changed", text)
		}
		const places = "%%external_key%%|%%name%%"
		all := Compile(places)
		if s := all.Expand(e, Header); strings.ContainsFunc(s, unicode.IsControl) {
			t.Errorf("control characters in a header: %q", s)
		}
		var back string
		if err := json.Unmarshal([]byte(Compile(`"`+places+`"`).Expand(e, JSON)), &back); err != nil {
			t.Errorf("no JSON string: %v", err)
		}
		if want := all.Expand(e, Plain); back != want {
			t.Errorf("JSON reads back as %q, want %q", back, want)
		}
		q, err := url.ParseQuery("v=" + string(Form.Append(nil, key)))
		if err != nil || q.Get("v") != string(Plain.Append(nil, key)) {
			t.Errorf("form reads back as %q, %v", q.Get("v"), err)
		}
		escaped := string(HTML.Append(nil, key))
		if strings.ContainsAny(escaped, `<>"'`+"\x00\x1b") {
			t.Errorf("HTML of its own: %q", escaped)
		}
		if got := html.UnescapeString(escaped); string(Plain.Append(nil, key)) == key && !strings.ContainsFunc(key, unicode.IsControl) && !strings.ContainsAny(key, "\ufffe\uffff") && got != key {
			t.Errorf("HTML reads back as %q, want %q", got, key)
		}
		for _, esc := range []Escape{Plain, Header, JSON, Form, HTML, URL} {
			tmpl.Expand(e, esc)
		}
	})
}
