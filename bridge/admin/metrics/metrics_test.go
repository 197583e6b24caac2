package metrics

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"math"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/tailpost/tailpost/bridge/status"
)

var update = flag.Bool("update", false, "write the golden file anew")

// sample is a bridge with something of everything.
func sample() *status.Snapshot {
	at := func(s int) time.Time { return time.Unix(1_800_000_000+int64(s), 0) }
	counts := make([]uint64, len(status.Bounds)+1)
	counts[0], counts[9], counts[len(counts)-1] = 3, 2, 1
	return &status.Snapshot{
		Taken: at(0), Started: at(-3600), Version: "v1.2.3", Ready: false, NotReady: []string{"the log can't be read"},
		Needs:         []status.Need{{Kind: "source", Grave: true}, {Kind: "recipient"}, {Kind: "recipient"}},
		Configuration: status.Configuration{Applied: at(-60), Refused: at(-5), Restart: []string{"spool.keep"}, Warnings: []string{"a", "b"}},
		Sources: []status.Source{
			{Name: "log", Kind: "tail", Format: "bg", State: status.Unreadable, Files: make([]status.File, status.FilesMost), Others: 2, LagBytes: 4096, LagSeconds: 12.5, LastLine: at(-13),
				Silent: true, Read: 10, Parsed: 6, Ignored: 2, Quarantined: 1, Incomplete: 1, Events: 5, Cut: 1, Losses: 1, LostBytes: 99},
			{Name: "syslog", Kind: "syslog", Format: "json", State: status.OK, Open: 3, Refused: 4},
		},
		Recipients: []status.Recipient{
			{Name: "desk", Kind: "http", State: status.Failing, Waiting: 7, Oldest: at(-90), InFlight: 2, Parked: 3, LastSuccess: at(-10), LastFailure: at(-1), NextTry: at(29),
				Alert: "not sent", Given: 30, Delivered: 10, Dead: 2, Dropped: 1, Filtered: 5, Skipped: 4, Damaged: 1, Letters: 1, Attempts: 23, Accepted: 12, Failed: 8, Undecided: 1,
				Latency: status.Histogram{Counts: counts, Sum: 90000.5}, Took: status.Histogram{Counts: counts, Sum: 2.25}},
			{Name: "mail", Kind: "email", State: status.Removed, Alert: "none", Enabled: true, Removed: true},
		},
		Forgotten: []status.Forgotten{{Name: "old", Letters: 4}, {Name: "desk", Letters: 9}}, // that one is none
		Spool:     status.Spool{Bytes: 1 << 20, Wanted: 1 << 10, Held: 1 << 9, MaxBytes: 10 << 30, Free: 5 << 30, MinFree: 512 << 20, Segments: 2, Parked: 3, Full: "full", DamagedRanges: 1, DamagedBytes: 17, DeadBytes: 300, LineBytes: 20, Expired: 1},
		Balance:   status.Balance{Fits: true, Checked: at(-30)},
		Alerts:    []status.Alert{{Lasts: true, NotSent: []string{"mail: refused"}}, {Lasts: true}, {}},
		Relay:     &status.Relay{At: at(-2)},
		History:   status.History{Kept: 20, Dropped: 1, Failing: "full"},
	}
}

func gather(t *testing.T, s *status.Snapshot) string {
	t.Helper()
	text := exposition(t, &collector{snap: s, series: all()})
	return strings.ReplaceAll(text, runtime.Version(), "GO")
}

// TestDiskUnknown: a rule that compares free with min_free must not take a file
// system that can't be asked for a full one.
func TestDiskUnknown(t *testing.T) {
	s := sample()
	s.Spool.Free, s.Spool.MinFree = -1, 0
	if text := gather(t, s); strings.Contains(text, "free_bytes") {
		t.Error(text)
	}
}

func exposition(t *testing.T, c prometheus.Collector) string {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(c)
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func TestExposition(t *testing.T) {
	const golden = "testdata/exposition.txt"
	got := gather(t, sample())
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("another exposition than %s: see what differs, then go test ./bridge/admin/metrics -update\n%s", golden, got)
	}
}

// TestConventions: what Prometheus' own linter knows, and what labels there are.
func TestConventions(t *testing.T) {
	problems, err := promlint.New(strings.NewReader(gather(t, sample()))).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
	for _, m := range All() {
		if !strings.HasPrefix(m.Name, "tailpost_") || m.Help == "" {
			t.Errorf("%+v", m)
		}
		for _, l := range m.Labels {
			if !slices.Contains([]string{"recipient", "source", "state", "outcome", "result", "severity", "kind", "format", "version", "goversion"}, l) {
				t.Errorf("%s has a label %s", m.Name, l)
			}
		}
	}
}

