package parsers

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tailpost/tailpost/bridge"
)

func FuzzBG(f *testing.F) {
	f.Add([]byte(strings.Join(someBGSeed(), "\n")), uint8(3))
	fuzzFormat(f, "bg", "bg.log")
}

func FuzzSIEM(f *testing.F) { fuzzFormat(f, "siem", "siem.log") }
func FuzzJSON(f *testing.F) { fuzzFormat(f, "json", "session.jsonl") }
func FuzzForm(f *testing.F) { fuzzFormat(f, "form", "form.log") }

func FuzzRegex(f *testing.F) {
	f.Add([]byte(strings.Join(regexLines, "\n")), uint8(2))
	fuzzLines(f, regexOptions(), "regex.log")
}

func someBGSeed() []string {
	a, b := cutMessage("h", 5, "Ada", 20, 50), cutMessage("h", 6, "Zoë", 20, 45)
	return slices.Concat(pick(a, 0, 2, 2), pick(b, 1, 0), pick(a, 1, 1), pick(b, 2), []string{"Dec  3 15:10:00 h BG: {\"event\":\"x\"}"})
}

// fuzzFormat takes any bytes for lines: nothing panics, each event is whole,
// each line that was open is accounted for, and a restart in the middle
// changes nothing.
func fuzzFormat(f *testing.F, format, corpus string) {
	fuzzLines(f, Options{Format: format, CustomFields: []string{"mine"}}, corpus)
}

func fuzzLines(f *testing.F, o Options, corpus string) {
	lines := fileLines(f, "testdata/corpus/"+corpus)
	for _, l := range lines {
		f.Add(l, uint8(0))
	}
	f.Add(bytes.Join(lines, []byte("\n")), uint8(len(lines)/2))
	f.Fuzz(func(t *testing.T, log []byte, at uint8) {
		lines := strings.Split(string(log), "\n")
		p := mustNew(t, o)
		open := 0
		for i, l := range lines {
			rec := record([]byte(l))
			rec.Cut = int64(i % 7 / 6)
			es, outcome, err := p.Parse(rec, nil)
			checkEvents(t, l, es, outcome, err)
			if outcome == bridge.Open && err == nil {
				open++
			}
			open -= settledLines(t, p)
		}
		if st, ok := p.(bridge.Stateful); ok {
			checkRestart(t, o, lines, int(at)%(len(lines)+1), 1+int(at)%2)
			st.GiveUp()
			if open -= settledLines(t, p); open != 0 || st.Held() != 0 {
				t.Errorf("%d open lines are not accounted for; %d held", open, st.Held())
			}
		}
	})
}

func settledLines(t *testing.T, p bridge.Parser) int {
	t.Helper()
	st, ok := p.(bridge.Stateful)
	if !ok {
		return 0
	}
	s := st.Settled()
	return s.Parsed + s.Ignored + len(s.Rejected)
}

func checkEvents(t *testing.T, line string, es []bridge.Event, o bridge.Outcome, err error) {
	t.Helper()
	switch {
	case err != nil && (len(es) != 0 || len(err.Error()) > 1000 || err.Error() == ""):
		t.Errorf("%q: %d events with an error of %d bytes", line, len(es), len(err.Error()))
	case err == nil && o == bridge.Raw && len(es) != 1, err == nil && (o == bridge.Open || o == bridge.Ignored) && len(es) != 0:
		t.Errorf("%q: %v with %d events", line, o, len(es))
	}
	for i := range es {
		e := &es[i]
		text := e.AppendJSON(nil)
		back, err := bridge.DecodeEvent(text)
		switch {
		case err != nil || !json.Valid(text) || !utf8.Valid(text):
			t.Errorf("%q gives what can't be read back: %v\n%s", line, err, text)
		case !bytes.Equal(back.AppendJSON(nil), text):
			t.Errorf("%q comes back otherwise\n%s\n%s", line, text, back.AppendJSON(nil))
		case e.Name == "" || bridge.IsSessionEvent(e.Name) != (o == bridge.Parsed):
			t.Errorf("%q: event %q is %v", line, e.Name, o)
		case o == bridge.Parsed && (e.Session == "" || e.Timestamp <= 0):
			t.Errorf("%q: a session event without a session or a time", line)
		}
	}
}
