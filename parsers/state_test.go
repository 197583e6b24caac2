package parsers

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// store is the durable map that a parser's changes are merged into.
type store map[string][]byte

func (s store) merge(t testing.TB, entries []bridge.Entry) {
	t.Helper()
	for _, e := range entries {
		if e.Value == nil {
			if _, ok := s[string(e.Key)]; !ok && string(e.Key) != formatKey {
				t.Errorf("entry %q is removed, and was never saved", e.Key)
			}
			delete(s, string(e.Key))
			continue
		}
		s[string(e.Key)] = slices.Clone(e.Value)
	}
}

// entries gives the map in an order of its own.
func (s store) entries() []bridge.Entry {
	var out []bridge.Entry
	for k, v := range s {
		out = append(out, bridge.Entry{Key: []byte(k), Value: v})
	}
	return out
}

// trace is all that can be seen of a parser at work.
type trace struct{ strings.Builder }

func (tr *trace) feed(p bridge.Stateful, lines []string, from int) {
	for i, l := range lines {
		rec := record([]byte(l))
		rec.Offset = int64(from + i)
		es, o, err := p.Parse(rec, nil)
		fmt.Fprintln(tr, rec.Offset, o, err, bare(es))
		s := p.Settled()
		fmt.Fprintln(tr, s.Parsed, s.Ignored, s.Evicted, p.Held())
		for _, r := range s.Rejected {
			fmt.Fprintf(tr, "%d %s %s %s\n", r.Offset, r.Head, r.Line, r.Reason)
		}
	}
}

// checkRestart feeds the lines once in one go and once with a restart before
// line at, and wants to see the same.
func checkRestart(t testing.TB, o Options, lines []string, at, batch int) {
	t.Helper()
	var want, got trace
	straight := mustNew(t, o).(bridge.Stateful)
	want.feed(straight, lines, 0)

	saved := store{}
	p := mustNew(t, o).(bridge.Stateful)
	for i := 0; i < at; i += batch {
		got.feed(p, lines[i:min(i+batch, at)], i)
		saved.merge(t, p.Changes())
	}
	p = mustNew(t, o).(bridge.Stateful)
	if err := p.Restore(saved.entries()); err != nil {
		t.Fatalf("restart before line %d: %v", at, err)
	}
	got.feed(p, lines[at:], at)
	if want.String() != got.String() {
		t.Fatalf("restart before line %d changes what is seen\nlines\n%s\nwithout\n%s\nwith\n%s",
			at, strings.Join(lines, "\n"), want.String(), got.String())
	}
	saved.merge(t, p.Changes())
	all := store{}
	all.merge(t, straight.Changes())
	if got, want := saved.kinds(), all.kinds(); !maps.Equal(got, want) {
		t.Fatalf("restart before line %d: entries saved, by kind: %v, want %v", at, got, want)
	}
}

// kinds counts the entries by the first byte of their keys: the numbers in
// them may begin again where nothing is left that has one. The format and counters are left
// out, because they are saved when they matter.
func (s store) kinds() map[string]int {
	n := make(map[string]int)
	for k := range s {
		if k != formatKey && k != "l" && k != "n" {
			n[k[:1]]++
		}
	}
	return n
}

// someBG draws lines of a few messages, in an order that things have on a bad
// day: swapped, interleaved, repeated, lost.
func someBG(r *rand.Rand, n int) []string {
	var lines []string
	second := 0
	for len(lines) < n {
		second += r.IntN(4)
		if r.IntN(12) == 0 {
			second += 55
		}
		host := []string{"h", "g"}[r.IntN(2)]
		msg := cutMessage(host, second, []string{"Ada", "Zoë", "Bob", "Bob=1"}[r.IntN(4)], []int{20, 45}[:1+r.IntN(2)]...)
		for _, part := range msg {
			for range []int{1, 1, 1, 1, 2, 0}[r.IntN(6)] {
				lines = append(lines, part)
			}
		}
		switch r.IntN(6) {
		case 0:
			lines = append(lines, bgLine(host, second, "1427:01:01:event=login"))
		case 1:
			lines = append(lines, "rubbish", "")
		case 2:
			lines = append(lines, bgLine(host, second, "1427:01:02:event=support_conference_x"), bgLine(host, second, "1427:02:02:y"))
		}
	}
	for range n / 3 {
		i := r.IntN(len(lines) - 1)
		lines[i], lines[i+1] = lines[i+1], lines[i]
	}
	return lines
}

func TestBGRestartsAnywhere(t *testing.T) {
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 1))
		lines := someBG(r, 40)
		for at := range len(lines) + 1 {
			checkRestart(t, Options{Format: "bg"}, lines, at, 1+int(seed)%3)
		}
	}
}

// TestCorpusRestartsAnywhere cuts the corpus at every line, so also between
// the two parts of a survey.
func TestCorpusRestartsAnywhere(t *testing.T) {
	for _, tt := range []struct{ format, corpus string }{{"bg", "bg.log"}, {"siem", "siem.log"}, {"json", "session.jsonl"}} {
		var lines []string
		for _, l := range fileLines(t, "testdata/corpus/"+tt.corpus) {
			lines = append(lines, string(l))
		}
		for at := range len(lines) + 1 {
			checkRestart(t, Options{Format: tt.format}, lines, at, 1)
		}
	}
}

