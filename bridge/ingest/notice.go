package ingest

import (
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// notice keeps the log readable when many lines go to quarantine: the first
// one is said at once, then one a minute with the number since.
type notice struct {
	last  time.Time
	since int
}

const noticeEvery = time.Minute

func (n *notice) quarantined(in *Ingest, rec bridge.Record, reason string) {
	n.since++
	now := time.Now()
	if !n.last.IsZero() && now.Sub(n.last) < noticeEvery {
		return
	}
	in.c.Log.Warn().Str("source", in.c.Name).Str("stream", rec.Stream).Int64("offset", rec.Offset).
		Str("reason", reason).Int("lines", n.since).Msg("line goes to quarantine")
	n.last, n.since = now, 0
}

// doubt watches the first lines: when all of them go to quarantine, the
// format is probably another.
type doubt struct {
	lines   int
	sample  []bridge.Record
	settled bool
}

const (
	doubtAfter  = 100
	doubtSample = 5
)

func (d *doubt) look(in *Ingest, rec bridge.Record, rejected bool) {
	switch {
	case d.settled:
		return
	case !rejected:
		*d = doubt{settled: true}
		return
	}
	d.lines++
	if len(d.sample) < doubtSample {
		rec.Line = append([]byte(nil), rec.Line...)
		d.sample = append(d.sample, rec)
	}
	if d.lines < doubtAfter {
		return
	}
	other := ""
	if in.c.Guess != nil {
		other = in.c.Guess(d.sample)
	}
	*d = doubt{settled: true}
	ev := in.c.Log.Warn().Str("source", in.c.Name).Str("format", in.c.Options.Format)
	if other != "" {
		ev = ev.Str("try", other)
	}
	ev.Msg("the first 100 lines all went to quarantine: the format looks wrong")
}
