package bridge

import (
	"sync/atomic"
	"time"
)

// Pulse shows whether a loop turns. The loop says when it begins a step and
// when it only waits; others may ask how long it has been at one step. The zero
// value waits. It costs the loop a look at the clock and a store.
type Pulse struct {
	since atomic.Int64 // when the step began, in nanoseconds after born; 0: it waits
}

// born lets times be taken on the monotonic clock: who sets the machine's clock
// stops no loop.
var born = time.Now()

// Work says that a step begins.
func (p *Pulse) Work() { p.since.Store(int64(time.Since(born)) | 1) }

// Wait says that nothing is to be done until something happens.
func (p *Pulse) Wait() { p.since.Store(0) }

// Busy tells for how long the loop has been at one step; 0: it waits.
func (p *Pulse) Busy() time.Duration {
	since := p.since.Load()
	if since == 0 {
		return 0
	}
	return max(1, time.Since(born)-time.Duration(since))
}
