package tail

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tailpost/tailpost/bridge"
)

func TestEmitErrorEnds(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", text("a"))
	want := errors.New("the spool is closed")
	if err := r.src.Run(t.Context(), nil, func(context.Context, bridge.Batch) error { return want }); !errors.Is(err, want) {
		t.Errorf("err %v", err)
	}
	if s := r.src.Stats(); s.Lines != 0 {
		t.Errorf("stats %+v", s)
	}
}

// A blocked emit is the only backpressure: nothing else comes meanwhile, and
// the end of ctx ends it.
func TestOneEmitAtATime(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", text(numbered(0, 5000)...))
	ctx, stop := context.WithCancel(t.Context())
	var under, most atomic.Int32
	blocked := make(chan struct{})
	var once sync.Once
	err := make(chan error, 1)
	go func() {
		err <- r.src.Run(ctx, nil, func(ctx context.Context, b bridge.Batch) error {
			most.Store(max(most.Load(), under.Add(1)))
			defer under.Add(-1)
			if len(b.Records) == 0 {
				return nil
			}
			once.Do(func() { close(blocked) })
			<-ctx.Done()
			return ctx.Err()
		})
	}()
	<-blocked
	r.write("app.log", text("more"))
	stop()
	if err := <-err; err != nil {
		t.Error(err)
	}
	if most.Load() != 1 {
		t.Errorf("%d emits at once", most.Load())
	}
}

func TestBatchesAreBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.write("app.log", text(numbered(0, 20_000)...))
	r.fail = func(b bridge.Batch) error {
		size := 0
		for _, rec := range b.Records {
			size += len(rec.Line)
		}
		if len(b.Records) > batchLines || size > batchBytes {
			t.Errorf("%d records of %d bytes", len(b.Records), size)
		}
		return nil
	}
	r.start()
	r.want(numbered(0, 20_000)...)
}