// TestNothingThereYet: a bridge that has only begun.
func TestNothingThereYet(t *testing.T) {
	got := gather(t, &status.Snapshot{Recipients: []status.Recipient{{Name: "r"}}, Sources: []status.Source{{Name: "s"}}})
	for _, want := range []string{
		`tailpost_recipient_oldest_waiting_seconds{recipient="r"} 0`, `tailpost_recipient_delivery_latency_seconds_count{recipient="r"} 0`,
		`tailpost_recipient_last_success_timestamp_seconds{recipient="r"} 0`, "tailpost_needs{severity=\"grave\"} 0", "tailpost_relay_failing 0",
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
}

// TestHostileNames: whatever a recipient is called, the exposition can be read,
// and gives the name back.
func TestHostileNames(t *testing.T) {
	names := []string{
		`"} 1` + "\n" + `evil_metric{x="`, `back\slash\`, "new\nline", "#", "# HELP x", strings.Repeat("ü", 128), `<script>alert(1)</script>`, "\u202e\u2028", " ", `{recipient="x"}`, "😀", "a,b=c",
	}
	s := &status.Snapshot{}
	for _, n := range names {
		s.Recipients = append(s.Recipients, status.Recipient{Name: n, Waiting: 5})
	}
	s.Recipients = append(s.Recipients, status.Recipient{Name: "not \xff text"}, status.Recipient{Name: "#"}) // no configuration has them
	rec := httptest.NewRecorder()
	Handler(func(context.Context) (*status.Snapshot, error) { return s, nil }).ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	p := expfmt.NewTextParser(model.UTF8Validation)
	families, err := p.TextToMetricFamilies(bytes.NewReader(rec.Body.Bytes()))
	if err != nil || rec.Code != 200 {
		t.Fatalf("%d, %v", rec.Code, err)
	}
	var got []string
	for _, m := range families["tailpost_recipient_waiting_events"].Metric {
		got = append(got, m.Label[0].GetValue())
		if m.Gauge.GetValue() != 5 && m.Label[0].GetValue() != "not � text" {
			t.Errorf("%q has %v", m.Label[0].GetValue(), m.Gauge.GetValue())
		}
	}
	want := append(slices.Clone(names), "not � text")
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("recipients %q, want %q", got, want)
	}
	if families["evil_metric"] != nil || families["go_goroutines"] == nil || families["process_cpu_seconds_total"] == nil && runtime.GOOS == "linux" {
		t.Error("a metric that isn't ours, or none of Go and the process")
	}
}

// TestOneSnapshotAScrape: so that all of it fits together.
func TestOneSnapshotAScrape(t *testing.T) {
	taken := 0
	h := Handler(func(context.Context) (*status.Snapshot, error) { taken++; return sample(), nil })
	for range 3 {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/metrics", nil))
	}
	if taken != 3 {
		t.Errorf("%d snapshots for 3 scrapes", taken)
	}
}

// TestNoSnapshot: a scrape of a bridge that hangs is told so.
func TestNoSnapshot(t *testing.T) {
	rec := httptest.NewRecorder()
	Handler(func(context.Context) (*status.Snapshot, error) { return nil, errors.New("it hangs") }).ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	if rec.Code != 503 || rec.Body.String() != "it hangs\n" {
		t.Errorf("%d %q", rec.Code, rec.Body)
	}
}

// TestHistogramsAddUp: also where counts are missing.
func TestHistogramsAddUp(t *testing.T) {
	for n := range len(status.Bounds) + 2 {
		counts := make([]uint64, n)
		for i := range counts {
			counts[i] = 2
		}
		m := constHistogram(prometheus.NewDesc("x", "x", nil, nil), status.Histogram{Counts: counts, Sum: math.Pi})
		p := expfmt.NewTextParser(model.UTF8Validation)
		families, err := p.TextToMetricFamilies(strings.NewReader(exposition(t, collected{m})))
		if err != nil {
			t.Fatal(err)
		}
		h := families["x"].Metric[0].Histogram
		if h.GetSampleCount() != uint64(2*n) || h.GetSampleSum() != math.Pi || len(h.Bucket) != len(status.Bounds)+1 {
			t.Errorf("of %d counts: %v", n, h)
		}
	}
}

type collected struct{ m prometheus.Metric }

func (c collected) Describe(ch chan<- *prometheus.Desc) { ch <- c.m.Desc() }
func (c collected) Collect(ch chan<- prometheus.Metric) { ch <- c.m }

// TestAllStates: each state of the vocabulary is a state of recipients or
// sources here.
func TestAllStates(t *testing.T) {
	files, err := filepath.Glob("../../status/*.go")
	if err != nil {
		t.Fatal(err)
	}
	known := append(slices.Clone(recipientStates), sourceStates...)
	found := 0
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^\t[A-Z]\w+\s+State = "(\w+)"`).FindAllStringSubmatch(string(text), -1) {
			found++
			if !slices.Contains(known, status.State(m[1])) {
				t.Errorf("%s: the state %s is in no list", name, m[1])
			}
		}
	}
	if want := len(known) - 1; found != want { // OK is of both
		t.Errorf("%d states found, %d known", found, want)
	}
}
