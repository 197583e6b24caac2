package filesink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

var _ bridge.Inspector = (*Sink)(nil)

// Preview gives the lines that Deliver would write.
func (s *Sink) Preview(d bridge.Delivery) ([]byte, error) { return lines(d.Events), nil }

func lines(events []bridge.Event) (b []byte) {
	for i := range events {
		b = append(events[i].AppendJSON(b), '\n')
	}
	return b
}

// Connect looks whether the file can be written, or made, without changing
// anything. A failure is a *bridge.DeliveryError.
func (s *Sink) Connect(ctx context.Context) (bridge.Receipt, error) {
	return s.watched(ctx, func(steps *steps) error {
		if s.o.Path == standardOutput {
			steps.say("standard output: there is nothing to be opened")
			return nil
		}
		f, err := os.OpenFile(s.o.Path, os.O_WRONLY|os.O_APPEND, 0)
		if err == nil {
			steps.say("%s can be written", s.o.Path)
			return f.Close()
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		steps.say("%s isn't there yet", s.o.Path)
		dir := filepath.Dir(s.o.Path)
		if err := mayMake(dir); err != nil {
			return fmt.Errorf("it can't be made in %s: %w", dir, err)
		}
		steps.say("it can be made in %s", dir)
		return nil
	})
}

// explained delivers while somebody watches: from a process beside the one
// that owns the file. A last line without an end may be one that is being
// written: it is ended, never cut.
func (s *Sink) explained(ctx context.Context, d bridge.Delivery) (bridge.Receipt, error) {
	b := lines(d.Events)
	rec, err := s.watched(ctx, func(steps *steps) error {
		if s.o.Path == standardOutput {
			_, err := s.o.Out.Write(b)
			return err
		}
		return appendTo(s.o.Path, b, steps)
	})
	if err == nil {
		rec.Answer = fmt.Sprintf("%d bytes written", len(b))
	}
	return rec, err
}

func appendTo(path string, b []byte, steps *steps) (err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	steps.say("opened %s, %d bytes long", path, info.Size())
	if last := make([]byte, 1); info.Mode().IsRegular() && info.Size() > 0 {
		if _, err := f.ReadAt(last, info.Size()-1); err != nil {
			return err
		}
		if last[0] != '\n' {
			steps.say("its last line has no end: ended it")
			b = append([]byte{'\n'}, b...)
		}
	}
	if _, err := f.Write(b); err != nil {
		return err
	}
	steps.say("wrote %d bytes", len(b))
	if !info.Mode().IsRegular() {
		return nil
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	steps.say("synced")
	return nil
}

// steps are those of a receipt.
type steps struct{ said []string }

func (s *steps) say(format string, args ...any) {
	s.said = append(s.said, fmt.Sprintf(format, args...))
}

// watched runs do within the sink's time. A disk that hangs holds up nobody
// longer: then do's steps are not told.
func (s *Sink) watched(ctx context.Context, do func(*steps) error) (bridge.Receipt, error) {
	start := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, s.o.Timeout, fmt.Errorf("no end within %s: %w", s.o.Timeout, context.DeadlineExceeded))
	defer cancel()
	type end struct {
		steps
		err error
	}
	done := make(chan end, 1)
	go func() {
		var e end
		e.err = do(&e.steps)
		done <- e
	}()
	var e end
	select {
	case e = <-done:
	case <-ctx.Done():
		e.err = context.Cause(ctx)
	}
	rec := bridge.Receipt{Peer: s.o.Path, Took: time.Since(start), Steps: e.said}
	if e.err != nil {
		return rec, &bridge.DeliveryError{Scope: bridge.ThisRecipient, Down: true, Err: e.err}
	}
	return rec, nil
}

// mayMake reports why no file can be made in a directory.
func mayMake(dir string) error {
	f, err := os.CreateTemp(dir, ".tailpost-*")
	if err != nil {
		return err
	}
	_, werr := io.WriteString(f, "\n")
	return errors.Join(werr, f.Close(), os.Remove(f.Name()))
}
