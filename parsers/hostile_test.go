package parsers

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// TestLongLinesTakeLinearTime parses hostile lines of 1 MiB. What takes
// quadratic time somewhere takes minutes; the limit is far from what they take.
func TestLongLinesTakeLinearTime(t *testing.T) {
	const size, limit = 1 << 20, 20 * time.Second
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	const bg, siem = "Dec  3 15:26:05 h BG: 1427:01:01:event=support_conference_end;lsid=s;", "Dec 03 15:26:05|a|b|c|440|Session End|sessionId=s|"
	const js = `{"event":"support_conference_end","timestamp":5,"lsid":"s",`
	for _, tt := range []struct{ name, format, line string }{
		{"backslashes", "bg", bg + "x=" + fill(`\`)},
		{"escapes", "bg", bg + fill(`\=`)},
		{"semicolons", "bg", bg + fill(";")},
		{"equals", "bg", bg + fill("=")},
		{"fields", "bg", bg + fill("a=b;")},
		{"one survey", "bg", bg + fill("survey:1:x=;")},
		{"999 surveys", "bg", bg + answers(999) + "x=" + fill("x")},
		{"a header without end", "bg", "Dec  3 15:26:05 " + fill("h")},
		{"a tag without end", "bg", "Dec  3 15:26:05 h " + fill("BG[")},
		{"structured data", "bg", `<133>1 2024-12-03T15:26:05Z h BG 1 - ` + fill(`[a b="]"]`)},
		{"structured data without end", "bg", `<133>1 2024-12-03T15:26:05Z h BG 1 - [` + fill(`"`)},
		{"colons", "bg", "Dec  3 15:26:05 h BG: " + fill(":")},
		{"no UTF-8", "bg", bg + "x=" + fill("\xff")},
		{"pipes", "siem", siem + fill("|")},
		{"almost keys", "siem", siem + fill("|a")},
		{"almost keys with blanks", "siem", siem + fill("|a    ")},
		{"one long word", "siem", siem + "|" + fill("a")},
		{"keys", "siem", siem + fill("|a=")},
		{"columns before the time", "siem", fill("x|")},
		{"brackets", "json", js + `"a":` + fill("[")},
		{"deep", "json", js + `"data":{"data":` + strings.Repeat(`{"data":`, 4000) + "1" + strings.Repeat("}", 4002)},
		{"members", "json", js + strings.TrimSuffix(fill(`"a":1,`), ",") + "}"},
		{"escapes", "json", js + `"a":"` + fill(`\u0041`) + `"}`},
		{"a long array", "json", js + `"survey":[` + strings.TrimSuffix(fill(`{},`), ",") + "]}"},
		{"escapes", "form", "event=x&a=" + fill("%41")},
		{"pairs", "form", "event=x&" + fill("&")},
		{"names", "form", "event=x" + fill("&a")},
		{"a field without end", FormatRegex, "1 login: " + fill("x")},
		{"almost a line", FormatRegex, "2024-12-03 15:26:05 [box] session a joined by " + fill(" as")},
	} {
		t.Run(tt.format+" "+tt.name, func(t *testing.T) {
			o := Options{Format: tt.format}
			if tt.format == FormatRegex {
				o = regexOptions()
			}
			p := mustNew(t, o)
			begun := time.Now()
			es, outcome, err := p.Parse(record([]byte(tt.line)), nil)
			if took := time.Since(begun); took > limit {
				t.Errorf("took %v", took)
			}
			checkEvents(t, tt.name, es, outcome, err)
		})
	}
}

func answers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "survey:%d:answer=%d;", i, i)
	}
	return b.String()
}

// TestManyParts fills the assembler with the messages that are dearest to
// search, then goes on for a while.
func TestManyParts(t *testing.T) {
	const limit = 60 * time.Second
	p := mustNew(t, Options{Format: "bg"}).(bridge.Stateful)
	begun := time.Now()
	for i := range 20_000 {
		line := fmt.Sprintf("Dec  3 15:26:05 h BG: 1:%d:999:%d", i%998+1, i)
		if _, _, err := p.Parse(record([]byte(line)), nil); err != nil {
			t.Fatal(err)
		}
		p.Settled()
	}
	if took := time.Since(begun); took > limit {
		t.Errorf("20,000 parts took %v", took)
	}
	if p.Held() > 10_000 {
		t.Errorf("%d parts held", p.Held())
	}
}
