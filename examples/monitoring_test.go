package examples

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge/admin/metrics"
)

// monitoring are the files that name metrics. (That promtool takes the rules,
// and that each alert fires, is shown by TestMonitoring in cmd/tailpost/e2e.)
var monitoring = []string{"monitoring/tailpost-rules.yml", "monitoring/tailpost-rules-test.yml", "monitoring/dashboard.json"}

// TestMonitoringNamesMetricsThatExist: an alert on one that doesn't never fires.
func TestMonitoringNamesMetricsThatExist(t *testing.T) {
	known := map[string]bool{}
	for _, m := range metrics.All() {
		known[m.Name] = true
		if m.Type == metrics.Histogram {
			known[m.Name+"_bucket"], known[m.Name+"_sum"], known[m.Name+"_count"] = true, true, true
		}
	}
	for _, file := range monitoring {
		names := regexp.MustCompile(`\btailpost_\w+`).FindAllString(read(t, file), -1)
		if len(names) < 20 {
			t.Errorf("%s names %d metrics", file, len(names))
		}
		for _, name := range names {
			if !known[name] {
				t.Errorf("%s: there is no metric %s", file, name)
			}
		}
	}
}

// TestEachAlertIsTested: it fires in one test, and is quiet in another.
func TestEachAlertIsTested(t *testing.T) {
	tests := read(t, monitoring[1])
	for _, m := range regexp.MustCompile(`(?m)- alert: (\w+)$`).FindAllStringSubmatch(read(t, monitoring[0]), -1) {
		if fires, quiet := "alertname: "+m[1]+"\n", "{alertname: "+m[1]+","; !strings.Contains(tests, fires) || !strings.Contains(tests, quiet) {
			t.Errorf("%s isn't shown to fire and to be quiet", m[1])
		}
	}
}

// TestDashboard: Grafana takes no panel twice, and shows none of another.
func TestDashboard(t *testing.T) {
	type panel struct {
		ID      int
		Title   string
		Type    string
		GridPos struct{ H, W, X, Y int }
		Targets []struct{ Expr, RefID string }
	}
	var d struct {
		Title, UID string
		Panels     []panel
	}
	if err := json.Unmarshal([]byte(read(t, monitoring[2])), &d); err != nil {
		t.Fatal(err)
	}
	ids, taken := map[int]string{}, map[[2]int]string{}
	for _, p := range d.Panels {
		if ids[p.ID] != "" || p.ID == 0 {
			t.Errorf("%q has the id %d, as %q", p.Title, p.ID, ids[p.ID])
		}
		ids[p.ID] = p.Title
		if len(p.Targets) == 0 && p.Type != "row" {
			t.Errorf("%q shows nothing", p.Title)
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" {
					t.Fatalf("%q stands upon %q", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
	}
	if d.Title == "" || d.UID == "" || len(d.Panels) < 20 {
		t.Errorf("%q, %q, %d panels", d.Title, d.UID, len(d.Panels))
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
