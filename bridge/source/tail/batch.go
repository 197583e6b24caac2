package tail

import (
	"bytes"
	"context"
	"io"
	"slices"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// batch takes the next lines of the file, if it has any before limit, and
// hands them out with the position after them.
func (r *reader) batch(ctx context.Context, g *file, limit int64) (bool, error) {
	if g.at.skip {
		return r.skipRest(ctx, g, limit)
	}
	reg, err := r.search(g, limit)
	if err != nil {
		return false, err
	}
	if reg.long || len(reg.ends) > 0 {
		if err := r.isNext(g); err != nil {
			return false, err
		}
	}
	switch {
	case reg.long:
		return true, r.cutLine(ctx, g, reg, limit)
	case len(reg.ends) == 0:
		return false, nil
	}
	n := len(reg.ends)
	if reg.more {
		n-- // the last one is taken from what was searched: the library would read on into what was not
	}
	if err := r.pass(ctx, g, reg, n); err != nil {
		return false, err
	}
	echoes, doubt := r.written(g, reg)
	recs := make([]bridge.Record, 0, len(reg.ends)-echoes)
	begin := 0
	for i, end := range reg.ends {
		if i >= echoes {
			recs = append(recs, bridge.Record{Offset: g.at.off + int64(begin), Line: reg.buf[begin:end:end]})
		}
		begin = end + 1
	}
	s := g.at
	s.off += reg.end()
	s.partial = false
	return true, r.commit(ctx, g, step{to: s, peek: reg.buf, recs: recs, lost: doubt, count: func(c *Stats) {
		c.Repeated += int64(echoes)
		if g.at.partial {
			c.Continued++
		}
	}})
}

// cutLine takes the first max_line bytes of a line that is longer. What was
// there of the rest is left out; where its newline is not there yet, so is
// what comes until then.
func (r *reader) cutLine(ctx context.Context, g *file, reg region, limit int64) error {
	longest := int64(r.o.MaxLine)
	at, err := findNewline(g.f, g.at.off+longest, limit)
	if err != nil {
		return err
	}
	s := g.at
	s.partial = false
	end := limit
	if at >= 0 {
		end, s.off = at, at+1
	} else {
		s.off, s.skip = limit, true
	}
	rec := bridge.Record{Offset: g.at.off, Line: reg.buf[:longest:longest], Cut: end - g.at.off - longest}
	return r.commit(ctx, g, step{to: s, peek: reg.buf, recs: []bridge.Record{rec}, count: func(c *Stats) {
		c.Cut++
		c.CutBytes += rec.Cut
		if g.at.partial {
			c.Continued++
		}
	}})
}

// skipRest goes on to the end of a line that was cut.
func (r *reader) skipRest(ctx context.Context, g *file, limit int64) (bool, error) {
	from := max(g.scanned, g.at.off)
	at, err := findNewline(g.f, from, limit)
	if err != nil {
		return false, err
	}
	if at < 0 {
		g.scanned = limit
		return false, nil
	}
	s := g.at
	s.off, s.skip = at+1, false
	left := at - g.at.off
	return true, r.commit(ctx, g, step{to: s, count: func(c *Stats) { c.CutBytes += left }})
}

// step is one advance in a file.
type step struct {
	to    state // off and flags; commit fills in the rest
	recs  []bridge.Record
	peek  []byte // what was read at the old position: must still stand there
	also  []bridge.Position
	lost  []bridge.Loss
	count func(*Stats)
}

// commit makes sure that all of the step was read from the same content as
// what was read before, emits it, and moves the position. It gives errChanged
// if it was not: then nothing was emitted.
func (r *reader) commit(ctx context.Context, g *file, p step) error {
	s := p.to
	now, err := readMarks(g.f, s.off)
	if err != nil {
		return err
	}
	head := g.at.head
	if len(head) == 0 {
		if head, err = readHead(g.f, s.off); err != nil {
			return err
		}
	}
	// Only now: what was read above is of the content that holds here.
	if err := g.intact(p.peek); err != nil {
		return err
	}
	s.head, s.firstSum, s.lastSum = head, sum(now.first), sum(now.last)
	s.size, s.mtime = max(g.size, s.off), g.mtime
	s.passed = g.at.passOn(s.off)
	if len(p.recs) > 0 {
		s.lines = hashLines(r.last, p.recs)
	}
	if s.seq == 0 {
		s.seq = r.next()
	}
	r.stamp(g, head, p.recs)
	pos := r.position(s)
	if s.finished {
		pos = r.position(s.settled())
	}
	if err := r.send(ctx, bridge.Batch{Records: p.recs, Positions: append(p.also, pos), Losses: p.lost}); err != nil {
		return err
	}
	r.counts.add(func(c *Stats) {
		c.Bytes += s.off - g.at.off
		if p.count != nil {
			p.count(c)
		}
	})
	g.at, g.marks, g.scanned, g.begins = s, now, s.off, nil
	r.l.gauge.moved(s.id, s.off)
	if len(p.recs) > 0 {
		r.last = s.lines
	}
	return nil
}

// intact reports errChanged unless the file holds what it held: around the
// position, and behind it what has just been read there.
func (g *file) intact(peek []byte) error {
	ok, err := g.marks.hold(g.f, g.at.off)
	if err != nil {
		return err
	}
	peek = peek[:min(len(peek), window)]
	again, err := readExactly(g.f, g.at.off, int64(len(peek)))
	if err != nil {
		return err
	}
	if !ok || !bytes.Equal(peek, again) {
		return errChanged
	}
	return nil
}

// stamp fills in what all records of a batch share.
func (r *reader) stamp(g *file, head []byte, recs []bridge.Record) {
	stream, now := r.stream(g.name), time.Now()
	for i := range recs {
		recs[i].Source, recs[i].Stream, recs[i].Time, recs[i].Head = r.o.Name, stream, now, head
	}
}

// send emits a batch and counts what is the same for all.
func (r *reader) send(ctx context.Context, b bridge.Batch) error {
	if err := r.emit(ctx, b); err != nil {
		return err
	}
	r.counts.add(func(c *Stats) {
		c.Lines += int64(len(b.Records))
		c.Discontinuities += int64(len(b.Losses))
		for _, l := range b.Losses {
			c.LostBytes += l.Bytes
		}
	})
	for _, l := range b.Losses {
		switch {
		case l.Reason == inDoubt:
			r.log.Warn().Str("file", l.Stream).Str("reason", l.Reason).Msg("lines may be taken twice")
		case l.Bytes == 0:
			r.log.Warn().Str("file", l.Stream).Str("reason", l.Reason).Msg("log lines may have been lost before they could be read")
		default:
			r.log.Error().Str("file", l.Stream).Int64("at_least_bytes", l.Bytes).Str("reason", l.Reason).
				Msg("log lines were lost before they could be read")
		}
	}
	return nil
}

func (r *reader) loss(name string, n int64, reason string) bridge.Loss {
	return bridge.Loss{Stream: r.stream(name), Bytes: n, Reason: reason}
}

// readHead reads the file's first line, bridge.HeadMax bytes of it at most,
// from what stands before end.
func readHead(f io.ReaderAt, end int64) ([]byte, error) {
	b, err := readExactly(f, 0, min(end, bridge.HeadMax))
	if err != nil {
		return nil, err
	}
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		b = b[:i]
	}
	return slices.Clip(b), nil
}
