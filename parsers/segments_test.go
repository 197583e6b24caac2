package parsers

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// bgLine is a line of host h at some second of 3 December 2024, 15:00 UTC.
func bgLine(host string, second int, rest string) string {
	return fmt.Sprintf("%s %s BG[1]: %s", utc(2024, 12, 3, 15, 0, second).Format(time.Stamp), host, rest)
}

// cutMessage gives an event's parts as lines of one message, cut at the bytes.
func cutMessage(host string, second int, name string, cuts ...int) []string {
	payload := "event=support_conference_member_added;lsid=" + name + ";type=customer;name=" + name
	var out []string
	for i := range len(cuts) + 1 {
		from, to := 0, len(payload)
		if i > 0 {
			from = cuts[i-1]
		}
		if i < len(cuts) {
			to = cuts[i]
		}
		out = append(out, bgLine(host, second, fmt.Sprintf("1427:%02d:%02d:%s", i+1, len(cuts)+1, payload[from:to])))
	}
	return out
}

// outcome is what became of some lines.
type outcome struct {
	Names    string // the members' names of the events, in order
	Lines    string // a letter a line: Parsed, Open, Ignored, Raw, Error
	Parsed   int    // of Settled
	Ignored  int
	Rejected []string // the lines
	Held     int
}

func run(t testing.TB, p bridge.Parser, lines []string) outcome {
	t.Helper()
	var o outcome
	for i, l := range lines {
		rec := record([]byte(l))
		rec.Offset = int64(i)
		es, got, err := p.Parse(rec, nil)
		for _, e := range es {
			if got != bridge.Raw {
				o.Names += e.MemberName + " "
				if e.Session != e.MemberName {
					o.Names += "of " + e.Session + " "
				}
			}
		}
		if err != nil {
			o.Lines += "E"
		} else {
			o.Lines += strings.ToUpper(got.String()[:1])
		}
		o.settle(p)
	}
	return o
}

func (o *outcome) settle(p bridge.Parser) {
	st := p.(bridge.Stateful)
	s := st.Settled()
	o.Parsed += s.Parsed
	o.Ignored += s.Ignored
	for _, r := range s.Rejected {
		o.Rejected = append(o.Rejected, string(r.Line))
	}
	o.Held = st.Held()
}

func pick(lines []string, order ...int) []string {
	var out []string
	for _, i := range order {
		out = append(out, lines[i])
	}
	return out
}

