package ingest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// sourceFunc is a source that is a function.
type sourceFunc func(ctx context.Context, emit bridge.Emit) error

func (f sourceFunc) Run(ctx context.Context, _ []bridge.Position, emit bridge.Emit) error {
	return f(ctx, emit)
}

// heldStore is a store that takes nothing until it is let.
type heldStore struct {
	Store
	let chan struct{}
}

func (s heldStore) Append(ctx context.Context, source string, y Yield) error {
	select {
	case <-s.let:
		return s.Store.Append(ctx, source, y)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func faring(t *testing.T, store Store, run sourceFunc) *Ingest {
	t.Helper()
	in := New(Config{Name: "in", Options: Options{Format: "json"}, Source: run, Store: store,
		NewParser: func(string) (bridge.Parser, error) { return ignoring{}, nil }})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- in.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return in
}

// ignoring is a parser to which no line is an event.
type ignoring struct{}

func (ignoring) Parse(_ bridge.Record, to []bridge.Event) ([]bridge.Event, bridge.Outcome, error) {
	return to, bridge.Ignored, nil
}

func oneLine(ctx context.Context, emit bridge.Emit) error {
	return emit(ctx, bridge.Batch{Records: []bridge.Record{{Line: []byte("x")}}})
}

// TestFaresOfWhatFails: since the first failure, over all that follow without
// a line, or a time that goes well, between.
func TestFaresOfWhatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, broken, runs := time.Now(), errors.New("broken"), 0
		in := faring(t, newMemStore(), func(ctx context.Context, emit bridge.Emit) error {
			runs++
			switch runs {
			case 3:
				if err := oneLine(ctx, emit); err != nil {
					return err
				}
			case 5:
				<-ctx.Done()
				return ctx.Err()
			}
			return broken
		})
		want := func(at time.Duration, err error, since time.Duration) {
			t.Helper()
			time.Sleep(at - time.Since(begun))
			f := in.Fares()
			if f.Failed != err || err != nil && f.Since.Sub(begun) != since || (err == nil) != f.Since.IsZero() {
				t.Errorf("at %v: %v since %v, want %v since %v", at, f.Failed, f.Since.Sub(begun), err, since)
			}
		}
		want(time.Second, broken, 0)
		want(11*time.Second, broken, 0)
		want(21*time.Second, broken, 20*time.Second) // there was a line
		if f := in.Fares(); f.Last.Sub(begun) != 20*time.Second {
			t.Errorf("the last line at %v", f.Last.Sub(begun))
		}
		want(31*time.Second, broken, 20*time.Second)
		want(41*time.Second, broken, 20*time.Second) // it runs, but for how long
		want(40*time.Second+soundAfter, nil, 0)
	})
}

func TestFaresOfAStoreThatTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, let := time.Now(), make(chan struct{})
		in := faring(t, heldStore{newMemStore(), let}, func(ctx context.Context, emit bridge.Emit) error {
			time.Sleep(time.Second)
			if err := oneLine(ctx, emit); err != nil {
				return err
			}
			<-ctx.Done()
			return nil
		})
		if f := in.Fares(); !f.Waits.IsZero() || !f.Last.IsZero() {
			t.Errorf("%+v", f)
		}
		time.Sleep(time.Minute)
		if f := in.Fares(); f.Waits.Sub(begun) != time.Second || f.Failed != nil {
			t.Errorf("%+v", f)
		}
		close(let)
		synctest.Wait()
		if f := in.Fares(); !f.Waits.IsZero() || f.Last.Sub(begun) != time.Minute {
			t.Errorf("%+v", f)
		}
	})
}
