package app

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/ingest"
)

// ReplayLines is admin.Actions'.
func (a actions) ReplayLines(ctx context.Context, which admin.Lines) (r admin.Report, err error) {
	defer a.changed()
	sources := map[string]int{}
	seen := map[uint64]bool{}
	err = Lines(a.conf().StateDir, which, func(l ingest.QuarantinedLine) error {
		sources[l.Source]++
		if len(which.Numbers) > 0 {
			seen[l.Number] = true
		}
		return ctx.Err()
	})
	if err != nil {
		return r, err
	}
	for _, n := range which.Numbers {
		if !seen[uint64(n)] {
			r.Leave("line "+n.String(), "no line in quarantine has this number")
		}
	}
	for _, source := range slices.Sorted(maps.Keys(sources)) {
		in := a.ingestOf(source)
		if in == nil {
			for range sources[source] {
				r.Leave("a line of source "+source, "that source is not configured")
			}
			continue
		}
		which.Source = source
		if err := a.replaySource(ctx, in, which, &r); err != nil {
			return r, err
		}
	}
	return r, nil
}

// replaySource replays the chosen lines of one source in the order of their
// numbers, as many at once as memory allows.
func (a actions) replaySource(ctx context.Context, in *ingest.Ingest, which admin.Lines, r *admin.Report) error {
	for from, more := uint64(0), true; more; {
		done, err := in.Replay(ctx, func() ([]ingest.QuarantinedLine, error) {
			l := lowest{from: from}
			err := Lines(a.conf().StateDir, which, func(q ingest.QuarantinedLine) error {
				l.add(q)
				return ctx.Err()
			})
			out := l.take()
			if more = l.over > 0; more {
				from = l.over
			}
			return out, err
		})
		r.Done += done.Lines
		r.Events += done.Events
		r.Ignored += done.Ignored
		for _, l := range done.Left {
			r.Leave("line "+LineName(l.Number), l.Reason)
		}
		if err != nil {
			return kinded(err)
		}
	}
	return nil
}

// linesMost bounds the lines that are held at once, in bytes.
const linesMost = 16 << 20

// lineCost is what a line takes in memory besides its own bytes.
const lineCost = 256

// lowest gathers the lines of the lowest numbers from one on, as many as fit
// into linesMost; one at least.
type lowest struct {
	from  uint64
	over  uint64 // this number and all above it didn't fit; 0: all fit
	lines []ingest.QuarantinedLine
	bytes int
}

func (l *lowest) add(q ingest.QuarantinedLine) {
	if q.Number < l.from || l.over > 0 && q.Number >= l.over {
		return
	}
	l.lines = append(l.lines, q)
	l.bytes += lineCost + len(q.Line.Line)
	if l.bytes > 2*linesMost {
		l.cut()
	}
}

// cut drops the highest numbers, down to linesMost.
func (l *lowest) cut() {
	slices.SortFunc(l.lines, func(a, b ingest.QuarantinedLine) int { return cmp.Compare(a.Number, b.Number) })
	for n := len(l.lines) - 1; n > 0 && l.bytes > linesMost; n-- {
		l.over = l.lines[n].Number
		l.bytes -= lineCost + len(l.lines[n].Line.Line)
		l.lines[n] = ingest.QuarantinedLine{}
		l.lines = l.lines[:n]
	}
}

// take gives the lines in the order of their numbers.
func (l *lowest) take() []ingest.QuarantinedLine {
	l.cut()
	return l.lines
}
