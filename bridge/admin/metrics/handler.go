package metrics

import (
	"net/http"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/tailpost/tailpost/bridge/status"
)

// scrapesMost bounds the scrapes under way.
const scrapesMost = 8

// Handler answers a scrape with the metrics of one snapshot, and those of Go and
// the process. It may be called by several goroutines at once, and so may
// snapshot be.
func Handler(snapshot func() *status.Snapshot) http.Handler {
	r := prometheus.NewRegistry()
	r.MustRegister(newCollector(snapshot), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{MaxRequestsInFlight: scrapesMost, EnableOpenMetrics: true})
}

// All gives our metrics, without those of Go and the process.
func All() (out []Metric) {
	for _, s := range all() {
		out = append(out, s.Metric)
	}
	return out
}

func all() []series { return slices.Concat(ofBridge(), ofRecipients(), ofSources(), ofSpool()) }

// collector is a prometheus.Collector that keeps nothing.
type collector struct {
	snapshot func() *status.Snapshot
	series   []series
}

func newCollector(snapshot func() *status.Snapshot) *collector {
	return &collector{snapshot: snapshot, series: all()}
}

// Describe is prometheus.Collector's.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, s := range c.series {
		ch <- s.desc
	}
}

// Collect is prometheus.Collector's.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	snap := c.snapshot()
	for _, s := range c.series {
		if s.whole != nil {
			s.whole(snap, ch)
			continue
		}
		kind := prometheus.GaugeValue
		if s.Type == Counter {
			kind = prometheus.CounterValue
		}
		s.of(snap, func(v float64, labels ...string) { ch <- prometheus.MustNewConstMetric(s.desc, kind, v, labels...) })
	}
}
