package sinktest

import (
	"context"
	"sync"
	"testing"

	"github.com/tailpost/tailpost/sinks/receiver"
)

// Recorder is a receiver that keeps what it got.
type Recorder struct {
	*receiver.Receiver
	mu  sync.Mutex
	got []receiver.Received
}

// Receive starts a receiver, which ends with the test.
func Receive(t testing.TB, o receiver.Options) *Recorder {
	t.Helper()
	rec := &Recorder{}
	o.OnEvent = func(r receiver.Received) {
		rec.mu.Lock()
		defer rec.mu.Unlock()
		rec.got = append(rec.got, r)
	}
	r, err := receiver.New(o)
	if err != nil {
		t.Fatal(err)
	}
	rec.Receiver = r
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("receiver: %v", err)
		}
	})
	return rec
}

// All gives what has come so far.
func (r *Recorder) All() []receiver.Received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]receiver.Received(nil), r.got...)
}
