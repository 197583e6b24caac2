package dispatch

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
)

// Options is what a Worker needs. All but Log must be set.
type Options struct {
	Name   string // the recipient's
	Policy Policy
	Queue  Queue
	Sink   bridge.Sink
	Grace  time.Duration // how long attempts under way may go on once ctx has ended
	Log    zerolog.Logger
}

// Worker serves one recipient. What stands below turns in it is owned by who
// holds the turn: Run, or the goroutine of an attempt that has just ended.
type Worker struct {
	o        Options
	board    board
	flights  sync.WaitGroup
	attempts context.Context // of all attempts under way; set by Run
	abandon  context.CancelFunc
	poke     chan struct{} // Run is to look again

	// turns is held while an outcome is written: what can't be recorded holds
	// up what would begin.
	turns  sync.Mutex
	health health
	alarm  time.Time // when Run looks again by itself
	ended  bool      // nothing more is begun
	err    error     // why

	lanes   map[uint64]*lane
	ready   row     // lanes whose first event was never attempted
	due     row     // lanes whose first event is to be tried again now
	waiting waiting // lanes whose first event is to be tried again later
	dueTurn bool    // the due row is next

	tries       map[uint64]bridge.Try // restored; an event takes its own when Next gives it
	window      int                   // events held with their bytes, but for attempts of parked ones
	windowBytes int
	parked      int
	full        bool      // no more can be parked: nothing is read until one is settled
	readAgain   time.Time // after a read that failed

	inFlight  int
	probing   bool
	cleared   []flight  // begun, and not yet under way
	lastLog   time.Time // of a failed attempt
	lastError string
}

const (
	windowEvents = 256
	windowBytes  = 256 << 10
	fillMost     = 1024 // events looked at before results are looked at again
	readWait     = time.Second
)

// New makes a worker; Run starts it.
func New(o Options) *Worker {
	return &Worker{
		o:      o,
		lanes:  map[uint64]*lane{},
		health: health{slots: o.Policy.slots()},
		poke:   make(chan struct{}, 1),
	}
}

// Run serves the recipient until ctx ends; then it begins nothing more, gives
// attempts under way their grace, records how they end and returns nil. An
// error means that the queue is closed.
func (w *Worker) Run(ctx context.Context) error {
	record, stop := lingering(ctx, w.o.Grace)
	defer stop()
	w.attempts, w.abandon = context.WithCancel(context.WithoutCancel(ctx))
	defer w.abandon()

	w.serve(ctx, record)
	err := w.drain()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// lingering gives a context that ends a while after ctx does: outcomes are
// recorded in it.
func lingering(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	const toRecord = 2 * time.Second
	long, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var timer *time.Timer
	armed := make(chan struct{})
	unhook := context.AfterFunc(ctx, func() {
		timer = time.AfterFunc(grace+toRecord, cancel)
		close(armed)
	})
	return long, func() {
		if !unhook() {
			<-armed
			timer.Stop()
		}
		cancel()
	}
}

// serve begins attempts until ctx or the worker ends. Those under way go on.
func (w *Worker) serve(ctx, record context.Context) {
	w.turns.Lock()
	w.end(w.restore(record, time.Now()))
	w.turns.Unlock()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		now, again, ok := w.look(ctx, record)
		if !ok {
			return
		}
		timer.Reset(max(0, again.Sub(now)))
		select {
		case <-ctx.Done():
		case <-w.poke:
		case <-w.o.Queue.Wake():
		case <-timer.C:
		}
	}
}

// look begins what may begin now. It tells when to look again, and false once
// ctx or the worker has ended.
func (w *Worker) look(ctx, record context.Context) (now, again time.Time, ok bool) {
	w.turns.Lock()
	defer w.turns.Unlock()
	if w.ended || ctx.Err() != nil {
		return now, again, false
	}
	now = time.Now()
	w.alarm = w.turn(record, now)
	if w.ended {
		return now, again, false
	}
	for _, f := range w.cleared {
		w.launch(ctx, record, f)
	}
	w.cleared = w.cleared[:0]
	return now, w.alarm, true
}

// end takes note of an error, if it is one, that nothing can go on after.
func (w *Worker) end(err error) {
	if err == nil {
		return
	}
	if w.err == nil {
		w.err = err
	}
	w.ended = true
	w.abandon()
}

// turn reads what there is room for and begins what may begin now. It gives
// the time at which it wants to be called again.
func (w *Worker) turn(ctx context.Context, now time.Time) (again time.Time) {
	more, err := w.fill(ctx, now)
	if err == nil {
		err = w.begin(ctx, now)
	}
	w.end(err)
	w.publish()
	if more {
		return now
	}
	return w.next(now)
}

// next is when something is to be done even if nothing happens until then.
func (w *Worker) next(now time.Time) time.Time {
	next := now.Add(time.Hour)
	sooner := func(t time.Time) {
		if t.Before(next) {
			next = t
		}
	}
	if !w.readAgain.IsZero() {
		sooner(w.readAgain)
	}
	switch h := &w.health; {
	case h.down:
		if !w.probing && len(w.lanes) > 0 {
			sooner(later(h.probeAt, h.holdTill))
		}
	case w.inFlight >= w.o.Policy.slots():
	case h.holdTill.After(now):
		sooner(h.holdTill)
	case len(w.waiting) > 0:
		sooner(w.waiting[0].next)
	}
	return next
}

// drain waits for what is under way, which records its outcome by itself.
func (w *Worker) drain() error {
	grace := time.AfterFunc(w.o.Grace, w.abandon)
	defer grace.Stop()
	w.flights.Wait() // the sink returns soon after abandon: this can't take long
	return w.err
}

func (w *Worker) publish() {
	w.board.update(func(s *Stats) {
		s.Window, s.Parked, s.Lanes, s.InFlight = w.window, w.parked, len(w.lanes), w.inFlight
		s.Down, s.Full = w.health.down, w.full
	})
}
