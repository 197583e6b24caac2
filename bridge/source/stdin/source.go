package stdin

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/source/framing"
)

// Source reads one pipe. It implements bridge.Source.
type Source struct {
	o                                    Options
	lines, bytes, cut, cutBytes, partial atomic.Int64
}

var _ bridge.Source = (*Source)(nil)

// Stats are the counters of one source since it was made. Everything counts
// once it is durable: after emit has returned nil.
type Stats struct {
	Lines    int64 // records handed out
	Bytes    int64 // bytes read, newlines and left out ones included
	Cut      int64 // lines that were over max_line
	CutBytes int64 // bytes that were left out of them
	Partial  int64 // last lines without a newline
}

// New gives a source that does nothing until Run.
func New(o Options) *Source {
	if o.In == nil {
		o.In = os.Stdin
	}
	return &Source{o: o}
}

// Stats is safe for concurrent use.
func (s *Source) Stats() Stats {
	return Stats{
		Lines: s.lines.Load(), Bytes: s.bytes.Load(),
		Cut: s.cut.Load(), CutBytes: s.cutBytes.Load(), Partial: s.partial.Load(),
	}
}

const (
	headBytes = 16
	readBytes = 64 << 10
)

// lines is what the input is split into.
type lines struct {
	*framing.Splitter
	head []byte // the same for all of them
	told int64  // bytes up to the end of what was sent
}

// sent drops the lines that were handed out, and gives the number of bytes
// that they took up in the input.
func (l *lines) sent() int64 {
	l.Sent()
	end := l.Read() - l.Unfinished()
	n := end - l.told
	l.told = end
	return n
}

// chunk is what one read gave.
type chunk struct {
	b   []byte
	err error
}

// Run reads until the input ends (nil), ctx ends (nil), or emit fails. It
// returns when ctx ends even while a read blocks. Then, if the input knows no
// deadlines (a terminal, a file), the goroutine that is in the read stays
// there until the read returns, in the end until the process exits: nothing
// can call it off. What it reads then is lost, so a source is run once.
func (s *Source) Run(ctx context.Context, _ []bridge.Position, emit bridge.Emit) error {
	head := make([]byte, headBytes)
	if _, err := rand.Read(head); err != nil {
		return fmt.Errorf("draw the head of standard input: %w", err)
	}
	stop := make(chan struct{})
	chunks, free := make(chan chunk), make(chan []byte, 1)
	free <- make([]byte, readBytes)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.read(stop, free, chunks)
	}()
	defer func() {
		close(stop)
		if f, ok := s.o.In.(interface{ SetReadDeadline(time.Time) error }); ok && f.SetReadDeadline(time.Unix(1, 0)) == nil {
			<-done
			_ = f.SetReadDeadline(time.Time{})
		}
	}()
	in := &lines{Splitter: framing.Lines(int(s.o.MaxLine)), head: head}
	for {
		var c chunk
		select {
		case <-ctx.Done():
			return nil
		case c = <-chunks:
		}
		for b := c.b; len(b) > 0; {
			b = in.Take(b)
			if err := s.flush(ctx, emit, in, in.Records()); err != nil {
				return ended(ctx, err)
			}
		}
		if c.err != nil {
			return ended(ctx, s.end(ctx, emit, in, c.err))
		}
		select {
		case free <- c.b[:readBytes]:
		case <-ctx.Done():
			return nil
		}
	}
}

// read hands on what one read after the other gives, each buffer when it is
// free again.
func (s *Source) read(stop <-chan struct{}, free <-chan []byte, chunks chan<- chunk) {
	for {
		var buf []byte
		select {
		case <-stop:
			return
		case buf = <-free:
		}
		n, err := s.o.In.Read(buf)
		select {
		case <-stop:
			return
		case chunks <- chunk{buf[:n], err}:
		}
		if err != nil {
			return
		}
	}
}

// end takes the last line, which may have no newline.
func (s *Source) end(ctx context.Context, emit bridge.Emit, in *lines, cause error) error {
	if last, _, ok := in.Rest(); ok {
		if err := s.flush(ctx, emit, in, []bridge.Record{last}); err != nil {
			return err
		}
	}
	if !errors.Is(cause, io.EOF) {
		return fmt.Errorf("read standard input: %w", cause)
	}
	return nil
}

// flush hands out recs, which the input was split into.
func (s *Source) flush(ctx context.Context, emit bridge.Emit, in *lines, recs []bridge.Record) error {
	if len(recs) == 0 {
		return nil
	}
	now := time.Now()
	var cut, cutBytes, partial int64
	for i := range recs {
		rec := &recs[i]
		rec.Source, rec.Stream, rec.Time, rec.Head, rec.Once = s.o.Name, "stdin", now, in.head, true
		if rec.Cut > 0 {
			cut++
			cutBytes += rec.Cut
		}
		if rec.Partial {
			partial++
		}
	}
	if err := emit(ctx, bridge.Batch{Records: recs}); err != nil {
		return err
	}
	s.lines.Add(int64(len(recs)))
	s.bytes.Add(in.sent())
	s.cut.Add(cut)
	s.cutBytes.Add(cutBytes)
	s.partial.Add(partial)
	return nil
}

// ended: that ctx ended is no error.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}
