package app

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/config"
	"github.com/tailpost/tailpost/bridge/ingest"
)

// deaf is a source that others send to, once it has its address.
type deaf struct{ heard atomic.Bool }

func (d *deaf) Listening() bool { return d.heard.Load() }

func (d *deaf) Run(ctx context.Context, _ []bridge.Position, _ bridge.Emit) error {
	<-ctx.Done()
	return nil
}

// TestReadyDoesNotWaitForAnAddress: what waits for the start waits for an
// address for ten seconds, for positions as long as it takes.
func TestReadyDoesNotWaitForAnAddress(t *testing.T) {
	const never = 24 * time.Hour
	for _, c := range []struct {
		name             string
		restored, listen time.Duration // after the start
		want             time.Duration
	}{
		{"at once", 0, 0, 0},
		{"soon", 0, 3 * time.Second, 3 * time.Second},
		{"never", 0, never, 10 * time.Second},
		{"long positions", time.Minute, 0, time.Minute},
		{"long positions, no address", time.Minute, never, 70 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBubble(t)
				from := &deaf{}
				s := &source{name: "in", item: config.Item{Name: "in", Kind: "syslog"}, from: from, made: time.Now()}
				s.ingest = ingest.New(ingest.Config{
					Name: "in", Options: ingest.Options{Format: "json"}, Source: from, NewParser: ParserFor(ingest.Options{Format: "json"}),
					Store: store{b.a.spool}, Log: zerolog.Nop(),
				})
				b.a.mu.Lock()
				b.a.sources[s.name] = s
				b.a.mu.Unlock()
				ctx, stop := context.WithCancel(b.ctx)
				began, ready := time.Now(), make(chan time.Duration, 1)
				b.a.o.Ready = func() { ready <- time.Since(began) }
				go b.a.tellReady(ctx)
				defer time.AfterFunc(c.listen, func() { from.heard.Store(true) }).Stop()
				done := make(chan struct{})
				go func() {
					defer close(done)
					time.Sleep(c.restored)
					b.a.start(newGroup(ctx, make(chan error, 1)), s)
				}()
				got := <-ready
				stop()
				<-done
				<-s.done
				if got < c.want || got > c.want+time.Second {
					t.Errorf("ready after %v, want %v", got, c.want)
				}
			})
		})
	}
}
