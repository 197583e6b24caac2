package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge/status"
)

func TestCutMiddle(t *testing.T) {
	for _, c := range []struct {
		text string
		most int
		want string
	}{
		{"", 9, ""},
		{"nine char", 9, "nine char"},
		{"ten chars!", 9, "ten …ars!"},
		{"ten chars!!", 10, "ten c…rs!!"},
		{"生产环境", 8, "生产环境"},
		{"生产环境一二三", 9, "生产…二三"},
		{"生产环境一二三", 8, "生产…三"},
		{"e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301"},
		{"abcde\u0301\u0301", 4, "ab…e\u0301\u0301"},
	} {
		got := cutMiddle(c.text, c.most)
		if got != c.want || cellsOf(got) > c.most {
			t.Errorf("%q to %d: %q of %d cells, want %q", c.text, c.most, got, cellsOf(got), c.want)
		}
	}
}

// TestTableColumns: they stand under each other on a terminal, whatever is in
// them.
func TestTableColumns(t *testing.T) {
	names := []string{"plain", "生产环境", "cafe\u0301 au lait", "🚨 alarm", "한국어", "\u1112\u1161\u11ab", "ｆｕｌｌ", "\x1b[31m", "", "ü"}
	var b strings.Builder
	tab := newTable(&b, "NAME", "REASON", "LINE")
	for i, n := range names {
		if err := tab.row(n, names[len(names)-1-i], "@"+n); err != nil {
			t.Fatal(err)
		}
	}
	if err := tab.flush(); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	name, _, _ := strings.Cut(lines[0], "REASON")
	head, _, _ := strings.Cut(lines[0], "LINE")
	if len(lines) != len(names)+1 || cellsOf(name) != len("cafe au lait")+2 || cellsOf(head) != 2*cellsOf(name) {
		t.Errorf("%d lines, the first columns have %d and %d cells:\n%s", len(lines), cellsOf(name), cellsOf(head), b.String())
	}
	for i, l := range lines[1:] {
		before, _, _ := strings.Cut(l, "@")
		if cellsOf(before) != cellsOf(head) || !strings.HasPrefix(l, printable(names[i])) {
			t.Errorf("out of its column: %s", l)
		}
	}
}

// TestLongTables: one is not held in memory.
func TestLongTables(t *testing.T) {
	var b strings.Builder
	tab := newTable(&b, "A", "B")
	for i := range 2*tableRows + 7 {
		if err := tab.row(fmt.Sprint(i), "x"); err != nil || len(tab.rows) >= tableRows {
			t.Fatalf("%d rows, %v", len(tab.rows), err)
		}
	}
	if err := tab.flush(); err != nil || strings.Count(b.String(), "\n") != 2*tableRows+8 {
		t.Errorf("%d lines, %v", strings.Count(b.String(), "\n"), err)
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		text string
		most int
		want string
	}{{"", 3, ""}, {"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"生产环境", 8, "生产环境"}, {"生产环境一", 8, "生产环…"}, {"ae\u0301bc", 3, "ae\u0301…"}} {
		if got := cut(c.text, c.most); got != c.want || cellsOf(got) > c.most {
			t.Errorf("%q to %d: %q, want %q", c.text, c.most, got, c.want)
		}
	}
}

// TestStatusNames: they can be told apart, and columns stand under each other
// whatever characters are in them.
func TestStatusNames(t *testing.T) {
	s := &status.Snapshot{}
	for i := range 100 {
		s.Recipients = append(s.Recipients, status.Recipient{Name: fmt.Sprintf("production-servicenow-instance-%03d", i), Kind: "http", State: status.OK})
	}
	long := strings.Repeat("very-long-", 5)
	s.Recipients = append(s.Recipients, status.Recipient{Name: "生产环境", Kind: "http", State: status.OK}, status.Recipient{Name: long + "a", Kind: "http", State: status.OK}, status.Recipient{Name: long + "b", Kind: "http", State: status.OK})
	var b strings.Builder
	if err := showStatus(&b, s, false, false); err != nil {
		t.Fatal(err)
	}
	table, _, _ := strings.Cut(b.String()[strings.Index(b.String(), "RECIPIENT"):], "\n\n")
	lines := strings.Split(table, "\n")
	head, _, _ := strings.Cut(lines[0], "KIND")
	seen := map[string]bool{}
	for _, l := range lines[1:] {
		name, _, _ := strings.Cut(l, "http")
		if seen[name] || cellsOf(name) != cellsOf(head) || cellsOf(name) != nameWidth+2 {
			t.Errorf("again, or out of its column: %s", l)
		}
		seen[name] = true
	}
	if len(seen) != 103 || !strings.Contains(table, "\nproduction-servicenow-instance-099 ") {
		t.Errorf("%d names:\n%s", len(seen), table)
	}
}
