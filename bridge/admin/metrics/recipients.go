package metrics

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tailpost/tailpost/bridge/status"
)

var recipientStates = []status.State{
	status.OK, status.Untried, status.Failing, status.Down, status.Misconfigured, status.Gone, status.Paused, status.Disabled, status.Removed, status.Full, status.Stuck,
}

var alertStates = []string{"none", "waits", "told", "not sent"}

func ofRecipients() []series {
	return []series{
		recipientBy("info", Gauge, "Always 1; kind is http, email or file", "kind", func(r status.Recipient, to emitter) { to(1, r.Kind) }),
		recipientBy("state", Gauge, "1 for the state that the recipient has, 0 for the others", "state", func(r status.Recipient, to emitter) { enum(to, r.State, recipientStates) }),
		recipient("removed", Gauge, "1 if it is configured no longer, and what waits for it ends by its retry_duration", func(r status.Recipient) float64 { return bit(r.Removed) }),
		recipient("waiting_events", Gauge, "Events that are accepted and wait for it", func(r status.Recipient) float64 { return float64(r.Waiting) }),
		values("recipient_oldest_waiting_seconds", Gauge, "How long the oldest waiting event has been accepted; 0: none waits", []string{"recipient"}, func(s *status.Snapshot, to emitter) {
			rows(s, func(name string, r status.Recipient) { to(since(s, r.Oldest), name) })
		}),
		recipient("in_flight_events", Gauge, "Events in attempts under way", func(r status.Recipient) float64 { return float64(r.InFlight) }),
		recipient("parked_events", Gauge, "Waiting events that stand aside because the first of their row fails", func(r status.Recipient) float64 { return float64(r.Parked) }),
		recipient("dead_events", Gauge, "Events that became dead letters, and were neither replayed nor dropped", func(r status.Recipient) float64 { return float64(r.Dead) }),
		values("recipient_dead_letters", Gauge, "Dead letters that are on disk to be replayed or dropped, also of recipients that are gone", []string{"recipient"}, letters),
		recipient("given_events_total", Counter, "Events that were accepted while it was configured", func(r status.Recipient) float64 { return float64(r.Given) }),
		recipientBy("events_total", Counter, "Events by what became of them: delivered, dropped (by a person), filtered (by events, where, require_external_key), skipped (disabled, or on_full), damaged", "outcome", outcomes),
		recipientBy("attempts_total", Counter, "Attempts that ended since the start: accepted or failed", "result", func(r status.Recipient, to emitter) {
			to(float64(r.Accepted), "accepted")
			to(float64(r.Failed), "failed")
		}),
		recipient("undecided_events_total", Counter, "Events that where could not judge; they were sent", func(r status.Recipient) float64 { return float64(r.Undecided) }),
		recipient("last_success_timestamp_seconds", Gauge, "When it last took something, also before the start; 0: never, as far as the history goes back", func(r status.Recipient) float64 { return at(r.LastSuccess) }),
		recipient("last_failure_timestamp_seconds", Gauge, "When an attempt last failed, also before the start; 0: never, as far as the history goes back", func(r status.Recipient) float64 { return at(r.LastFailure) }),
		recipient("next_try_timestamp_seconds", Gauge, "When it is tried next, while something fails; 0: nothing does", func(r status.Recipient) float64 { return at(r.NextTry) }),
		recipientBy("alert", Gauge, "1 for how far its alert is: none, waits (nobody is to be told yet), told, not_sent", "state", func(r status.Recipient, to emitter) { enum(to, r.Alert, alertStates) }),
		histogram("delivery_latency_seconds", "From the reading of an event's line to its acceptance, since the start", func(r status.Recipient) status.Histogram { return r.Latency }),
		histogram("attempt_duration_seconds", "How long attempts took, whatever came of them, since the start", func(r status.Recipient) status.Histogram { return r.Took }),
	}
}

// letters also tells of recipients that are gone: nothing else does.
func letters(s *status.Snapshot, to emitter) {
	all := slices.Clone(s.Recipients)
	for _, f := range s.Forgotten {
		all = append(all, status.Recipient{Name: f.Name, Letters: f.Letters})
	}
	rows(&status.Snapshot{Recipients: all}, func(name string, r status.Recipient) { to(float64(r.Letters), name) })
}

func outcomes(r status.Recipient, to emitter) {
	to(float64(r.Delivered), "delivered")
	to(float64(r.Dropped), "dropped")
	to(float64(r.Filtered), "filtered")
	to(float64(r.Skipped), "skipped")
	to(float64(r.Damaged), "damaged")
}

func recipient(name string, t Type, help string, of func(status.Recipient) float64) series {
	return each("recipient", name, t, help, nil, func(r status.Recipient, to emitter) { to(of(r)) })
}

func recipientBy(name string, t Type, help, by string, of func(status.Recipient, emitter)) series {
	return each("recipient", name, t, help, []string{by}, of)
}

// histogram makes a metric whose values are whole histograms: collect asks for
// them by type.
func histogram(name, help string, of func(status.Recipient) status.Histogram) series {
	s := each("recipient", name, Histogram, help, nil, func(status.Recipient, emitter) {})
	s.whole = func(snap *status.Snapshot, ch chan<- prometheus.Metric) {
		rows(snap, func(name string, r status.Recipient) { ch <- constHistogram(s.desc, of(r), name) })
	}
	return s
}

// constHistogram adds the counts up, as Prometheus has them: each bucket holds
// those below it.
func constHistogram(desc *prometheus.Desc, h status.Histogram, labels ...string) prometheus.Metric {
	below, sum := map[float64]uint64{}, uint64(0)
	for i, bound := range status.Bounds {
		if i < len(h.Counts) {
			sum += h.Counts[i]
		}
		below[bound] = sum
	}
	for _, n := range h.Counts[min(len(h.Counts), len(status.Bounds)):] {
		sum += n
	}
	return prometheus.MustNewConstHistogram(desc, sum, h.Sum, below, labels...)
}
