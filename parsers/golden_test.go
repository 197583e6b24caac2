package parsers

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// readAt is when the corpus is read: 4 December 2024, 08:13:20 UTC.
var readAt = time.Unix(1733300000, 0)

// expected is a line of a golden file, one for each line of the corpus. They
// are written by hand: what the event of that line has to be, in canonical
// JSON, without its id.
type expected struct {
	Outcome string          `json:"outcome"`
	Event   json.RawMessage `json:"event"`
}

func TestCorpus(t *testing.T) {
	for _, tt := range []struct {
		o      Options
		corpus string
	}{
		{Options{Format: "bg"}, "bg.log"},
		{Options{Format: "siem"}, "siem.log"},
		{Options{Format: "json"}, "session.jsonl"},
		{Options{Format: "form"}, "form.log"},
		{regexOptions(), "regex.log"},
	} {
		t.Run(tt.o.Format, func(t *testing.T) {
			in, want := fileLines(t, "testdata/corpus/"+tt.corpus), fileLines(t, "testdata/golden/"+tt.o.Format+".jsonl")
			if len(in) != len(want) {
				t.Fatalf("%d lines in the corpus, %d in the golden file", len(in), len(want))
			}
			p := mustNew(t, tt.o)
			for i, line := range in {
				var w expected
				if err := json.Unmarshal(want[i], &w); err != nil {
					t.Fatalf("golden line %d: %v", i+1, err)
				}
				es, outcome, err := p.Parse(record(line), nil)
				if err != nil || outcome.String() != w.Outcome {
					t.Errorf("line %d: %v, %v; want %s", i+1, outcome, err, w.Outcome)
				}
				if got := bare(es); got != string(w.Event) {
					t.Errorf("line %d gave\n%s\nwant\n%s", i+1, got, w.Event)
				}
			}
		})
	}
}

// TestCorpusTotals counts bg.log as `tailpost parse` does.
func TestCorpusTotals(t *testing.T) {
	p := mustNew(t, Options{Format: "bg"}).(bridge.Stateful)
	events, lines, raw := 0, 0, 0
	for _, line := range fileLines(t, "testdata/corpus/bg.log") {
		es, outcome, err := p.Parse(record(line), nil)
		if err != nil {
			t.Fatal(err)
		}
		switch outcome {
		case bridge.Parsed:
			events, lines = events+len(es), lines+1
		case bridge.Raw:
			raw++
		}
		lines += p.Settled().Parsed
	}
	if events != 8 || lines != 10 || raw != 2 || p.Held() != 0 {
		t.Errorf("%d events of %d lines, %d raw, %d open; want 8 of 10, 2, 0", events, lines, raw, p.Held())
	}
}

func mustNew(t testing.TB, o Options) bridge.Parser {
	t.Helper()
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func record(line []byte) bridge.Record {
	return bridge.Record{Source: "log", Stream: "session.log", Head: []byte("head"), Time: readAt, Line: line}
}

func fileLines(t testing.TB, name string) [][]byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSuffix(b, []byte("\n")), []byte("\n"))
}

// bare gives events as canonical JSON without their ids.
func bare(es []bridge.Event) string {
	var out []string
	for i := range es {
		out = append(out, strings.Replace(string(es[i].AppendJSON(nil)), `"id":"00000000000000000000000000000000",`, "", 1))
	}
	return strings.Join(out, "\n")
}

// one parses a line that has to give one event.
func one(t *testing.T, o Options, line string) bridge.Event {
	t.Helper()
	es, outcome, err := mustNew(t, o).Parse(record([]byte(line)), nil)
	if err != nil || len(es) != 1 {
		t.Fatalf("%s\ngave %d events, %v, %v", line, len(es), outcome, err)
	}
	return es[0]
}
