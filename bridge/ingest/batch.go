package ingest

import (
	"context"
	"fmt"

	"github.com/tailpost/tailpost/bridge"
)

// batch is what becomes one record of the spool.
type batch struct {
	in          *Ingest
	totals      Totals
	changes     changes
	events      [][]byte
	quarantined [][]byte
	reason      string // of the first of them
	replayed    []uint64
	stream      func(string) string // the name of a stream, where records have another one; else nil
	buf         []byte              // events stand in here, one behind the other
}

// bufferKept is how much memory is kept from one batch to the next.
const bufferKept = 1 << 20

func (in *Ingest) begin() *batch {
	b := &batch{in: in, totals: in.Totals(), buf: in.buf[:0], events: in.events[:0]}
	if in.fresh {
		b.changes.layout(in.c.Options.Format)
	}
	return b
}

// emit is the bridge.Emit of the source.
func (in *Ingest) emit(ctx context.Context, sb bridge.Batch) error {
	if err := in.begins(ctx); err != nil {
		return err
	}
	defer in.ends()
	b := in.begin()
	for i := range sb.Records {
		b.record(sb.Records[i])
	}
	for _, l := range sb.Losses {
		b.totals.Losses++
		b.totals.LostBytes += l.Bytes
	}
	if in.state != nil {
		b.changes.parser(in.state.Changes())
		b.totals.Open = int64(in.state.Held())
	}
	b.changes.positions(sb.Positions)
	return in.append(ctx, b)
}

// append makes the batch durable; only then its counters hold.
func (in *Ingest) append(ctx context.Context, b *batch) error {
	if err := b.store(ctx); err != nil {
		return err
	}
	in.fresh = false
	if cap(b.buf) <= bufferKept {
		in.buf, in.events = b.buf, b.events
	}
	return nil
}

func (b *batch) store(ctx context.Context) error {
	b.changes.totals(b.totals)
	b.in.waits()
	err := b.in.c.Store.Append(ctx, b.in.c.Name, Yield{
		Changes: b.changes, Events: b.events, Quarantined: b.quarantined, Replayed: b.replayed,
	})
	b.in.waited(err == nil && b.totals.Read > b.in.Totals().Read)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("spool: %w", err)
	}
	b.in.setTotals(b.totals)
	b.in.noteRejected(b)
	return nil
}

// record takes one line through the parser.
func (b *batch) record(rec bridge.Record) {
	in := b.in
	rec.Source = in.c.Name
	b.totals.Read++
	if rec.Cut > 0 {
		b.totals.Cut++
	}
	if rec.Partial {
		b.totals.Partial++
	}
	if rec.Torn != "" { // half a line may read as a whole one
		b.reject(rec, in.c.Options.Format, rec.Torn)
		return
	}
	events, outcome, err := in.parser.Parse(rec, in.scratch[:0])
	in.scratch = events
	switch {
	case err != nil:
		b.reject(rec, in.c.Options.Format, err.Error())
	case outcome == bridge.Parsed:
		b.totals.Parsed++
		b.take(rec, events, func(string) bool { return true })
	case outcome == bridge.Raw && b.take(rec, events, in.c.Wanted):
		b.totals.Parsed++
	case outcome == bridge.Open: // counted by the parser
	default:
		b.totals.Ignored++
	}
	in.doubt.look(in, rec, err != nil)
	if in.state != nil {
		b.settled(in.state.Settled(), in.c.Options.Format)
	}
}

// take stamps and encodes the events that are wanted and reports whether
// there was one.
func (b *batch) take(rec bridge.Record, events []bridge.Event, wanted func(string) bool) bool {
	any := false
	for i := range events {
		e := &events[i]
		if !wanted(e.Name) {
			continue
		}
		any = true
		Stamp(e, rec, i, b.in.c.Options.ApplianceID)
		b.place(e, &rec)
		from := len(b.buf)
		b.buf = e.AppendWire(b.buf)
		b.events = append(b.events, b.buf[from:len(b.buf):len(b.buf)])
		b.totals.Events++
	}
	return any
}

// place notes where an event came from, where its parser didn't.
func (b *batch) place(e *bridge.Event, rec *bridge.Record) {
	if len(e.Places) == 0 {
		e.Places = append(b.in.places[:0], rec.Place())
		b.in.places = e.Places
	}
	if b.stream != nil {
		for i := range e.Places {
			e.Places[i].Stream = b.stream(e.Places[i].Stream)
		}
	}
}

// settled counts what became of lines that were open.
func (b *batch) settled(s bridge.Settled, format string) {
	b.totals.Parsed += int64(s.Parsed)
	b.totals.Ignored += int64(s.Ignored)
	b.totals.Evicted += int64(s.Evicted)
	for _, r := range s.Rejected {
		r.Record.Source = b.in.c.Name
		b.reject(r.Record, format, r.Reason)
	}
}

func (b *batch) reject(rec bridge.Record, format, reason string) {
	b.totals.Quarantined++
	if len(b.quarantined) == 0 {
		b.reason = reason
	}
	b.quarantined = append(b.quarantined, encodeLine(rec, format, reason))
	b.in.notice.quarantined(b.in, rec, reason)
}
