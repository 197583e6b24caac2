//go:build e2e

package e2e

import (
	"testing"
	"time"
)

// eventually looks every 20 ms until done says yes, and fails the test after
// most. It is for what another process does: nothing there could tell us.
func eventually(t *testing.T, most time.Duration, what string, done func() bool) {
	t.Helper()
	deadline := time.NewTimer(most)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-deadline.C:
			if done() {
				return
			}
			t.Fatalf("after %v: not yet %s", most, what)
		}
	}
}

// timeToArrive bounds the waiting for a single event, on a busy machine too.
const timeToArrive = 30 * time.Second
