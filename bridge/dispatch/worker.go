package dispatch

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
)

// Options is what a Worker needs. All but Watcher and Log must be set.
type Options struct {
	Name    string // the recipient's
	Policy  Policy
	Queue   Queue
	Sink    bridge.Sink
	Watcher bridge.Watcher // nil: nobody
	Grace   time.Duration  // how long attempts under way may go on once ctx has ended
	Log     zerolog.Logger

	// Of a worker that takes the place of another one:
	Fresh  bool  // what waits for its next try is tried now
	Before Stats // the other one's: its counts go on, and rate_limit knows its last attempt
}

// Worker serves one recipient. Everything but board and pulse is owned by Run.
type Worker struct {
	o      Options
	board  board
	pulse  bridge.Pulse // of serve; a step is a turn, and what it records
	health health
	filter *Filter

	lanes   map[uint64]*lane
	ready   row[*lane]  // lanes whose first event is in no batch yet
	due     row[*batch] // those to be tried again now
	waiting waiting     // those to be tried again later
	replays replays
	dueTurn bool // the due row is next

	tries       map[uint64]bridge.Try // restored; an event takes its own when Next gives it
	members     members               // restored, too
	assembled   []*batch              // restored whole, and to be placed
	known       uint64                // the last number in tries and members
	joins       bool                  // the members of batches are recorded
	caughtUp    bool                  // what is read now has not waited before
	gatherAt    time.Time             // when the oldest new event has waited long enough for its batch; zero: nothing waits so
	window      int                   // events held with their bytes, but for attempts of parked ones
	windowBytes int
	windowMost  int // bounds of these two, see Policy.window
	bytesMost   int
	parked      int
	paused      bool      // nothing is read or begun, and no clock runs
	full        bool      // no more can be parked: nothing is read until one is settled
	readAgain   time.Time // after a read that failed
	unreadable  string    // why it did; empty: the last one didn't
	failing     int       // events that have failed and are not done
	told        int       // the number of them that the watcher knows; -1: none yet

	inFlight  int
	probing   bool
	results   chan result
	attempts  context.Context // of all attempts under way
	abandon   context.CancelFunc
	begun     time.Time         // when an attempt last began
	carried   map[uint64]waited // over a giveUp, what the queue doesn't know
	gaveUp    time.Time         // the last giveUp; zero: none
	since     time.Time         // waits of events that were not tried since are counted from then
	asked     bool              // to give up events
	retire    chan struct{}     // closed by Retire
	retired   sync.Once
	lastLog   time.Time // of a failed attempt
	fullLog   time.Time // of too many parked events
	lastError string
}

const (
	fillMost = 1024 // events looked at before results are looked at again
	readWait = time.Second
)

// New makes a worker; Run starts it. The policy has been checked.
func New(o Options) *Worker {
	w := &Worker{
		o:       o,
		filter:  mustFilter(&o.Policy),
		lanes:   map[uint64]*lane{},
		replays: replays{lanes: map[uint64]*lane{}},
		health:  health{slots: o.Policy.slots()},
		results: make(chan result, o.Policy.slots()),
		told:    -1,
		begun:   o.Before.Begun,
		retire:  make(chan struct{}),
	}
	w.windowMost, w.bytesMost = o.Policy.window()
	w.board.s = o.Before.lasting()
	return w
}

// Run serves the recipient until ctx ends; then it begins nothing more, gives
// attempts under way their grace, records how they end and returns nil. After
// Retire it does the same, but that attempts end when they end. An error means
// that the queue is closed.
func (w *Worker) Run(ctx context.Context) error {
	const toRecord = 2 * time.Second
	record, stop := lingering(ctx, w.o.Grace+toRecord)
	defer stop()
	attempts, end := lingering(ctx, w.o.Grace)
	defer end()
	w.attempts, w.abandon = context.WithCancel(attempts)
	defer w.abandon()

	for {
		err := w.serve(ctx, record)
		if derr := w.drain(record); err == nil {
			err = derr
		}
		if err == nil && w.asked && !w.ending(ctx) {
			if err = w.giveUp(record, time.Now()); err == nil {
				continue
			}
		}
		if errors.Is(err, context.Canceled) {
			return nil
		}
		return err
	}
}

