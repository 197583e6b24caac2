package ingest

import (
	"context"
	"fmt"
	"strconv"

	"github.com/tailpost/tailpost/bridge"
)

// QuarantinedLine is a line with the number that it has in quarantine.
type QuarantinedLine struct {
	Number uint64
	Line
}

// Replayed is what became of quarantined lines that were parsed anew.
type Replayed struct {
	Lines   int // that are in quarantine no longer
	Ignored int // of these: there is no event in them
	Events  int
	Left    []LeftLine // those that stay, and why
}

// LeftLine is a line that stays in quarantine.
type LeftLine struct {
	Number uint64
	Reason string
}

// Replay parses quarantined lines of this source anew, with a parser of its
// own in the source's present format, in the order in which lines gives them:
// so parts that were given up as incomplete come together again. Their events
// have the ids that they would have had. Lines that can't be read now, and
// those that are open behind the last one, stay in quarantine.
//
// lines is called in the source's turn, so that no line is replayed twice; it
// gives those that are in quarantine then. Events, totals and the lines'
// numbers become records of the store, several for many lines: with an error,
// what Replayed tells is done.
func (in *Ingest) Replay(ctx context.Context, lines func() ([]QuarantinedLine, error)) (Replayed, error) {
	if err := in.begins(ctx); err != nil {
		return Replayed{}, err
	}
	defer in.ends()
	if in.retired.Load() {
		return Replayed{}, ErrRetired
	}
	all, err := lines()
	if err != nil {
		return Replayed{}, err
	}
	r := replay{in: in, held: map[string]uint64{}, names: map[string]string{}}
	if r.parser, err = in.c.NewParser(in.c.Options.Format); err != nil {
		return Replayed{}, err
	}
	r.state, _ = r.parser.(bridge.Stateful)
	if err := r.begin(); err != nil {
		return Replayed{}, err
	}
	for i := range all {
		r.line(&all[i])
		if r.bytes >= replayMost || r.bytes >= replayBytes && !r.open() {
			if err := r.end(ctx); err != nil {
				return r.done, err
			}
		}
	}
	return r.done, r.end(ctx)
}

// A record is ended behind so many bytes of lines: as soon as nothing is open,
// or in any case.
const (
	replayBytes = 128 << 10
	replayMost  = 1 << 20
)

// replay is one Replay under way: the record that is made, and what is done.
type replay struct {
	in     *Ingest
	parser bridge.Parser
	state  bridge.Stateful // parser again, if it has a state
	done   Replayed

	b     *batch
	was   Totals            // before it
	held  map[string]uint64 // lines that were open, by what stands in their Stream
	names map[string]string // of the streams, by the same; of this record
	left  []LeftLine
	bytes int
}

func (r *replay) open() bool { return r.state != nil && r.state.Held() > 0 }

// begin makes the next record. The totals are what is durable: Run may not
// have begun, and then the Ingest doesn't know them yet.
func (r *replay) begin() error {
	s, err := splitState(r.in.c.Store.State(r.in.c.Name))
	if err != nil {
		return err
	}
	r.b, r.was, r.left, r.bytes = &batch{in: r.in, totals: s.totals, stream: r.name}, s.totals, nil, 0
	clear(r.names)
	return nil
}

func (r *replay) line(l *QuarantinedLine) {
	rec := l.Record()
	r.bytes += len(rec.Line)
	if rec.Torn != "" {
		r.left = append(r.left, LeftLine{l.Number, rec.Torn})
		return
	}
	// The stream is for people alone. Here it tells the lines apart that the
	// parser gives back.
	rec.Source, rec.Stream = r.in.c.Name, strconv.FormatUint(l.Number, 10)
	r.names[rec.Stream] = l.Stream
	events, outcome, err := r.parser.Parse(rec, nil)
	switch {
	case err != nil:
		r.left = append(r.left, LeftLine{l.Number, err.Error()})
	case outcome == bridge.Parsed:
		r.b.take(rec, events, func(string) bool { return true })
		r.out(l.Number, &r.b.totals.Parsed)
	case outcome == bridge.Raw && r.b.take(rec, events, r.in.c.Wanted):
		r.out(l.Number, &r.b.totals.Parsed)
	case outcome == bridge.Open:
		r.held[rec.Stream] = l.Number
	default:
		r.out(l.Number, &r.b.totals.Ignored)
	}
	if r.state != nil {
		r.settled(r.state.Settled())
	}
}

// name gives the name of a stream that line called otherwise.
func (r *replay) name(stream string) string {
	if name, ok := r.names[stream]; ok {
		return name
	}
	return stream
}

// out takes a line out of quarantine, and counts it as what it is now.
func (r *replay) out(number uint64, as *int64) {
	r.b.replayed = append(r.b.replayed, number)
	r.b.totals.Quarantined--
	*as++
}

// settled notes what became of lines that were open; which ones were completed
// shows when the record ends.
func (r *replay) settled(s bridge.Settled) {
	r.b.totals.Parsed += int64(s.Parsed)
	r.b.totals.Ignored += int64(s.Ignored)
	r.b.totals.Quarantined -= int64(s.Parsed + s.Ignored)
	for _, l := range s.Rejected {
		number, ok := r.held[l.Stream]
		if !ok {
			continue
		}
		delete(r.held, l.Stream)
		r.left = append(r.left, LeftLine{number, l.Reason})
	}
}

// end makes the record durable and begins the next one.
func (r *replay) end(ctx context.Context) error {
	if r.state != nil {
		r.state.GiveUp()
		r.settled(r.state.Settled())
	}
	for _, number := range r.held { // they were open, and are no longer
		r.b.replayed = append(r.b.replayed, number)
	}
	clear(r.held)
	if moved := r.was.Quarantined - r.b.totals.Quarantined; moved != int64(len(r.b.replayed)) {
		return fmt.Errorf("the parser says that %d lines are settled, and %d are: nothing is replayed", moved, len(r.b.replayed))
	}
	if len(r.b.replayed) > 0 {
		if err := r.b.store(ctx); err != nil {
			return err
		}
	}
	r.done.Lines += len(r.b.replayed)
	r.done.Ignored += int(r.b.totals.Ignored - r.was.Ignored)
	r.done.Events += len(r.b.events)
	r.done.Left = append(r.done.Left, r.left...)
	return r.begin()
}
