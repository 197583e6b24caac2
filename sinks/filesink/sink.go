// Package filesink hands events to a file, or to standard output: one line of
// canonical JSON an event.
//
// A delivery is over when its line is on disk: deliveries that come at the
// same time share one write and one sync. A line that was torn by a crash or
// a full disk is cut off before anything is written behind it; a last line
// that isn't ours is ended, not cut. A file that was moved away is made anew
// under its name, a truncated one is gone on with at its end.
//
// Standard output, and what is no regular file, is written to and not synced.
package filesink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

const defaultTimeout = 15 * time.Second

// Sink delivers to one file. It is a bridge.Sink and an io.Closer.
type Sink struct {
	o Options

	mu      sync.Mutex
	waiting []*line // handed over, not yet taken by the writer
	writing bool    // a writer goroutine is at work
	closed  bool

	out target // owned by the writer; by Close once there is none
}

// line is a delivery's bytes on their way.
type line struct {
	b    []byte
	done chan error // buffered: the writer never waits
}

// target is where lines go.
type target interface {
	// write puts whole lines there and syncs them.
	write(b []byte) error
	io.Closer
}

// New makes a sink of checked options. The file is opened by the first
// delivery, so that a folder that comes later is no reason not to start.
func New(o Options) (*Sink, error) {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	s := &Sink{o: o}
	switch o.Path {
	case "":
		return nil, errors.New("file recipient: path is missing")
	case standardOutput:
		if o.Out == nil {
			o.Out = os.Stdout
		}
		s.out = stream{o.Out}
	default:
		s.out = &file{path: o.Path, sync: (*os.File).Sync, log: o.Log.With().Str("recipient", o.Name).Str("path", o.Path).Logger()}
	}
	return s, nil
}

// errClosed says that the sink was closed.
var errClosed = errors.New("the file is closed")

// Deliver returns nil once the events' lines are on disk.
func (s *Sink) Deliver(ctx context.Context, d bridge.Delivery) (bridge.Receipt, error) {
	if len(d.Events) == 0 {
		return bridge.Receipt{}, nil
	}
	if d.Explain {
		return s.explained(ctx, d)
	}
	l := &line{b: lines(d.Events), done: make(chan error, 1)}
	start := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, s.o.Timeout, fmt.Errorf("not written within %s: %w", s.o.Timeout, context.DeadlineExceeded))
	defer cancel()
	err := s.put(ctx, l)
	rec := bridge.Receipt{Peer: s.o.Path, Took: time.Since(start)}
	if err != nil {
		down := !errors.Is(err, context.Canceled)
		return rec, &bridge.DeliveryError{Scope: bridge.ThisRecipient, Down: down, Err: fmt.Errorf("write %s: %w", s.o.Path, err)}
	}
	rec.Answer = fmt.Sprintf("%d bytes written", len(l.b))
	return rec, nil
}

// put hands a line to the writer and waits for its sync. If ctx ends first the
// line is taken back, unless the writer has it already.
func (s *Sink) put(ctx context.Context, l *line) error {
	if ctx.Err() != nil {
		return context.Cause(ctx) // a quick writer would be done before anybody looks
	}
	if err := s.enqueue(l); err != nil {
		return err
	}
	select {
	case err := <-l.done:
		return err
	case <-ctx.Done():
		s.takeBack(l)
		return context.Cause(ctx)
	}
}

func (s *Sink) enqueue(l *line) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	s.waiting = append(s.waiting, l)
	if !s.writing {
		s.writing = true
		go s.writeAll()
	}
	return nil
}

func (s *Sink) takeBack(l *line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = slices.DeleteFunc(s.waiting, func(w *line) bool { return w == l })
}

// writeAll is the writer: it takes what is waiting, all at once, until nothing
// is. It is a goroutine of its own so that a disk that hangs holds up no
// delivery beyond its time; there is never more than one.
func (s *Sink) writeAll() {
	for {
		group := s.take()
		if group == nil {
			return
		}
		var b []byte
		for _, l := range group {
			b = append(b, l.b...)
		}
		err := s.out.write(b)
		for _, l := range group {
			l.done <- err
		}
	}
}

// take gives the waiting lines; none ends the writer.
func (s *Sink) take() []*line {
	s.mu.Lock()
	defer s.mu.Unlock()
	group := s.waiting
	s.waiting = nil
	if group == nil || s.closed {
		s.writing = false
		for _, l := range group {
			l.done <- errClosed
		}
		return nil
	}
	return group
}

// Close ends the sink. A write that hangs is given up with the file.
func (s *Sink) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	return s.out.Close()
}

// stream is standard output.
type stream struct{ w io.Writer }

func (s stream) write(b []byte) error {
	_, err := s.w.Write(b)
	return err
}

// Close leaves it open: it isn't ours.
func (stream) Close() error { return nil }
