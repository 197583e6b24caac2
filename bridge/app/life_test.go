package app

import (
	"context"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/dispatch"
	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/bridge/spool"
)

// life is what the run knows of one recipient.
type life struct {
	*lives
	name   string
	policy dispatch.Policy
	loose  bool // its order is none, at times, or can't be kept
	mood   string
	person bool // a person has paused it

	known, served bool
	queue         *spool.Queue
	worker        *dispatch.Worker
	ended         chan error
	stop          context.CancelFunc
	begun         time.Time

	owed      map[int]bool // accepted for it; false: while it was disabled
	aged      int          // of one that was removed: how many events there were when it was first told
	taken     map[int]int
	repeat    map[int]bool // may be taken once more
	dead      map[int]bool
	dropped   map[int]bool
	replayed  map[int]bool
	filtered  bool // some of its events may have been
	yields    bool // it gave up events, perhaps
	failing   map[int]bool
	told      int
	last      map[string]int // of each session, what was taken last
	flying    map[string]int // sessions under way
	under     map[int]int    // events under way, with the process
	now       int            // attempts under way
	ran       time.Duration  // how long clocks could run
	since     time.Time      // and have since; zero: they stand
	first     map[int]time.Duration
	lastBegun time.Time
}

// forget is how a name begins anew.
func (r *life) forget() {
	r.known, r.person, r.filtered, r.yields, r.aged = false, false, false, false, -1
	r.owed, r.taken, r.repeat, r.dead = map[int]bool{}, map[int]int{}, map[int]bool{}, map[int]bool{}
	r.dropped, r.replayed, r.failing = map[int]bool{}, map[int]bool{}, map[int]bool{}
	r.last, r.flying, r.under, r.first = map[string]int{}, map[string]int{}, map[int]int{}, map[int]time.Duration{}
}

func (r *life) draw() dispatch.Policy {
	p, rnd := dispatch.Defaults(""), r.rnd
	p.Order = r.policy.Order
	switch {
	case r.reorder && r.loose:
		p.Order = r.one(dispatch.Strict, dispatch.Session, dispatch.None)
	case r.reorder:
		p.Order = r.one(dispatch.Strict, dispatch.Session)
	}
	p.MaxInFlight = 1 + rnd.IntN(5)
	p.BatchMaxEvents = 1 + rnd.IntN(3)*rnd.IntN(5)
	if p.BatchMaxEvents > 1 && rnd.IntN(3) == 0 {
		p.BatchMaxWait = option.Duration(2 * time.Second)
	}
	p.RetryInterval = option.Duration(time.Duration(1+rnd.IntN(20)) * time.Second)
	p.RetryDuration = p.RetryInterval + option.Duration(time.Duration(rnd.IntN(300))*time.Second)
	if rnd.IntN(3) == 0 {
		p.RetryBackoff, p.MaxRetryInterval = dispatch.Exponential, 3*p.RetryInterval
	}
	if rnd.IntN(4) == 0 {
		p.RateLimit = option.Rate{Times: 1 + rnd.IntN(4), Per: time.Second}
	}
	p.Enabled, p.Paused = rnd.IntN(5) > 0, rnd.IntN(7) == 0
	if r.filter && rnd.IntN(3) == 0 {
		p.Events = option.List{bridge.EventBegin}
		r.filtered = true
	}
	if r.small && rnd.IntN(2) == 0 {
		p.OnFull, r.yields = dispatch.Skip, true
	}
	return p
}

// serve opens the queue and lets a worker begin, as app's recipients do.
func (r *life) serve(fresh bool) {
	q, err := r.sp.Serve(spool.Recipient{
		Name: r.name, Kind: "http", Keep: r.policy.RetryDuration.D(),
		Disabled: !r.policy.Enabled, Yields: r.policy.OnFull == dispatch.Skip,
	})
	r.must(err)
	r.queue, r.known, r.served, r.aged = q, true, true, -1
	r.mu.Lock()
	r.told = -1
	r.mu.Unlock()
	r.worker = dispatch.New(dispatch.Options{
		Name: r.name, Policy: r.policy, Queue: q, Sink: lifeSink{r, r.process}, Watcher: lifeWatcher{r, r.process},
		Grace: time.Second, Fresh: fresh, Before: dispatch.Stats{Begun: r.begun},
		Log: zerolog.New(zerolog.NewTestWriter(r.t)).Level(zerolog.ErrorLevel),
	})
	ctx, stop := context.WithCancel(context.Background())
	r.stop, r.ended = stop, make(chan error, 1)
	go func() { r.ended <- r.worker.Run(ctx) }()
	r.clock()
}

// pause is what a person does. Attempts may begin until the worker knows.
func (r *life) pause(on bool) {
	said := func() {
		r.mu.Lock()
		r.person = on
		r.mu.Unlock()
		r.clock()
	}
	if !on {
		said()
	}
	r.must(r.sp.Pause(r.t.Context(), r.name, on))
	synctest.Wait()
	if on {
		said()
	}
}

// clock lets the time of the clocks run, or stand.
func (r *life) clock() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.since.IsZero() {
		r.ran += time.Since(r.since)
	}
	r.since = time.Time{}
	if r.served && r.policy.Enabled && !r.policy.Paused && !r.person {
		r.since = time.Now()
	}
}

func (r *life) ranLocked() time.Duration {
	if r.since.IsZero() {
		return r.ran
	}
	return r.ran + time.Since(r.since)
}

// retire ends the worker, by a change or by the program's end.
func (r *life) retire(stop bool) {
	if !r.served {
		return
	}
	if stop {
		r.stop()
	}
	r.worker.Retire()
	r.must(<-r.ended)
	r.stop()
	r.begun = r.worker.Stats().Begun
	r.queue.Close()
	if r.rnd.IntN(3) == 0 {
		r.queue.Close()
	}
	r.served = false
	r.clock()
}

// waits reports whether an event is yet to come to its end.
func (r *life) waits(i int) bool {
	return r.owed[i] && !r.dead[i] && !r.dropped[i] && (r.taken[i] == 0 || r.replayed[i] || r.repeat[i])
}

func (r *life) check() {
	r.mu.Lock()
	defer r.mu.Unlock()
	st, want := r.queue.Stats(), spool.QueueStats{Given: uint64(len(r.owed))}
	for i, owed := range r.owed {
		switch {
		case !owed:
			want.Skipped++
		case r.dead[i]:
			want.Dead++
		case r.dropped[i]:
			want.Dropped++
		case r.taken[i] > 0 && !(r.repeat[i] && (r.filtered || r.yields)): // else the spool may not know
			want.Delivered++
		case r.filtered && r.events[i].Name != bridge.EventBegin:
			want.Filtered++
		case r.yields:
			want.Skipped++
		default:
			r.t.Errorf("%s: %d (%x) is lost", r.name, i, r.at[i])
		}
	}
	want.First, want.Frontier = st.First, st.Frontier
	got := st
	if r.filtered { // it may have been delivered before, and replayed
		got.Filtered, want.Filtered, got.Skipped, want.Skipped = got.Filtered+got.Skipped, want.Filtered+want.Skipped, 0, 0
	}
	if got != want || st.Given != st.Sum() {
		r.t.Errorf("%s: %+v, want %+v", r.name, st, want)
	}
	if len(r.failing) > 0 && !r.filtered && !r.yields {
		r.t.Errorf("%s: still failing: %v", r.name, r.failing)
	}
	if r.told > 0 {
		r.t.Errorf("%s: %d are said to fail in the end", r.name, r.told)
	}
}
