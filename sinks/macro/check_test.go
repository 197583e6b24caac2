package macro

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name, text string
		kind       Kind
		want       string // the beginning of the flaw; empty: none
	}{
		{"plain text takes anything", "<%%name%%\r\n\"", PlainText, ""},

		{"json", `{"a": "%%name%%", "b": ["x%%lsid%%y"], "c": %%type%%}`, JSONText, ""},
		{"json: whole values", `{"a": %%timestamp%%, "b": [%%custom.x%% , %%os%%]}`, JSONText, ""},
		{"json: a quote in the text", `{"a\"": "\\%%name%%", "b": %%name%%}`, JSONText, ""},
		{"json: a value alone", `%%name%%`, JSONText, ""},
		{"json: nothing", "", JSONText, "line 1, column 1: no JSON: unexpected end"},
		{"json: a comma too many", "{\n  \"é\": \"%%name%%\",\n}", JSONText, "line 3, column 1: no JSON: invalid character '}'"},
		{"json: the column counts characters", `{"ééé": x}`, JSONText, "line 1, column 9: no JSON"},
		{"json: not closed", `{"a": "%%name%%"`, JSONText, "line 1, column 17: no JSON: unexpected end"},
		{"json: a part of a number", `{"a": 1%%gsnumber%%}`, JSONText, `line 1, column 8: no JSON: invalid character '"' after object key:value pair; a token without quotes is a whole value`},
		{"json: a sign before it", `{"a": -%%gsnumber%%}`, JSONText, "line 1, column 8: no JSON"},
		{"json: two values", `{"a": %%lsid%%%%os%%}`, JSONText, "line 1, column 15: no JSON"},
		{"json: behind a backslash", `{"a": "\%%name%%"}`, JSONText, "line 1, column 9: no JSON"},
		{"json: in a \\u", `{"a": "\u00%%name%%"}`, JSONText, "line 1, column 12: no JSON"},

		{"lines", "{\"index\": {}}\n{\"a\": \"%%name%%\"}\n\n", JSONLines, ""},
		{"lines: the second", "{}\n{\"a\": %%name%%,}\n", JSONLines, "line 2, column 16: no JSON"},
		{"lines: over two", "{\"a\":\n1}", JSONLines, "line 1, column 6: no JSON: unexpected end"},

		{"form", "a=%%name%%&b=x%%lsid%%y&c=+%20", FormText, ""},
		{"form: a line end", "a=1&\nb=%%lsid%%", FormText, "line 1, column 5: a form has no blanks"},
		{"json: a name", `{"a": 1, "%%lsid%%": 2}`, JSONText, "line 1, column 11: %%lsid%% stands in a name; put it into a value, behind the colon"},
		{"json: a name without quotes", `{%%lsid%%: 2}`, JSONText, "line 1, column 2: %%lsid%% stands in a name"},
		{"json: a name behind a list", `[{"a": [{}, []], "x-%%lsid%%": [1]}]`, JSONText, "line 1, column 21: %%lsid%% stands in a name"},
		{"json: values of many kinds", `{"a": ["%%lsid%%", {"b": "%%lsid%%", "c": {}}, %%lsid%%], "d": "%%lsid%%"}`, JSONText, ""},
		{"lines: a name", "{}\n{\"%%lsid%%\": 1}", JSONLines, "line 2, column 3: %%lsid%% stands in a name"},
		{"form: in a name", "a=1&%%name%%=2", FormText, "line 1, column 5: %%name%% stands in a name; put it into a value"},
		{"form: alone", "%%name%%", FormText, "line 1, column 1: %%name%% stands in a name"},
		{"form: bad escape", "a=1&b=%zz", FormText, "line 1, column 5: no form"},
		{"form: a value in an escape", "a=%4%%name%%", FormText, "line 1, column 1: no form"},

		{"html", `<!DOCTYPE html><p title="%%name%%" id='%%lsid%%'>%%name%% &amp; %%os%%<title>%%name%%</title><textarea>%%name%%</textarea>`, HTMLText, ""},
		{"html: no element", "%%name%%", HTMLText, ""},
		{"html: an address", `<a href="https://example.com/%%lsid%%?x=%%name%%">`, HTMLText, ""},
		{"html: the whole address", "<p>\n<a href=\"%%DownloadSourceUrl%%\">", HTMLText, "line 2, column 10: %%DownloadSourceUrl%% stands at the beginning of an address"},
		{"html: an address that runs", `<a href=" JavaScript:f('%%name%%')">`, HTMLText, "line 1, column 25: %%name%% stands in a script"},
		{"html: script", "<script>\nvar x = \"%%name%%\"</script>", HTMLText, "line 2, column 10: %%name%% stands in a script"},
		{"html: style", "<style>%%name%%</style>", HTMLText, "line 1, column 8: %%name%% stands in a script"},
		{"html: an event", `<p onclick="f('%%name%%')">`, HTMLText, "line 1, column 16: %%name%% stands in a script"},
		{"html: style attribute", `<p style="color: %%name%%">`, HTMLText, "line 1, column 18: %%name%% stands in a script"},
		{"html: no quotes", `<p class=x%%name%%>%%lsid%%`, HTMLText, "line 1, column 11: %%name%% stands where its value could become more than data; put it into text or an attribute with quotes"},
		{"html: an element's name", `<h%%name%%>`, HTMLText, "line 1, column 3: %%name%% stands in a name"},
		{"html: an attribute's name", `<h %%name%%="">`, HTMLText, "line 1, column 4: %%name%% stands in a name"},
		{"html: a comment", `<!-- %%name%% -->`, HTMLText, "line 1, column 6: %%name%% stands in a comment"},
		{"html: a character by name", `&%%name%%;`, HTMLText, "line 1, column 2: %%name%% stands where its value"},
		{"html: a character by number", `<p>%%lsid%%&#1%%name%%;`, HTMLText, "line 1, column 15: %%name%% stands where its value"},

		{"xml", `<?xml version="1.0" encoding="UTF-8"?><a b="%%name%%"><c>%%lsid%%</c> x</a>`, XMLText, ""},
		{"xml: not closed", "<a>\n<b>%%lsid%%</a>", XMLText, "line 2, column 16: no XML: "},
		{"xml: two", "<a/><b/>", XMLText, "line 1, column 9: no XML: 2 elements"},
		{"xml: text alone", "%%lsid%%", XMLText, "line 1, column 1: no XML: text outside"},
		{"xml: CDATA", "<a><![CDATA[%%lsid%%]]></a>", XMLText, "line 1, column 13: %%lsid%% stands where its value"},
		{"xml: a comment", "<a><!--%%lsid%%--></a>", XMLText, "line 1, column 8: %%lsid%% stands in a comment"},
		{"xml: a name", "<a%%lsid%%/>", XMLText, "line 1, column 3: %%lsid%% stands in a name"},
		{"xml: another charset", `<?xml version="1.0" encoding="ISO-8859-1"?><a/>`, XMLText, "line 1, column"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			if f := c.kind.Check(Compile(c.text)); f != nil {
				got = f.Error()
			}
			if (got == "") != (c.want == "") || !strings.HasPrefix(got, c.want) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestKindOf(t *testing.T) {
	for _, c := range []struct {
		in      string
		want    Kind
		wantErr string
	}{
		{"application/json", JSONText, ""},
		{"Application/Vnd.API+JSON; charset=UTF-8", JSONText, ""},
		{"application/x-ndjson", JSONLines, ""},
		{"application/x-www-form-urlencoded", FormText, ""},
		{"text/plain; charset=utf-8", PlainText, ""},
		{"text/html", HTMLText, ""},
		{"application/soap+xml", XMLText, ""},
		{"text/plain; charset=iso-8859-1", 0, `the charset "iso-8859-1"`},
		{"image/svg+xml", 0, "nobody knows"},
		{"text/csv", 0, "nobody knows"},
		{"application/javascript", 0, "nobody knows"},
		{"", 0, `"" is no content type`},
		{"a/b/c", 0, `"a/b/c" is no content type`},
	} {
		t.Run(c.in, func(t *testing.T) {
			got, err := KindOf(c.in)
			if got != c.want || (err == nil) != (c.wantErr == "") || err != nil && !strings.HasPrefix(err.Error(), c.wantErr) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

// FuzzCheck: whatever template is taken, no value becomes more than data in it.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{
		`{"a": "%%name%%", "b": [%%lsid%%]}`, "a=%%name%%&b=x", `<p title="%%name%%">%%lsid%%&amp;</p>`,
		`<a href='/%%name%%'>&#x%%lsid%%</a><script></script>`, "<!--%%name%%-->", "<a b=%%name%%>",
	} {
		for k := JSONText; k <= XMLText; k++ {
			f.Add(uint8(k), s, `"><script>%%lsid%%`)
		}
	}
	f.Fuzz(func(t *testing.T, k uint8, text, value string) {
		kind := Kind(k % uint8(XMLText+1))
		if kind == PlainText || len(text) > 4<<10 || !utf8.ValidString(text) {
			return
		}
		tmpl := Compile(text)
		if len(tmpl.Tokens()) == 0 || kind.Check(tmpl) != nil {
			return
		}
		value = strings.ToValidUTF8(value, "\uFFFD")
		if kind.Escape() == HTML { // what it can't hold
			value = strings.Map(func(r rune) rune {
				if unicode.IsControl(r) && !strings.ContainsRune("\t\n\r", r) || r == 0xfffe || r == 0xffff {
					return utf8.RuneError
				}
				return r
			}, value)
		}
		c := check{kind: kind, t: tmpl, word: tmpl.FreeWord()}
		if value == "" || strings.Contains(value, c.word) { // an empty one is null in JSON
			return
		}
		harmless, _ := c.render(c.markers)
		if f := c.try(c.parse(harmless).pieces, value); f != nil {
			t.Errorf("kind %d, %q with %q: %v", kind, text, value, f)
		}
	})
}

func TestDoubts(t *testing.T) {
	const text = "%%lsid%% %%TIME%% %%survey_x%% %%lisd%% %%RequestId%% %%custom.x%% %%extra.y%% %%data.user%% %%source.host%% %%source.nope%% %%region%%"
	for _, c := range []struct {
		name   string
		fields []string
		all    bool
		want   []string // beginnings
	}{
		{"fields unknown", nil, false, []string{
			"k: %%lisd%% is empty unless the input has such a field; did you mean %%lsid%%? known are id, event,",
			"k: %%region%% is empty unless the input has such a field; known are id, "}},
		{"some known", []string{"Region"}, false, []string{"k: %%lisd%% is empty unless"}},
		{"fields known", []string{"x", "regions"}, true, []string{
			"k: %%survey_x%% is no field that an event can have; known are",
			"k: %%lisd%% is no field that an event can have; did you mean %%lsid%%? known are",
			"k: %%RequestId%% is no", "k: %%extra.y%% is no", "k: %%data.user%% is no", "k: %%source.nope%% is no",
			"k: %%region%% is no field that an event can have; did you mean %%regions%%? known are id, "}},
		{"no fields", nil, true, []string{
			"k: %%survey_x%% is", "k: %%lisd%% is", "k: %%RequestId%% is", "k: %%custom.x%% is", "k: %%extra.y%% is", "k: %%data.user%% is", "k: %%source.nope%% is", "k: %%region%% is"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ps := Compile(text).Doubts("k", c.fields, c.all)
			for i, p := range ps {
				if i >= len(c.want) || !strings.HasPrefix(p.String(), c.want[i]) || p.Warning == c.all {
					t.Errorf("got %s (warning %v)", p, p.Warning)
				}
			}
			if len(ps) != len(c.want) {
				t.Errorf("%d problems, want %d", len(ps), len(c.want))
			}
		})
	}
}
