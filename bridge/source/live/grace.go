package live

import (
	"context"
	"time"
)

const (
	// lastReads is how long it goes on being read, after the source was told to
	// stop, what has arrived.
	lastReads = 100 * time.Millisecond
	// lastEmits is how long that may take to become durable.
	lastEmits = 2 * time.Second
)

// outlive gives a context that ends after ctx does, by d. Its cancel must be
// called.
func outlive(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	out, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
			cancel()
		case <-out.Done():
		}
	})
	return out, func() {
		stop()
		cancel()
	}
}