func TestChangesAreOnlyChanges(t *testing.T) {
	p := mustNew(t, Options{Format: "bg"}).(bridge.Stateful)
	a, b := cutMessage("h", 5, "Ada", 20, 50), cutMessage("g", 5, "Bob", 20, 50)
	var tr trace
	if got := p.Changes(); len(got) != 0 {
		t.Errorf("a new parser has %d changes", len(got))
	}
	tr.feed(p, pick(a, 0), 0)
	first := p.Changes()
	if len(first) != 4 || string(first[0].Key) != formatKey || string(first[0].Value) != "bg 1" {
		t.Errorf("first changes: %q", first)
	}
	tr.feed(p, pick(b, 0), 0)
	for _, e := range p.Changes() {
		if bytes.Contains(e.Value, []byte("Ada")) || bytes.Contains(e.Value, []byte(a[0])) {
			t.Errorf("entry %q did not change", e.Key)
		}
	}
	tr.feed(p, pick(b, 1, 2), 0) // its second part is never saved
	removed := 0
	for _, e := range p.Changes() {
		if e.Value == nil {
			removed++
		}
	}
	if removed != 2 {
		t.Errorf("%d entries removed, want the message and its first part", removed)
	}
	tr.feed(p, []string{"", ""}, 0)
	if got := p.Changes(); len(got) != 1 || string(got[0].Key) != "l" {
		t.Errorf("two blank lines changed %q", got)
	}
}

func TestForeignStateIsHandedOut(t *testing.T) {
	old := mustNew(t, Options{Format: "bg"}).(bridge.Stateful)
	lines := cutMessage("h", 5, "Ada", 20, 50)
	var tr trace
	tr.feed(old, pick(lines, 2, 0), 0)
	saved := store{}
	saved.merge(t, old.Changes())

	for _, tt := range []struct {
		name, format string
		change       func(store)
		wantLines    []string
		wantReason   string
	}{
		{"another version", "bg", func(s store) { s[formatKey] = []byte("bg 0") }, pick(lines, 2, 0), `saved state is of "bg 0"`},
		{"no version", "bg", func(s store) { delete(s, formatKey) }, pick(lines, 2, 0), `saved state is of ""`},
		{"another format", "siem", func(store) {}, pick(lines, 2, 0), `not of "siem 1"`},
		{"a damaged message", "bg", func(s store) { s[messageKey(1)] = []byte{9} }, pick(lines, 2, 0), "is damaged"},
		{"a missing message", "bg", func(s store) { delete(s, messageKey(1)) }, pick(lines, 2, 0), "is damaged"},
		{"missing parts", "bg", func(s store) { delete(s, partKey(1, 0)); delete(s, partKey(1, 1)) }, nil, "has no parts"},
		{"a damaged part", "bg", func(s store) { s[partKey(1, 0)] = []byte("line") }, []string{"line", lines[0]}, "is damaged"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := store{}
			s.merge(t, saved.entries())
			tt.change(s)
			p := mustNew(t, Options{Format: tt.format}).(bridge.Stateful)
			err := p.Restore(s.entries())
			if err == nil || !strings.Contains(err.Error(), tt.wantReason) {
				t.Fatalf("error %v, want %q", err, tt.wantReason)
			}
			var got []string
			for _, r := range p.Settled().Rejected {
				got = append(got, string(r.Line))
				if !strings.HasPrefix(r.Reason, bridge.ErrIncomplete.Error()) {
					t.Errorf("reason %q", r.Reason)
				}
			}
			if !slices.Equal(got, tt.wantLines) || p.Held() != 0 {
				t.Errorf("handed out %q, %d held; want %q, 0", got, p.Held(), tt.wantLines)
			}
			// The parser is as new, and what it saves is whole.
			s.merge(t, p.Changes())
			for k := range s {
				if k != formatKey {
					t.Errorf("entry %q is left", k)
				}
			}
			if err := mustNew(t, Options{Format: tt.format}).(bridge.Stateful).Restore(s.entries()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRestoreSurvivesAnyBytes(t *testing.T) {
	p := mustNew(t, Options{Format: "bg"}).(bridge.Stateful)
	var tr trace
	tr.feed(p, slices.Concat(cutMessage("h", 5, "Ada", 20), cutMessage("h", 5, "Zoë", 20, 45)[:2]), 0)
	saved := store{}
	saved.merge(t, p.Changes())
	for k, v := range saved {
		for i := range v {
			for _, bad := range [][]byte{v[:i], append(slices.Clone(v[:i]), 0xff), flip(v, i)} {
				s := store{}
				s.merge(t, saved.entries())
				s[k] = bad
				p := mustNew(t, Options{Format: "bg"}).(bridge.Stateful)
				_ = p.Restore(s.entries()) // whatever it says: no panic, and it works
				tr.feed(p, cutMessage("h", 6, "Bob", 20), 0)
				p.GiveUp()
			}
		}
	}
	for _, es := range [][]bridge.Entry{{{}}, {{Key: []byte("p")}}, {{Key: []byte(formatKey), Value: []byte("bg 1")}, {Key: []byte("m")}}} {
		_ = mustNew(t, Options{Format: "bg"}).(bridge.Stateful).Restore(es)
	}
}

func flip(v []byte, i int) []byte {
	v = slices.Clone(v)
	v[i] ^= 0x80
	return v
}

func TestReadTimeSurvivesARestart(t *testing.T) {
	p := mustNew(t, Options{Format: "bg"}).(bridge.Stateful)
	rec := record([]byte(cutMessage("h", 5, "Ada", 20)[0]))
	rec.Time = time.Date(2024, 12, 4, 1, 2, 3, 4, time.FixedZone("x", 3600))
	if _, _, err := p.Parse(rec, nil); err != nil {
		t.Fatal(err)
	}
	q := mustNew(t, Options{Format: "bg"}).(bridge.Stateful)
	if err := q.Restore(p.Changes()); err != nil {
		t.Fatal(err)
	}
	q.GiveUp()
	if got := q.Settled().Rejected; len(got) != 1 || !got[0].Time.Equal(rec.Time) {
		t.Errorf("got %+v", got)
	}
}