func TestSegments(t *testing.T) {
	a := cutMessage("h", 5, "Ada", 20, 50)  // three parts
	b := cutMessage("h", 6, "Bob", 21, 51)  // same key, other cuts: no part in common
	c := cutMessage("h", 6, "Cleo", 20, 60) // begins as a does
	same := cutMessage("h", 5, "Sam", 21, 51)
	z := cutMessage("h", 5, "Zoë", 20, 45)    // in the middle of ë
	far := cutMessage("h", 16, "Far", 21, 51) // 11 s after a
	other := cutMessage("g", 5, "Gil", 20, 50)
	late := bgLine("h", 6+61, "1427:01:01:event=login")
	short := cutMessage("h", 5, "Two", 20)
	middle := func(name string) []string { // its second part is anybody's
		return []string{
			bgLine("h", 5, "1:01:03:event=support_conference_member_added;lsid="+name),
			bgLine("h", 5, "1:02:03:;type=customer;name="),
			bgLine("h", 5, "1:03:03:"+name),
		}
	}
	broken := []string{bgLine("h", 5, "1:01:02:event=support_conference_"), bgLine("h", 5, "1:02:02:nothing")}
	unnamed := []string{bgLine("h", 5, "1:01:02:site="), bgLine("h", 5, "1:02:02:x")}

	for _, tt := range []struct {
		name  string
		lines []string
		want  outcome
	}{
		{"in order", a, outcome{Names: "Ada ", Lines: "OOP", Parsed: 2}},
		{"backwards", pick(a, 2, 1, 0), outcome{Names: "Ada ", Lines: "OOP", Parsed: 2}},
		{"cut in a character", z, outcome{Names: "Zoë ", Lines: "OOP", Parsed: 2}},
		{"interleaved with another message", slices.Concat(pick(a, 0), pick(b, 0), pick(a, 1), pick(b, 1, 2), pick(a, 2)),
			outcome{Names: "Bob Ada ", Lines: "OOOOPP", Parsed: 4}},
		{"interleaved with another of the same second", slices.Concat(pick(a, 0), pick(same, 0), pick(a, 1), pick(same, 1), pick(a, 2), pick(same, 2)),
			outcome{Names: "Ada Sam ", Lines: "OOOOPP", Parsed: 4}},
		{"interleaved with another host", slices.Concat(pick(a, 0), pick(other, 0), pick(a, 1), pick(other, 1, 2), pick(a, 2)),
			outcome{Names: "Gil Ada ", Lines: "OOOOPP", Parsed: 4}},
		{"interleaved with another total", slices.Concat(pick(a, 0), short[:1], pick(a, 1), short[1:], pick(a, 2)),
			outcome{Names: "Two Ada ", Lines: "OOOPP", Parsed: 3}},
		{"one after the other", slices.Concat(a, b), outcome{Names: "Ada Bob ", Lines: "OOPOOP", Parsed: 4}},
		{"each line twice", pick(a, 0, 0, 1, 1, 2, 2), outcome{Names: "Ada ", Lines: "OIOIPO", Parsed: 2, Held: 1}},
		{"two messages, each line twice", slices.Concat(pick(a, 0, 0, 1, 1, 2, 2), pick(b, 0, 0, 1, 1, 2, 2)),
			outcome{Names: "Ada Bob ", Lines: "OIOIPOOIOIPO", Parsed: 4, Held: 2}},
		{"a part repeated late", slices.Concat(a, pick(a, 1), []string{late}),
			outcome{Names: "Ada ", Lines: "OOPOR", Parsed: 2, Ignored: 1}},
		{"a last part repeated between two messages", slices.Concat(a, pick(a, 2), b), outcome{Names: "Ada Bob ", Lines: "OOPOOOP", Parsed: 4, Held: 1}},
		{"another message that begins alike", slices.Concat(a, c), outcome{Names: "Ada Cleo ", Lines: "OOPOOP", Parsed: 4}},
		{"another message with the same second part", slices.Concat(middle("Ada"), middle("Bob")), outcome{Names: "Ada Bob ", Lines: "OOPOOP", Parsed: 4}},
		{"another message that begins alike and doesn't end", slices.Concat(a, pick(c, 0, 1), []string{late}),
			outcome{Names: "Ada ", Lines: "OOPOOR", Parsed: 2, Rejected: pick(c, 0, 1)}},
		{"the same message again", slices.Concat(a, a), outcome{Names: "Ada Ada ", Lines: "OOPOOP", Parsed: 4}},
		{"same part, other bytes", slices.Concat(pick(a, 0), pick(b, 0)), outcome{Lines: "OO", Held: 2}},
		{"parts too far apart", slices.Concat(pick(a, 0, 1), pick(far, 2)), outcome{Lines: "OOO", Held: 3}},
		{"never completed", slices.Concat(pick(a, 2, 0), []string{late}), outcome{Lines: "OOR", Rejected: pick(a, 2, 0)}},
		{"not yet given up", slices.Concat(pick(a, 0), []string{bgLine("h", 5+60, "1427:01:01:event=login")}), outcome{Lines: "OR", Held: 1}},
		{"not yet given up, by its latest part", slices.Concat(pick(a, 0), pick(b, 1), []string{bgLine("h", 5+61, "1427:01:01:event=login")}),
			outcome{Lines: "OOR", Held: 2}},
		{"another host's time", slices.Concat(pick(a, 0), []string{bgLine("g", 5+600, "1427:01:01:event=login")}), outcome{Lines: "OR", Held: 1}},
		{"another daemon's time", slices.Concat(pick(a, 0), []string{"Dec  3 15:10:00 h sshd: x"}), outcome{Lines: "OI", Rejected: pick(a, 0)}},
		{"stamped anew by a relay", []string{a[0], strings.Replace(a[1], "15:00:05", "15:00:15", 1), strings.Replace(a[2], "15:00:05", "15:00:09", 1)},
			outcome{Names: "Ada ", Lines: "OOP", Parsed: 2}},
		{"a whole that can't be read", broken, outcome{Lines: "OE", Rejected: broken[:1]}},
		{"a whole without an event", unnamed, outcome{Lines: "OI", Ignored: 1}},
		{"carriage returns", []string{a[0] + "\r", a[1] + "\r", a[2] + "\r"}, outcome{Names: "Ada ", Lines: "OOP", Parsed: 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := run(t, mustNew(t, Options{Format: "bg"}), tt.lines)
			if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestSegmentsAreGivenUpByLines(t *testing.T) {
	for _, restart := range []bool{false, true} {
		t.Run(fmt.Sprintf("restart %v", restart), func(t *testing.T) {
			p := mustNew(t, Options{Format: "bg"})
			blank := func(n int) outcome { return run(t, p, slices.Repeat([]string{""}, n)) }
			blank(6000)
			run(t, p, cutMessage("h", 5, "Ada", 20)[:1])
			blank(6000)
			if restart {
				q := mustNew(t, Options{Format: "bg"})
				if err := q.(bridge.Stateful).Restore(p.(bridge.Stateful).Changes()); err != nil {
					t.Fatal(err)
				}
				p = q
			}
			if got := blank(giveUpFor - 6000); got.Held != 1 {
				t.Fatalf("given up after %d further lines", giveUpFor)
			}
			if got := blank(1); len(got.Rejected) != 1 || got.Held != 0 {
				t.Errorf("not given up after %d further lines", giveUpFor+1)
			}
		})
	}
}

func TestSegmentsAreBounded(t *testing.T) {
	t.Run("messages", func(t *testing.T) {
		p := mustNew(t, Options{Format: "bg"})
		var lines []string
		for i := range openMax + 5 {
			lines = append(lines, bgLine("h", 5, fmt.Sprintf("%d:01:02:event=x", i+1)))
		}
		got := run(t, p, lines)
		if got.Held != openMax || !slices.Equal(got.Rejected, lines[:5]) {
			t.Errorf("%d held, %d rejected", got.Held, len(got.Rejected))
		}
	})
	t.Run("bytes", func(t *testing.T) {
		p := mustNew(t, Options{Format: "bg"})
		var lines []string
		for i := range 20 {
			lines = append(lines, bgLine("h", 5, fmt.Sprintf("%d:01:02:x=", i+1)+strings.Repeat("x", 100<<10)))
		}
		got := run(t, p, lines)
		if got.Held > 10 || got.Held < 9 || len(got.Rejected) != 20-got.Held {
			t.Errorf("%d held, %d rejected", got.Held, len(got.Rejected))
		}
		// A single part over the bound must not drive the others out.
		held := got.Held
		got = run(t, p, []string{bgLine("h", 5, "1:01:02:x="+strings.Repeat("x", openSize))})
		if got.Lines != "E" || got.Held != held {
			t.Errorf("%s, %d held; want E, %d", got.Lines, got.Held, held)
		}
	})
	t.Run("whole ones, and hosts", func(t *testing.T) {
		p := mustNew(t, Options{Format: "bg"}).(*bgParser)
		for i := range openMax * 3 {
			run(t, p, cutMessage(fmt.Sprint("h", i), 5, "Ada", 20))
		}
		if len(p.whole) != openMax || len(p.due) > openMax+dueSlack+1 {
			t.Errorf("%d whole messages, %d hosts remembered", len(p.whole), len(p.due))
		}
		run(t, p, []string{bgLine("h2999", 16, "1:01:01:event=login")})
		if len(p.whole) != openMax-1 {
			t.Errorf("a whole message is remembered for more than %d s", apart)
		}
	})
}

func TestEvictionsAreCounted(t *testing.T) {
	p := mustNew(t, Options{Format: "bg"}).(bridge.Stateful)
	for i := range openMax + 7 {
		if _, _, err := p.Parse(record([]byte(bgLine("h", 5, fmt.Sprintf("%d:01:02:event=x", i+1)))), nil); err != nil {
			t.Fatal(err)
		}
	}
	if got := p.Settled().Evicted; got != 7 {
		t.Errorf("%d evictions, want 7", got)
	}
}

func TestRejectedPartsAreWhole(t *testing.T) {
	p := mustNew(t, Options{Format: "bg"}).(bridge.Stateful)
	line := []byte(cutMessage("h", 5, "Ada", 20)[0] + "\r")
	rec := bridge.Record{Source: "log", Stream: "a.log", Offset: 77, Time: readAt, Head: []byte("head"), Once: true, Partial: true, Line: slices.Clone(line)}
	if _, o, err := p.Parse(rec, nil); o != bridge.Open || err != nil {
		t.Fatal(o, err)
	}
	clear(rec.Line) // it was lent only
	p.GiveUp()
	got := p.Settled().Rejected
	if len(got) != 1 || p.Held() != 0 {
		t.Fatalf("%d rejected, %d held", len(got), p.Held())
	}
	r := got[0]
	if string(r.Line) != string(line) || r.Source != "log" || r.Stream != "a.log" || r.Offset != 77 || !r.Time.Equal(readAt) ||
		string(r.Head) != "head" || !r.Once || !r.Partial || r.Reason != "incomplete message: 1 of 2 parts came" {
		t.Errorf("got %+v", r)
	}
}
