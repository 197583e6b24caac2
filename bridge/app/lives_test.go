package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/dispatch"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/bridge/spool/spooltest"
)

var livesSeeds = flag.Int("lives.seeds", 20, "random lives of recipients to live through")
var livesFrom = flag.Uint64("lives.from", 0, "the first of them")

// TestRandomLives lets recipients live at random, with the real spool and the
// real workers: they fail, are changed, disabled, paused, removed, forgotten
// and come back, their dead letters are replayed, and it is all killed now and
// then. Nobody gets what isn't his, nothing is lost or taken twice, order
// holds, and all sums fit at each step.
func TestRandomLives(t *testing.T) {
	for seed := range uint64(*livesSeeds) {
		seed += *livesFrom
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { newLives(t, seed).run() })
		})
	}
}

// lives is one random run.
type lives struct {
	t   *testing.T
	rnd *rand.Rand
	fs  *spooltest.FS

	sp   *spool.Spool
	end  context.CancelFunc
	done chan error

	numbers map[uint64]int // the places of events by number
	events  []bridge.Event // by place, which is their timestamp, too
	at      []uint64       // their numbers
	who     []*life

	// What differs between the runs:
	reorder, filter, small bool

	mu      sync.Mutex // guards what sinks and watchers touch
	luck    *rand.Rand // theirs
	process int        // how often it was killed or ended
}

func newLives(t *testing.T, seed uint64) *lives {
	l := &lives{
		t: t, rnd: rand.New(rand.NewPCG(seed, 4)), luck: rand.New(rand.NewPCG(seed, 5)), fs: spooltest.New(0), numbers: map[uint64]int{},
		reorder: seed%2 == 1, filter: seed%3 == 2, small: seed%5 == 4,
	}
	for _, name := range []string{"one", "two", "three"} {
		l.who = append(l.who, l.newLife(name))
	}
	return l
}

func (l *lives) newLife(name string) *life {
	r := &life{lives: l, name: name, mood: "well"}
	r.policy.Order = l.one(dispatch.Strict, dispatch.Session, dispatch.Session, dispatch.None)
	r.loose = r.policy.Order == dispatch.None
	r.forget()
	return r
}

func (l *lives) one(of ...string) string { return of[l.rnd.IntN(len(of))] }

func (l *lives) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// start opens the spool, and serves who is to be served.
func (l *lives) start() {
	o := spool.Defaults()
	o.Dir, o.FS, o.MinFree, o.Keep = "/state", l.fs, "0", 0
	o.MaxBytes = 16 << 20
	if l.small {
		o.MaxBytes = 1 << 20
	}
	o.Log = zerolog.New(zerolog.NewTestWriter(l.t)).Level(zerolog.ErrorLevel)
	sp, err := spool.Open(l.t.Context(), o)
	l.must(err)
	ctx, end := context.WithCancel(context.Background())
	l.sp, l.end, l.done = sp, end, make(chan error, 1)
	go func() { l.done <- sp.Run(ctx) }()
	for _, r := range l.who {
		if r.served {
			r.serve(false)
		}
	}
}

func (l *lives) run() {
	l.start()
	defer l.close()
	for range 60 {
		l.step()
		synctest.Wait()
		l.check()
		if l.t.Failed() {
			return
		}
	}
	l.finish()
}

func (l *lives) step() {
	r := l.who[l.rnd.IntN(len(l.who))]
	switch l.rnd.IntN(16) {
	case 0, 1, 2, 3:
		l.append(1 + l.rnd.IntN(12))
	case 4, 5, 6:
		time.Sleep(time.Duration(l.rnd.IntN(5000)) * time.Millisecond)
	case 7:
		time.Sleep(time.Duration(l.rnd.IntN(400)) * time.Second)
	case 8, 9:
		l.mu.Lock()
		r.mood = l.one("well", "well", "down", "busy", "moody", "picky", "later")
		l.mu.Unlock()
	case 10, 11, 12:
		l.change(r)
	case 13:
		l.remove(r)
	case 14:
		l.revise()
	case 15:
		l.again()
	}
}

// change is a reload that changes a recipient, or brings it.
func (l *lives) change(r *life) {
	served := r.served
	if served && l.rnd.IntN(4) == 0 {
		r.pause(!r.person)
		return
	}
	r.retire(false)
	r.policy = r.draw()
	r.serve(served)
}

// remove takes a recipient out, and one that is out may be forgotten.
func (l *lives) remove(r *life) {
	switch {
	case r.served:
		r.retire(false)
	case r.known && l.rnd.IntN(2) == 0:
		l.must(l.sp.Age(l.t.Context(), time.Minute))
		for _, r := range l.who {
			if r.known && !r.served && r.aged < 0 {
				r.aged = len(l.events)
			}
		}
	case r.known:
		n, err := l.sp.Forget(l.t.Context(), r.name, func(it bridge.Item) ([]byte, error) { return it.Data, nil })
		l.must(err)
		want := 0
		for i := range r.owed {
			if (r.aged < 0 || i < r.aged) && r.waits(i) {
				want++
			}
		}
		if !r.filtered && !r.yields && n != want {
			l.t.Errorf("%s: %d letters when it is forgotten, want %d", r.name, n, want)
		}
		r.forget()
	}
}

