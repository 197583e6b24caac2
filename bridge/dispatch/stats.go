package dispatch

import (
	"sync"
	"time"
)

// Stats is what a worker knows of itself. The counts are since its start.
type Stats struct {
	Attempts, Delivered, Failed, Dead, Filtered, Damaged int
	Undecided                                            int // events that Policy.Where could not judge: they are sent
	Window                                               int // events held with their bytes
	Parked                                               int
	Lanes                                                int // sessions with events waiting or under way
	InFlight                                             int
	Down                                                 bool
	Paused                                               bool   // by a person or the configuration: nothing begins
	Disabled                                             bool   // by the configuration
	Skipped                                              int    // given up, because the spool was full
	Full                                                 bool   // it reads no further: too much is parked
	Status                                               string // "" while all is well, else "failing", "misconfigured", …
	LastError                                            string
	LastGood                                             time.Time
	Begun                                                time.Time // the last attempt
}

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

// Stats may be called by any goroutine.
func (w *Worker) Stats() Stats {
	w.board.mu.Lock()
	defer w.board.mu.Unlock()
	return w.board.s
}
