package page

import (
	"bytes"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/status"
)

const hostile = "<script>alert(1)</script>\"' onmouseover=x {{.}}\u202e\u2066evil\x1b[2J\x00\r\nSet-Cookie: x\xff&amp;javascript:alert(1)"

// fill puts text into every string of a value.
func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			fill(v.Elem(), text)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), text)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.String && v.Len() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		for i := range v.Len() {
			fill(v.Index(i), text)
		}
	case reflect.String:
		v.SetString(text)
	}
}

// TestHostileTexts: every text is shown as what it is, on every page, and no
// more of it than fits.
func TestHostileTexts(t *testing.T) {
	for _, c := range []struct{ name, text string }{
		{"markup and what can't be seen", hostile},
		{"much of it", strings.Repeat(hostile, (64<<10)/len(hostile))},
	} {
		t.Run(c.name, func(t *testing.T) {
			snap := snapOf("a", "b")
			snap.Needs, snap.Alerts = []status.Need{{}}, []status.Alert{{}}
			fill(reflect.ValueOf(snap).Elem(), c.text)
			name := c.text[:min(len(c.text), 128)] // a configuration has no longer ones
			for i := range snap.Recipients {
				snap.Recipients[i].Name, snap.Recipients[i].State = name, hostile
			}
			snap.Needs[0].Name, snap.Alerts[0].Recipient, snap.Spool.Holder = name, name, name
			snap.Needs[0].Kind, snap.Configuration.Refused = "recipient", taken
			s := newSite(t, snap)
			s.signIn()
			s.reader.letters = Letters{Letters: make([]Letter, 2), Total: 2}
			s.reader.events.Events = make([]Event, 2)
			s.reader.attempts = make([]bridge.Attempt, 2)
			e := &bridge.Event{Survey: make([]bridge.Answer, 1), Extra: make([]bridge.Field, 1)}
			s.reader.why = []Why{{Event: e, From: make([]bridge.Place, 1), Recipients: []Fate{{First: make([]bridge.Attempt, 1), Last: make([]bridge.Attempt, 1)}}}}
			for _, v := range []any{&s.reader.letters, &s.reader.events, &s.reader.attempts, &s.reader.why, &s.reader.tested} {
				fill(reflect.ValueOf(v).Elem(), c.text)
			}
			for i := range s.reader.letters.Letters {
				s.reader.letters.Letters[i].Recipient = name
			}
			s.reader.why[0].Recipients[0].Recipient = name
			if len(c.text) > 1<<10 {
				e.ExternalKey = strings.Repeat(hostile, (1<<20)/len(hostile))
				s.reader.events.Events[0].Key = e.ExternalKey
			}
			s.reader.why[0].JSON = e.AppendJSON(nil)
			query := url.QueryEscape(hostile)
			for _, path := range []string{"/", "/?show=" + query, "/dead", "/dead?recipient=" + query + "&event=" + query + "&since=" + query, "/events", "/events?q=" + query,
				"/event?id=" + anID, "/dead/confirm?do=" + query + "&recipient=" + query + "&event=" + query + "&id=" + query, "/sign-in?next=" + query, "/none/" + url.PathEscape(hostile), "/?done=" + query,
				"/recipient?name=" + query} {
				d := s.get(path)
				if len(c.text) > 1<<10 && len(d.raw) > 256<<10 {
					t.Errorf("%s: %d bytes", path, len(d.raw))
				}
			}
			if len(c.text) > 1<<10 {
				return
			}
			d := s.get("/recipient?name=" + url.QueryEscape(c.text))
			d.says("recipient-head", `<script>alert(1)</script>"' onmouseover=x {{.}}\u202e\u2066evil\x1b[2J\x00\r\nSet-Cookie: x�&amp;javascript:alert(1)`)
			d = s.post("/recipient/test", url.Values{"name": {c.text}, "event": {c.text}, "form_token": {s.signIn()}})
			d.says("outcome", `\x1b[2J`)
		})
	}
}

func TestText(t *testing.T) {
	for _, c := range []struct {
		in   string
		most int
		want string
	}{
		{"", 5, ""}, {"äöü", 3, "äöü"}, {"äöü!", 3, "äöü… (7 bytes)"}, {"a\tb\nc\x7f", 9, `a\tb\nc\x7f`},
		{"\u202egnp\u2069", 9, `\u202egnp\u2069`}, {"\xff", 9, "�"}, {"\u200b\ufeff\u00ad", 9, `\u200b\ufeff\u00ad`}, {"\U000e0041", 9, `\U000e0041`}, {"\u2028", 9, `\u2028`}, {"\u00a0", 9, `\u00a0`},
	} {
		if got := text(c.in, c.most); got != c.want {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
	if got := lines("a\r\nb\x00", 10); got != "a\nb\\x00" {
		t.Errorf("%q", got)
	}
	if got := bodyText([]byte(`{"a":[1]}`)); got != "{\n  \"a\": [\n    1\n  ]\n}" {
		t.Errorf("%q", got)
	}
	if got := bodyText(bytes.Repeat([]byte("x"), 1<<20)); len(got) > bodyMost+100 {
		t.Errorf("%d bytes", len(got))
	}
}

func TestNumbersForPeople(t *testing.T) {
	for in, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := count(in); got != want {
			t.Errorf("%d: %s", in, got)
		}
	}
	for in, want := range map[int64]string{0: "0 bytes", 1: "1 byte", 1023: "1,023 bytes", 1024: "1.0 KiB", 10 << 20: "10 MiB", 1536 << 20: "1.5 GiB", 1<<20 - 1: "1.0 MiB", 5 << 50: "5120 TiB"} {
		if got := size(in); got != want {
			t.Errorf("%d: %s", in, got)
		}
	}
	for in, want := range map[time.Duration]string{0: "0 µs", 1500 * time.Microsecond: "1 ms", 1500 * time.Millisecond: "1.5 s", 59 * time.Second: "59 s", 61 * time.Second: "1 min",
		time.Hour: "1 h", 90 * time.Minute: "1 h 30 min", 30 * time.Hour: "30 h", 72 * time.Hour: "3 d", -time.Minute: "1 min"} {
		if got := span(in); got != want {
			t.Errorf("%v: %s", in, got)
		}
	}
	h := status.Histogram{Counts: make([]uint64, len(status.Bounds)+1)}
	if within(h) != "–" {
		t.Error(within(h))
	}
	h.Counts[len(status.Bounds)] = 1
	if within(h) != "half > 24 h, 99 % > 24 h" {
		t.Error(within(h))
	}
}
