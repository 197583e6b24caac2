package dispatch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
)

// attempt is one call of the sink.
type attempt struct {
	at    time.Duration // since the test began
	event bridge.Event
	nth   int
	ok    bool
}

// fakeSink answers as its function says and keeps what it was asked.
type fakeSink struct {
	start  time.Time
	answer func(e bridge.Event, at time.Duration) error
	took   time.Duration // each attempt takes that long
	partly bool          // a failed attempt was taken in part

	mu     sync.Mutex
	got    []attempt
	flying map[string]int
	most   int // attempts at once
}

func (s *fakeSink) Deliver(ctx context.Context, d bridge.Delivery) (bridge.Receipt, error) {
	e := d.Events[0]
	s.mu.Lock()
	s.flying[e.Session]++
	total := 0
	for _, n := range s.flying {
		total += n
	}
	s.most = max(s.most, total)
	if e.Session != "" && s.flying[e.Session] > 1 {
		panic("two attempts of one session at once")
	}
	s.mu.Unlock()
	var cut error
	if s.took > 0 {
		select {
		case <-time.After(s.took):
		case <-ctx.Done():
			cut = ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flying[e.Session]--
	if cut != nil {
		return bridge.Receipt{}, cut
	}
	at := time.Since(s.start)
	err := s.answer(e, at)
	s.got = append(s.got, attempt{at: at, event: e, nth: d.Attempt, ok: err == nil})
	return bridge.Receipt{Partly: s.partly && err != nil, Peer: "peer", Answer: "answer", Took: 3}, err
}

func (s *fakeSink) attempts() []attempt {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]attempt(nil), s.got...)
}

// text gives "session@seconds" for each attempt, failed ones with a mark.
func (s *fakeSink) text() string {
	var b strings.Builder
	for _, a := range s.attempts() {
		mark := ""
		if !a.ok {
			mark = "!"
		}
		fmt.Fprintf(&b, "%s%s@%g ", a.event.Session, mark, a.at.Seconds())
	}
	return strings.TrimSpace(b.String())
}

var (
	errEvent     = &bridge.DeliveryError{Scope: bridge.ThisEvent, Err: errors.New("500")}
	errPermanent = &bridge.DeliveryError{Scope: bridge.ThisEvent, Permanent: true, Err: errors.New("422")}
	errBusy      = &bridge.DeliveryError{Scope: bridge.ThisRecipient, Err: errors.New("503")}
	errDial      = &bridge.DeliveryError{Scope: bridge.ThisRecipient, Down: true, Err: errors.New("connection refused")}
)

func taken(bridge.Event, time.Duration) error { return nil }

// rig is a worker over a queue that outlives it.
type rig struct {
	t       *testing.T
	q       *memQueue
	sink    *fakeSink
	p       Policy
	to      bridge.Sink // in the sink's place
	grace   time.Duration
	watcher bridge.Watcher
	stop    func()
	done    chan error // of Run, for a worker that retires
	fresh   bool
	begun   time.Time
	w       *Worker
	log     zerolog.Logger
}

func newRig(t *testing.T, change func(*Policy), answer func(bridge.Event, time.Duration) error) *rig {
	t.Helper()
	p := Defaults("")
	p.RetryInterval = option.Duration(time.Second)
	if change != nil {
		change(&p)
	}
	if ps := p.Check(""); len(ps) > 0 {
		t.Fatal(ps)
	}
	r := &rig{t: t, q: newMemQueue(), p: p, grace: 8 * time.Second,
		sink: &fakeSink{start: time.Now(), answer: answer, flying: map[string]int{}}}
	return r
}

func (r *rig) start() {
	r.q.reopen()
	to := r.to
	if to == nil {
		to = r.sink
	}
	r.w = New(Options{Name: "r", Policy: r.p, Queue: r.q, Sink: to, Watcher: r.watcher, Grace: r.grace, Fresh: r.fresh, Before: Stats{Begun: r.begun}, Log: r.log})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	w := r.w
	r.done = done
	go func() { done <- w.Run(ctx) }()
	r.stop = func() {
		cancel()
		if err := <-done; err != nil {
			r.t.Error(err)
		}
	}
}

// run starts the worker, lets that much time pass and stops it.
func (r *rig) run(d time.Duration) {
	r.start()
	time.Sleep(d) // the fake clock of synctest
	synctest.Wait()
	r.stop()
}

func (r *rig) want(text string) {
	r.t.Helper()
	if got := r.sink.text(); got != text {
		r.t.Errorf("attempts\n got %s\nwant %s", got, text)
	}
}

func (r *rig) wantCount(how bridge.Settlement, n int) {
	r.t.Helper()
	if got := r.q.count(how); got != n {
		r.t.Errorf("settled as %d: got %d events, want %d", how, got, n)
	}
}

