package drop

import (
	"context"
	"slices"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

const (
	batchBytes = 256 << 10
	batchLines = 1000
	batchFiles = 256
	chunkBytes = 64 << 10
)

// batch is what will be durable at once: lines of one file or of several, and
// where to go on in each.
type batch struct {
	recs   []bridge.Record
	size   int
	chunk  []byte           // lines stand in such, one behind the other
	places map[string]place // of files; the latest of each
	gone   []string         // files that need no position any more
	losses []bridge.Loss
	ended  []string // files that this batch finishes
	count  Stats
}

func (b *batch) full() bool {
	return len(b.recs) >= batchLines || b.size >= batchBytes || len(b.places) >= batchFiles || len(b.gone) >= batchFiles
}

// add takes a line in, in memory of its own.
func (b *batch) add(rec bridge.Record) {
	if cap(b.chunk)-len(b.chunk) < len(rec.Line) {
		b.chunk = make([]byte, 0, max(chunkBytes, len(rec.Line)))
	}
	from := len(b.chunk)
	b.chunk = append(b.chunk, rec.Line...)
	rec.Line = b.chunk[from:len(b.chunk):len(b.chunk)]
	b.recs = append(b.recs, rec)
	b.size += len(rec.Line)
	b.count.Lines++
	if rec.Cut > 0 {
		b.count.Cut++
		b.count.CutBytes += rec.Cut
	}
	if rec.Partial {
		b.count.Partial++
	}
}

func (b *batch) lose(name string, bytes int64, why string) {
	b.losses = append(b.losses, bridge.Loss{Stream: name, Bytes: bytes, Reason: why})
	b.count.Discontinuities++
	b.count.LostBytes += bytes
}

// flush makes the batch durable, and then gets the files out of the way that
// it finished. That they are goes out with the next batch.
func (r *reader) flush(ctx context.Context) error {
	b := &r.b
	out := bridge.Batch{Records: b.recs, Losses: b.losses, Positions: r.kept.changes()}
	for _, name := range b.gone {
		if _, again := b.places[name]; !again {
			out.Positions = append(out.Positions, bridge.Position{Stream: placeStream + name, Gone: true})
		}
	}
	for name, p := range b.places {
		out.Positions = append(out.Positions, p.position(name))
	}
	if len(out.Records) == 0 && len(out.Positions) == 0 && len(out.Losses) == 0 {
		return nil
	}
	for _, l := range b.losses {
		r.log.Error().Str("file", l.Stream).Int64("bytes", l.Bytes).Str("reason", l.Reason).Msg("bytes were lost unread")
	}
	if err := r.emit(ctx, out); err != nil {
		return err
	}
	ended := slices.Clone(b.ended)
	r.counts.update(func(s *Stats) {
		s.add(b.count)
		s.Known, s.Kept = len(r.files), len(r.kept.has)
	})
	r.b = batch{recs: b.recs[:0], chunk: b.chunk[:0], places: b.places, gone: b.gone[:0]}
	clear(r.b.places)
	if cap(r.b.chunk) > batchBytes {
		r.b.chunk = nil
	}
	for _, name := range ended {
		if f := r.files[name]; f != nil {
			f.taken = time.Now()
		}
	}
	r.finish(ended)
	return nil
}

// stamp makes a record of a line.
func (r *reader) stamp(name string, p *place, first []byte, t text, now time.Time) bridge.Record {
	return bridge.Record{
		Source: r.o.Name, Stream: name, Offset: p.off, Time: now, Head: headOf(name, p, first),
		Line: t.line, Cut: t.cut, Partial: !t.ended,
	}
}
