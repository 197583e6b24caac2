package metrics

import (
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tailpost/tailpost/bridge/status"
)

// Type is what a metric is.
type Type string

// The types.
const (
	Counter   Type = "counter" // it only grows, until the process, or what it counts, begins anew
	Gauge     Type = "gauge"
	Histogram Type = "histogram"
)

// Metric is one of ours, as docs/metrics.md has it.
type Metric struct {
	Name   string
	Type   Type
	Labels []string
	Help   string
}

// series are a metric with how its values are found.
type series struct {
	Metric
	desc *prometheus.Desc
	of   func(s *status.Snapshot, to emitter)

	whole func(*status.Snapshot, chan<- prometheus.Metric) // of a histogram, in the place of of
}

// emitter takes one value with the values of the metric's labels.
type emitter func(value float64, labels ...string)

// values makes a metric.
func values(name string, t Type, help string, labels []string, of func(*status.Snapshot, emitter)) series {
	name = "tailpost_" + name
	return series{Metric: Metric{name, t, labels, help}, desc: prometheus.NewDesc(name, help, labels, nil), of: of}
}

// one makes a metric with one value.
func one(name string, t Type, help string, of func(*status.Snapshot) float64) series {
	return values(name, t, help, nil, func(s *status.Snapshot, to emitter) { to(of(s)) })
}

// row is a recipient or a source.
type row interface {
	status.Recipient | status.Source
}

// each makes a metric with a value of each row; more labels have short lists of
// values.
func each[T row](label, name string, t Type, help string, more []string, of func(T, emitter)) series {
	return values(label+"_"+name, t, help, append([]string{label}, more...), func(s *status.Snapshot, to emitter) {
		rows[T](s, func(name string, r T) {
			of(r, func(v float64, labels ...string) { to(v, append([]string{name}, labels...)...) })
		})
	})
}

// rows calls f with each row and its name. A name that isn't text, or comes a
// second time, would cost the whole scrape: neither can be in a configuration.
func rows[T row](s *status.Snapshot, f func(name string, r T)) {
	seen := map[string]bool{}
	visit := func(name string, r any) {
		if name = strings.ToValidUTF8(name, "�"); !seen[name] {
			seen[name] = true
			f(name, r.(T))
		}
	}
	switch any(*new(T)).(type) {
	case status.Recipient:
		for _, r := range s.Recipients {
			visit(r.Name, r)
		}
	case status.Source:
		for _, r := range s.Sources {
			visit(r.Name, r)
		}
	}
}

// bit is 1 for true.
func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// at is a time as Prometheus wants it; 0: never.
func at(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

// since is how long ago something was as a snapshot was taken, in seconds; 0:
// never.
func since(s *status.Snapshot, t time.Time) float64 {
	if t.IsZero() || t.After(s.Taken) {
		return 0
	}
	return s.Taken.Sub(t).Seconds()
}

// enum gives 1 for the value that is, and 0 for the others.
func enum[S ~string](to emitter, is S, all []S) {
	for _, s := range all {
		to(bit(s == is), strings.ReplaceAll(string(s), " ", "_"))
	}
}