// revise replays or drops dead letters.
func (l *lives) revise() {
	was := map[*life][3]map[int]bool{}
	for _, r := range l.who {
		was[r] = [3]map[int]bool{maps.Clone(r.dead), maps.Clone(r.dropped), maps.Clone(r.replayed)}
	}
	replayed, dropped, err := l.sp.ReviseDead(l.t.Context(), func(d spool.DeadLetter) (v spool.Verdict, err error) {
		i := slices.IndexFunc(l.who, func(r *life) bool { return r.name == d.Recipient })
		r, at := l.who[i], l.numbers[d.Number]
		if !r.known || !r.dead[at] { // of an earlier life
			return v, nil
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		switch l.rnd.IntN(4) {
		case 0:
			v.Drop, r.dead[at], r.dropped[at] = true, false, true
		case 1, 2:
			e := &l.events[at]
			v = spool.Verdict{Replay: true, Session: dispatch.ParkKey(r.policy.Order, d.Number, []byte(e.Session)), Event: e.AppendWire(nil)}
			r.dead[at], r.replayed[at] = false, true
			delete(r.first, at)
		}
		return v, nil
	})
	if l.small && err != nil && replayed+dropped == 0 { // no room: all is as it was
		for r, w := range was {
			r.dead, r.dropped, r.replayed = w[0], w[1], w[2]
		}
		return
	}
	l.must(err)
}

// again ends the process, or kills it, and begins the next one.
func (l *lives) again() {
	kill := l.rnd.IntN(2) == 0
	fs := l.fs
	if kill {
		fs = l.fs.Kill()
		l.mu.Lock()
		l.process++
		for _, r := range l.who {
			for i := range r.under {
				r.repeat[i] = true // its answer is lost
				if l.rnd.IntN(2) == 0 {
					r.taken[i]++
				}
			}
			r.under, r.flying, r.now = map[int]int{}, map[string]int{}, 0
		}
		l.mu.Unlock()
	}
	served := map[*life]bool{}
	for _, r := range l.who {
		served[r] = r.served
		r.retire(true)
		if kill {
			r.begun, r.lastBegun = time.Time{}, time.Time{}
		}
	}
	l.end()
	l.must(<-l.done)
	_ = l.sp.Close()
	l.fs = fs
	for r, is := range served {
		r.served, r.begun, r.lastBegun = is, time.Time{}, time.Time{}
		r.loose = r.loose || r.filtered // what was passed is looked at again, and may be asked for by now
	}
	l.start()
}

func (l *lives) append(n int) {
	var in spool.Ingest
	in.Source = "in"
	from := len(l.events)
	var add []bridge.Event
	for i := range n {
		e := bridge.Event{Name: bridge.EventBegin, Version: "1", Timestamp: int64(from + i), Session: fmt.Sprint("s", l.rnd.IntN(5))}
		if l.rnd.IntN(6) == 0 {
			e.Session = ""
		}
		if l.rnd.IntN(3) == 0 {
			e.Name = bridge.EventEnd
		}
		if l.small {
			e.Extra = []bridge.Field{{Name: "x", Value: string(make([]byte, 4000))}}
		}
		e.ID[0], e.ID[1] = byte(from+i), byte((from+i)>>8)
		add = append(add, e)
		in.Events = append(in.Events, e.AppendWire(nil))
	}
	l.mu.Lock() // they may be given out at once
	l.events = append(l.events, add...)
	for _, r := range l.who {
		for i := range add {
			if r.known {
				r.owed[from+i] = r.policy.Enabled
			}
		}
	}
	l.mu.Unlock()
	ctx, cancel := context.WithTimeout(l.t.Context(), 3*time.Minute)
	defer cancel()
	first, err := l.sp.Append(ctx, in)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.small && errors.Is(err, context.DeadlineExceeded) { // the spool is full
		l.events = l.events[:from]
		for _, r := range l.who {
			for i := range add {
				delete(r.owed, from+i)
			}
		}
		return
	}
	l.must(err)
	for i := range add {
		l.numbers[first+uint64(i)] = from + i
		l.at = append(l.at, first+uint64(i))
	}
}

// check looks at the sums, and at how many are said to fail.
func (l *lives) check() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.who {
		if !r.known || r.queue == nil {
			continue
		}
		st := r.queue.Stats()
		if !r.served {
			continue
		}
		if st.Given != st.Sum() {
			l.t.Errorf("%s: %d given, %d in the sum: %+v", r.name, st.Given, st.Sum(), st)
		}
		if !r.filtered && !r.yields && r.told != len(r.failing) && r.now == 0 {
			l.t.Errorf("%s: said to fail: %d, failing: %v", r.name, r.told, slices.Sorted(maps.Keys(r.failing)))
		}
	}
}

// finish lets everybody be well, and looks how it ended.
func (l *lives) finish() {
	for _, r := range l.who {
		r.mu.Lock()
		r.mood = "well"
		r.mu.Unlock()
		if r.person {
			r.pause(false)
		}
		r.retire(false)
		r.policy.Enabled, r.policy.Paused = true, false
		r.serve(true)
	}
	time.Sleep(time.Hour)
	synctest.Wait()
	l.check()
	for _, r := range l.who {
		r.check()
	}
}

func (l *lives) close() {
	for _, r := range l.who {
		r.retire(true)
	}
	l.end()
	l.must(<-l.done)
	l.must(l.sp.Close())
}
