package metrics

import (
	"context"
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
// the process; where there is no snapshot, with 503 and why. It may be called by
// several goroutines at once, and so may snapshot be.
func Handler(snapshot func(context.Context) (*status.Snapshot, error)) http.Handler {
	process := prometheus.NewRegistry()
	process.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	ours, under := all(), make(chan struct{}, scrapesMost)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case under <- struct{}{}:
			defer func() { <-under }()
		default:
			http.Error(w, "too many scrapes are under way", http.StatusServiceUnavailable)
			return
		}
		snap, err := snapshot(r.Context())
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		of := prometheus.NewRegistry()
		of.MustRegister(&collector{snap: snap, series: ours})
		promhttp.HandlerFor(prometheus.Gatherers{process, of}, promhttp.HandlerOpts{EnableOpenMetrics: true}).ServeHTTP(w, r)
	})
}

// All gives our metrics, without those of Go and the process.
func All() (out []Metric) {
	for _, s := range all() {
		out = append(out, s.Metric)
	}
	return out
}

func all() []series { return slices.Concat(ofBridge(), ofRecipients(), ofSources(), ofSpool()) }

// collector is a prometheus.Collector of one snapshot.
type collector struct {
	snap   *status.Snapshot
	series []series
}

// Describe is prometheus.Collector's.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, s := range c.series {
		ch <- s.desc
	}
}

// Collect is prometheus.Collector's.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	for _, s := range c.series {
		if s.whole != nil {
			s.whole(c.snap, ch)
			continue
		}
		kind := prometheus.GaugeValue
		if s.Type == Counter {
			kind = prometheus.CounterValue
		}
		s.of(c.snap, func(v float64, labels ...string) { ch <- prometheus.MustNewConstMetric(s.desc, kind, v, labels...) })
	}
}
