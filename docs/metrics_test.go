package docs

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge/admin/metrics"
)

// metricsTable is what metrics.md is to have of each metric.
func metricsTable() (lines []string) {
	for _, m := range metrics.All() {
		labels := ""
		if len(m.Labels) > 0 {
			labels = "`" + strings.Join(m.Labels, "`, `") + "`"
		}
		lines = append(lines, fmt.Sprintf("| `%s` | %s | %s | %s |", m.Name, m.Type, labels, m.Help))
	}
	return lines
}

// TestMetricsAreDocumented: each in the words that it says itself with, and no
// others.
func TestMetricsAreDocumented(t *testing.T) {
	const page, head = "metrics.md", "| metric | type | labels | |\n|---|---|---|---|\n"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	want := metricsTable()
	if *update {
		is := regexp.MustCompile(`(?m)^\| .*\n|^\|---.*\n`).ReplaceAllString(string(text), "")
		before, after, _ := strings.Cut(is, "Besides these")
		text = []byte(before + head + strings.Join(want, "\n") + "\n\nBesides these" + after)
		text = regexp.MustCompile(`\n{3,}`).ReplaceAll(text, []byte("\n\n"))
		if err := os.WriteFile(page, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got := regexp.MustCompile("(?m)^\\| `.*$").FindAllString(string(text), -1)
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("%s lacks %s; go test ./docs -update writes it", page, line)
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("%s: there is no such metric: %s", page, line)
		}
	}
}
