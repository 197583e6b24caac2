package metrics

import "github.com/tailpost/tailpost/bridge/status"

var sourceStates = []status.State{
	status.OK, status.Starting, status.Waiting, status.Unreadable, status.Partly, status.Blocked, status.Ended,
}

func ofSources() []series {
	return []series{
		each("source", "info", Gauge, "Always 1; kind is tail, drop, socket, syslog, http or stdin", []string{"kind", "format"}, func(s status.Source, to emitter) { to(1, s.Kind, s.Format) }),
		sourceBy("state", Gauge, "1 for the state that the source has, 0 for the others", "state", func(s status.Source, to emitter) { enum(to, s.State, sourceStates) }),
		source("files", Gauge, "Files that are read; of drop: that wait to be", func(s status.Source) float64 { return float64(len(s.Files) + s.Others) }),
		source("lag_bytes", Gauge, "Bytes that are there to be read, and are not accepted yet; of tail and drop", func(s status.Source) float64 { return float64(s.LagBytes) }),
		source("lag_seconds", Gauge, "How long the oldest of them have been there, as far as that is known", func(s status.Source) float64 { return s.LagSeconds }),
		source("last_line_timestamp_seconds", Gauge, "When the last line was accepted; 0: never", func(s status.Source) float64 { return at(s.LastLine) }),
		source("silent", Gauge, "1 if no line came for silent_after", func(s status.Source) float64 { return bit(s.Silent) }),
		source("connections", Gauge, "Connections that are open, of sources that listen", func(s status.Source) float64 { return float64(s.Open) }),
		source("connections_refused_total", Counter, "Connections that were refused since the start", func(s status.Source) float64 { return float64(s.Refused) }),
		source("read_lines_total", Counter, "Lines that were read", func(s status.Source) float64 { return float64(s.Read) }),
		sourceBy("lines", Gauge, "Lines by what became of them: parsed, ignored, quarantined, open (parts of a message whose rest is to come). A replay moves quarantined ones", "outcome", func(s status.Source, to emitter) {
			to(float64(s.Parsed), "parsed")
			to(float64(s.Ignored), "ignored")
			to(float64(s.Quarantined), "quarantined")
			to(float64(s.Incomplete), "open")
		}),
		source("events_total", Counter, "Events that its lines gave", func(s status.Source) float64 { return float64(s.Events) }),
		source("cut_lines_total", Counter, "Lines over max_line that were cut", func(s status.Source) float64 { return float64(s.Cut) }),
		source("discontinuities_total", Counter, "Times when bytes were lost unread", func(s status.Source) float64 { return float64(s.Losses) }),
		source("lost_bytes_total", Counter, "Bytes that were lost so, at least", func(s status.Source) float64 { return float64(s.LostBytes) }),
	}
}

func source(name string, t Type, help string, of func(status.Source) float64) series {
	return each("source", name, t, help, nil, func(s status.Source, to emitter) { to(of(s)) })
}

func sourceBy(name string, t Type, help, by string, of func(status.Source, emitter)) series {
	return each("source", name, t, help, []string{by}, of)
}