func failing(sessions ...string) func(bridge.Event, time.Duration) error {
	return func(e bridge.Event, _ time.Duration) error {
		for _, s := range sessions {
			if e.Session == s {
				return errEvent
			}
		}
		return nil
	}
}

func TestAllDelivered(t *testing.T) {
	for _, order := range []string{Strict, Session, None} {
		t.Run(order, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, func(p *Policy) { p.Order = order }, taken)
				r.sink.took = time.Millisecond
				for i := range 1000 {
					r.q.add(fmt.Sprint("s", i%50))
				}
				if order == None {
					r.q = newMemQueue()
					for i := range 1000 {
						r.q.add(fmt.Sprint("s", i))
					}
				}
				r.run(10 * time.Second)
				r.wantCount(bridge.Delivered, 1000)
				checkOrder(t, r.sink.attempts())
				if want := r.p.slots(); r.sink.most != want {
					t.Errorf("at most %d attempts at once, want %d", r.sink.most, want)
				}
			})
		})
	}
}

func TestSessionOrderFailingSessionHoldsUpItselfAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, func(e bridge.Event, at time.Duration) error {
			if e.Session == "b" && at < 2500*time.Millisecond {
				return errEvent
			}
			return nil
		})
		r.q.add("a", "b", "b", "c", "b", "a")
		r.run(10 * time.Second)
		r.wantCount(bridge.Delivered, 6)
		checkOrder(t, r.sink.attempts())
		for _, a := range r.sink.attempts() {
			if a.event.Session != "b" && a.at != 0 {
				t.Errorf("an event of session %s waited until %v", a.event.Session, a.at)
			}
		}
		if n := len(r.sink.attempts()); n != 5+1+3 {
			t.Errorf("%d attempts, want 9: b at 0, 1, 2 s fails, then three times succeeds", n)
		}
	})
}

func TestStrictOrderOneFailingEventHoldsUpAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(p *Policy) { p.Order = Strict; p.RetryDuration = option.Duration(3 * time.Second) }, failing("b"))
		r.q.add("a", "b", "c", "d")
		r.run(10 * time.Second)
		r.want("a@0 b!@0 b!@1 b!@2 b!@3 c@4 d@4")
		r.wantCount(bridge.Dead, 1)
	})
}

func TestNoOrderNothingWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(p *Policy) { p.Order = None; p.MaxInFlight = 1 }, func(e bridge.Event, at time.Duration) error {
			if e.Timestamp == 2 && at < time.Second {
				return errEvent
			}
			return nil
		})
		r.q.add("a", "b", "b")
		r.run(5 * time.Second)
		r.wantCount(bridge.Delivered, 3)
		// One in flight: the failure is a first failure of max_in_flight events,
		// so a probe comes a second later, the event never tried first.
		r.want("a@0 b!@0 b@1 b@1")
	})
}

func TestOutageLosesNothingAndKeepsOrder(t *testing.T) {
	for name, err := range map[string]error{"503": errBusy, "500": errEvent, "refused": errDial} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, nil, func(_ bridge.Event, at time.Duration) error {
					if at < 60*time.Second {
						return err
					}
					return nil
				})
				for i := range 2000 {
					r.q.add(fmt.Sprint("s", i%100))
				}
				r.run(70 * time.Second)
				r.wantCount(bridge.Delivered, 2000)
				r.wantCount(bridge.Dead, 0)
				checkOrder(t, r.sink.attempts())
				failed := len(r.sink.attempts()) - 2000
				if failed > 8+60+8*60 {
					t.Errorf("%d failed attempts in 60 s: more than probes", failed)
				}
			})
		})
	}
}

func TestDownOneProbeAnInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, func(_ bridge.Event, at time.Duration) error {
			if at < 4500*time.Millisecond {
				return errDial
			}
			return nil
		})
		r.q.add("a")
		r.start()
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		r.q.add("b", "c")
		time.Sleep(10 * time.Second)
		r.stop()
		// By turns the oldest never attempted, then the oldest sessions.
		if got, want := r.sink.text(), "a!@0 b!@1 a!@2 b!@3 c!@4 a@5 "; !strings.HasPrefix(got, want) {
			t.Errorf("attempts\n got %s\nwant %s, then the others", got, want)
		}
		r.wantCount(bridge.Delivered, 3)
	})
}

func TestProbeAtMisconfiguredWaitsFiveMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		unauthorized := &bridge.DeliveryError{Scope: bridge.ThisRecipient, Down: true, AtLeast: 5 * time.Minute, Err: errors.New("401")}
		r := newRig(t, nil, func(_ bridge.Event, at time.Duration) error {
			if at < 6*time.Minute {
				return unauthorized
			}
			return nil
		})
		r.q.add("a")
		r.run(time.Hour)
		r.want("a!@0 a!@300 a@600")
	})
}

