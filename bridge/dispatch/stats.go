package dispatch

import (
	"sync"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// Stats is what a worker knows of itself. The counts, and the times of what was
// last, are since the start of the first worker of its name: see Options.Before.
type Stats struct {
	Attempts, Delivered, Failed, Dead, Filtered, Damaged int
	Accepted                                             int // attempts that the receiver took; Attempts counts from when one begins
	Undecided                                            int // events that Policy.Where could not judge: they are sent
	Window                                               int // events held with their bytes
	Parked                                               int
	Lanes                                                int // sessions with events waiting or under way
	InFlight                                             int
	Down                                                 bool
	Paused                                               bool      // by a person or the configuration: nothing begins
	Disabled                                             bool      // by the configuration
	Skipped                                              int       // given up, because the spool was full
	Full                                                 bool      // it reads no further: too much is parked
	Failing                                              int       // events that have failed, and are neither settled nor dead
	NextTry                                              time.Time // the earliest of what failed; zero: nothing has, or one is under way
	Unreadable                                           string    // why events can't be read from the queue; empty: they can
	Status                                               string    // of the last attempt that failed: "failing", "misconfigured", …; "": all is well since
	LastError                                            string    // its error; "" as Status
	LastGood                                             time.Time
	LastBad                                              time.Time
	Begun                                                time.Time // the last attempt

	Latency bridge.Histogram // of an event, from Item.Accepted to its acceptance by the receiver
	Took    bridge.Histogram // of an attempt, whatever its outcome
}

// lasting is what a worker takes over from the one before it.
func (s *Stats) lasting() Stats {
	return Stats{
		Attempts: s.Attempts, Accepted: s.Accepted, Delivered: s.Delivered, Failed: s.Failed, Dead: s.Dead, Filtered: s.Filtered, Damaged: s.Damaged,
		Undecided: s.Undecided, Skipped: s.Skipped, LastGood: s.LastGood, LastBad: s.LastBad, Begun: s.Begun,
		Latency: s.Latency, Took: s.Took,
	}
}

// statusFailing is the Status where the sink has no word of its own.
const statusFailing = "failing"

// board is where the worker leaves its Stats for others.
type board struct {
	mu sync.Mutex
	s  Stats
}

func (b *board) update(f func(*Stats)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f(&b.s)
}

// Busy tells for how long the worker has been at one step of its loop; 0: it
// waits. What it records it tries until that succeeds, so that a journal that
// can't be written keeps it busy. Any goroutine may call it.
func (w *Worker) Busy() time.Duration { return w.pulse.Busy() }

// Stats may be called by any goroutine.
func (w *Worker) Stats() Stats {
	w.board.mu.Lock()
	defer w.board.mu.Unlock()
	return w.board.s
}
