package ingest

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// Line is a line in quarantine: whole, with its origin and the reason, so
// that it can be parsed again.
type Line struct {
	Source  string    `json:"source"`
	Stream  string    `json:"stream"`
	Offset  int64     `json:"offset"`
	Time    time.Time `json:"time"` // when it was read
	Reason  string    `json:"reason"`
	Format  string    `json:"format"` // that could not read it
	Head    []byte    `json:"head,omitempty"`
	Once    bool      `json:"once,omitempty"`
	Cut     int64     `json:"cut,omitempty"`
	Partial bool      `json:"partial,omitempty"`
	Torn    bool      `json:"torn,omitempty"` // Reason says why it isn't whole
	Line    []byte    `json:"line"`
}

// reasonMax bounds Line.Reason, in bytes.
const reasonMax = 512

func encodeLine(rec bridge.Record, format, reason string) []byte {
	if len(reason) > reasonMax {
		reason = reason[:reasonMax] + "…"
	}
	b, err := json.Marshal(Line{
		Source: rec.Source, Stream: rec.Stream, Offset: rec.Offset, Time: rec.Time.UTC(), Reason: reason, Format: format,
		Head: rec.Head, Once: rec.Once, Cut: rec.Cut, Partial: rec.Partial, Torn: rec.Torn != "", Line: rec.Line,
	})
	if err != nil {
		panic(err) // strings, bytes and numbers can be marshalled
	}
	return b
}

// DecodeLine reads a quarantined line as the spool has it.
func DecodeLine(b []byte) (Line, error) {
	var l Line
	if err := json.Unmarshal(b, &l); err != nil {
		return Line{}, fmt.Errorf("quarantined line: %w", err)
	}
	return l, nil
}

// Record is the line as its source gave it.
func (l *Line) Record() bridge.Record {
	rec := bridge.Record{Source: l.Source, Stream: l.Stream, Offset: l.Offset, Time: l.Time, Head: l.Head,
		Once: l.Once, Cut: l.Cut, Partial: l.Partial, Line: l.Line}
	if l.Torn {
		rec.Torn = l.Reason
	}
	return rec
}
