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