// lingering gives a context that ends a while after ctx does.
func lingering(ctx context.Context, while time.Duration) (context.Context, context.CancelFunc) {
	long, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var timer *time.Timer
	armed := make(chan struct{})
	unhook := context.AfterFunc(ctx, func() {
		timer = time.AfterFunc(while, cancel)
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

func (w *Worker) serve(ctx, record context.Context) error {
	w.pulse.Work()
	defer w.pulse.Wait()
	if err := w.restore(record, time.Now()); err != nil {
		return err
	}
	w.tellFailing()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for woken := true; !w.ending(ctx); {
		w.pulse.Work()
		now := time.Now()
		if woken {
			if w.asked = w.o.Queue.Asked(); w.asked {
				return nil
			}
			w.heedPause(now)
			w.revive(now)
			woken = false
		}
		more, err := w.turn(record, now)
		if err != nil {
			return err
		}
		if more {
			// Only what is there already: the queue has more to look at.
			select {
			case r := <-w.results:
				err = w.finish(record, r, time.Now())
			default:
			}
		} else {
			timer.Reset(w.sleep(now))
			w.pulse.Wait()
			select {
			case <-ctx.Done():
			case <-w.retire:
			case r := <-w.results:
				w.pulse.Work()
				err = w.finish(record, r, time.Now())
			case <-w.o.Queue.Wake():
				woken = true
			case <-timer.C:
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// turn reads what there is room for and begins what may begin. more: there may
// be more to read.
func (w *Worker) turn(ctx context.Context, now time.Time) (more bool, err error) {
	if !w.paused {
		if more, err = w.fill(ctx, now); err == nil {
			err = w.begin(ctx, now)
		}
	}
	w.tellFailing()
	w.publish(now)
	return more, err
}

// sleep is how long nothing needs to be done unless something happens.
func (w *Worker) sleep(now time.Time) time.Duration {
	next := now.Add(time.Hour)
	sooner := func(t time.Time) {
		if t = later(t, w.limit()); t.Before(next) {
			next = t
		}
	}
	if w.paused {
		return time.Hour
	}
	if !w.readAgain.IsZero() {
		next = w.readAgain
	}
	switch h := &w.health; {
	case h.down:
		if !w.probing && len(w.lanes)+len(w.replays.lanes) > 0 {
			sooner(later(h.probeAt, h.holdTill))
		}
	case w.inFlight >= w.o.Policy.slots():
	case h.holdTill.After(now):
		sooner(h.holdTill)
	case w.limit().After(now):
		sooner(now)
	default:
		if len(w.waiting) > 0 {
			sooner(w.waiting[0].next)
		}
		if !w.gatherAt.IsZero() {
			sooner(w.gatherAt)
		}
	}
	return max(0, next.Sub(now))
}

// drain waits for what is under way.
func (w *Worker) drain(record context.Context) error {
	var first error
	for w.inFlight > 0 {
		// The sink bounds its own time, and returns soon after abandon.
		if err := w.finish(record, <-w.results, time.Now()); err != nil && first == nil {
			first = err
			w.abandon()
		}
	}
	w.publish(time.Now())
	return first
}

func (w *Worker) publish(now time.Time) {
	w.board.update(func(s *Stats) {
		s.Window, s.Parked, s.Lanes, s.InFlight = w.window, w.parked, len(w.lanes), w.inFlight
		s.Down, s.Full = w.health.down, w.full
		s.Failing, s.NextTry, s.Unreadable = w.failing, w.nextTry(now), w.unreadable
		s.Paused, s.Disabled = w.paused && w.o.Policy.Enabled, !w.o.Policy.Enabled
	})
}

// nextTry is when something that failed is tried next, at the earliest; zero:
// nothing has failed, or it is tried now.
func (w *Worker) nextTry(now time.Time) time.Time {
	h := &w.health
	next := h.holdTill
	switch {
	case w.paused, h.down && (w.probing || len(w.lanes)+len(w.replays.lanes) == 0):
		return time.Time{}
	case h.down:
		next = later(h.probeAt, next)
	case w.failing == 0:
		return time.Time{}
	case len(w.waiting) > 0:
		next = later(w.waiting[0].next, next)
	}
	if next = later(next, w.limit()); next.After(now) {
		return next
	}
	return time.Time{}
}