func TestRetryAfterHoldsTheWholeRecipient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := &bridge.DeliveryError{Scope: bridge.ThisRecipient, After: 7 * time.Second, Err: errors.New("429")}
		r := newRig(t, nil, func(e bridge.Event, at time.Duration) error {
			if e.Session == "a" && at < time.Second {
				return busy
			}
			return nil
		})
		r.q.add("a")
		r.start()
		time.Sleep(time.Second)
		synctest.Wait()
		r.q.add("b")
		time.Sleep(20 * time.Second)
		r.stop()
		for _, a := range r.sink.attempts()[1:] {
			if a.at != 7*time.Second {
				t.Errorf("attempt of %s at %v, want 7s", a.event.Session, a.at)
			}
		}
		r.wantCount(bridge.Delivered, 2)
	})
}

func TestGiveUpOnlyWhileOthersAreTaken(t *testing.T) {
	refuses := func(e bridge.Event, _ time.Duration) error {
		if strings.HasPrefix(e.Session, "bad") {
			return errPermanent
		}
		return nil
	}
	t.Run("session", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, nil, refuses)
			r.q.add("a")
			r.start()
			time.Sleep(time.Second)
			r.q.add("bad1", "bad2", "b")
			time.Sleep(100 * time.Millisecond)
			r.stop()
			r.wantCount(bridge.Dead, 2)
			r.wantCount(bridge.Delivered, 2)
		})
	})
	t.Run("never taken anything", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, nil, refuses)
			for i := range 100 {
				r.q.add(fmt.Sprint("bad", i))
			}
			r.run(10 * time.Minute)
			r.wantCount(bridge.Dead, 0)
		})
	})
	t.Run("strict", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, func(p *Policy) { p.Order = Strict }, refuses)
			r.q.add("a", "bad1", "bad2", "b")
			r.run(10 * time.Second)
			r.wantCount(bridge.Dead, 1) // bad2 follows a failure: it is tried on
		})
	})
}

func TestRedeployAnswers404NothingDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		missing := &bridge.DeliveryError{Scope: bridge.ThisRecipient, Permanent: true, Err: errors.New("404")}
		r := newRig(t, nil, func(_ bridge.Event, at time.Duration) error {
			if at > 10*time.Second && at < 50*time.Second {
				return missing
			}
			return nil
		})
		r.sink.took = time.Millisecond
		r.start()
		for i := range 600 {
			r.q.add(fmt.Sprint("s", i))
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(time.Minute)
		r.stop()
		if dead := r.q.count(bridge.Dead); dead >= r.p.MaxInFlight {
			t.Errorf("%d events died, want fewer than max_in_flight", dead)
		}
		if got := r.q.count(bridge.Dead) + r.q.count(bridge.Delivered); got != 600 {
			t.Errorf("%d events settled, want 600", got)
		}
	})
}

func TestPoisonDoesNotTakeTheRecipientDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, func(e bridge.Event, _ time.Duration) error {
			if strings.HasPrefix(e.Session, "poison") {
				return errEvent
			}
			return nil
		})
		r.sink.took = time.Millisecond
		late := time.Duration(0)
		r.start()
		written := map[int64]time.Duration{}
		for i := range 1500 { // 500 of them are poison: more than the window holds
			name := fmt.Sprint("s", i)
			if i%3 == 0 {
				name = fmt.Sprint("poison", i)
			}
			r.q.add(name)
			written[int64(i+1)] = time.Since(r.sink.start)
			time.Sleep(time.Millisecond)
		}
		time.Sleep(5 * time.Second)
		r.stop()
		for _, a := range r.sink.attempts() {
			if a.ok {
				late = max(late, a.at-written[a.event.Timestamp])
			}
		}
		r.wantCount(bridge.Delivered, 1000)
		if late > 2*time.Second {
			t.Errorf("a good event waited %v", late)
		}
	})
}

func TestClockRunsOutOnlyByAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(p *Policy) { p.RetryDuration = option.Duration(10 * time.Second) }, failing("b"))
		r.q.add("a", "b", "b", "b", "c")
		r.run(9500 * time.Millisecond)
		r.wantCount(bridge.Dead, 0)
		time.Sleep(72 * time.Hour) // three days off
		r.sink.start = time.Now()
		r.run(time.Minute)
		r.wantCount(bridge.Dead, 3)
		r.wantCount(bridge.Delivered, 2)
		var second int
		for _, a := range r.sink.attempts() {
			if a.event.Timestamp == 3 {
				second++
			}
		}
		if second != 1 {
			t.Errorf("the event behind the failing one got %d attempts, want one: they share a clock", second)
		}
		l := r.q.letters[0]
		if l.Attempts != 11 || l.Reason != "500" || l.Session != "b" || l.Recipient != "r" {
			t.Errorf("letter %+v", l)
		}
	})
}

func TestRestartGoesOnWithParkedAndOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		r.sink.answer = func(e bridge.Event, at time.Duration) error {
			if e.Session == "b" && at < 10*time.Second {
				return errEvent
			}
			return nil
		}
		r.q.add("a", "b", "b")
		for range 20 {
			r.run(700 * time.Millisecond)
			r.q.add("a", "b", "c")
		}
		r.run(10 * time.Second)
		r.wantCount(bridge.Delivered, 63)
		checkOrder(t, r.sink.attempts())
	})
}

func TestShutdownFinishesOrAbandons(t *testing.T) {
	for name, c := range map[string]struct {
		took          time.Duration
		wantDelivered int
		wantStop      time.Duration
	}{
		"finishes": {5 * time.Second, 8, 5 * time.Second},
		"abandons": {time.Minute, 0, 9 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, nil, taken)
				r.sink.took = c.took
				for i := range 20 {
					r.q.add(fmt.Sprint("s", i))
				}
				r.run(time.Second)
				if took := time.Since(r.sink.start); took > c.wantStop {
					t.Errorf("stopped after %v, want %v", took, c.wantStop)
				}
				r.wantCount(bridge.Delivered, c.wantDelivered)
				if len(r.q.tries) != 0 {
					t.Errorf("an abandoned attempt was counted as failed: %v", r.q.tries)
				}
			})
		})
	}
}

func TestMaxParkedStopsReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, nil)
		r.q.room = 10
		r.sink.answer = func(e bridge.Event, at time.Duration) error {
			if strings.HasPrefix(e.Session, "poison") && at < time.Minute {
				return errEvent
			}
			return nil
		}
		r.q.add("good")
		for i := range 100 {
			r.q.add(fmt.Sprint("poison", i%3), fmt.Sprint("good", i))
		}
		r.start()
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if s := r.w.Stats(); !s.Full || s.Parked != 10 || s.Window > windowEvents {
			t.Errorf("stats %+v, want full with 10 parked", s)
		}
		time.Sleep(2 * time.Minute)
		r.stop()
		r.wantCount(bridge.Delivered, 201)
		checkOrder(t, r.sink.attempts())
	})
}

func TestFilters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(p *Policy) { p.Events = option.List{bridge.EventEnd, "login"}; p.RequireExternalKey = true }, taken)
		for _, e := range []bridge.Event{
			{Name: bridge.EventEnd, Session: "no key"},
			{Name: bridge.EventEnd, Session: "taken", ExternalKey: "K"},
			{Name: bridge.EventBegin, Session: "not asked", ExternalKey: "K"},
			{Name: "login", Session: "raw", ExternalKey: "K"},
		} {
			r.q.addEvent(e)
		}
		r.run(time.Second)
		if got := r.sink.text(); got != "taken@0 raw@0" && got != "raw@0 taken@0" {
			t.Errorf("attempts %s", got)
		}
		if r.q.passed != 2 {
			t.Errorf("%d filtered, want 2", r.q.passed)
		}
	})
}

func TestDamagedEventIsSettledAsDamaged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, failing("b"))
		r.q.add("a", "b", "c", "d")
		r.q.events[3] = []byte{1, 2, 3}
		r.q.events[4] = append(r.q.events[4][:40:40], "no json"...)
		r.start()
		time.Sleep(500 * time.Millisecond)
		r.q.mu.Lock()
		r.q.events[2] = nil // its bytes rot while it is parked
		r.q.mu.Unlock()
		time.Sleep(time.Minute)
		r.stop()
		r.wantCount(bridge.Damaged, 3)
		r.wantCount(bridge.Delivered, 1)
	})
}

func TestReadErrorPasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, taken)
		r.q.add("a")
		r.q.readErr = errors.New("EIO")
		r.start()
		time.Sleep(10 * time.Second)
		r.q.mu.Lock()
		r.q.readErr = nil
		r.q.mu.Unlock()
		time.Sleep(2 * time.Second)
		r.stop()
		r.wantCount(bridge.Delivered, 1)
	})
}

func TestWindowIsBoundedWhileDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, func(bridge.Event, time.Duration) error { return errDial })
		for i := range 5000 {
			r.q.add(fmt.Sprint("s", i))
		}
		r.start()
		time.Sleep(time.Minute)
		synctest.Wait()
		if s := r.w.Stats(); s.Window != windowEvents || !s.Down || s.Parked != 0 {
			t.Errorf("stats %+v, want a full window, down, nothing parked", s)
		}
		r.stop()
	})
}
