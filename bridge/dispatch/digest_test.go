package dispatch

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
)

var mailAddresses = []string{"a", "b", "c"}

// mailSink hands over digests as mail does: each address takes them, or
// refuses them by itself; the note says who has them.
type mailSink struct {
	t    *testing.T
	most int // events in a mail
	took time.Duration

	mu      sync.Mutex
	refused map[string]bool // addresses
	fails   func(events []bridge.Event) error
	calls   []string
	has     map[string]map[int64]int // address, event, how often
}

func newMailSink(t *testing.T) *mailSink {
	s := &mailSink{t: t, most: 1000, refused: map[string]bool{}, has: map[string]map[int64]int{}}
	for _, a := range mailAddresses {
		s.has[a] = map[int64]int{}
	}
	return s
}

func (s *mailSink) refuse(addresses ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.refused)
	for _, a := range addresses {
		s.refused[a] = true
	}
}

func (s *mailSink) Deliver(ctx context.Context, d bridge.Delivery) (bridge.Receipt, error) {
	rec := bridge.Receipt{Note: d.Note}
	if len(d.Events) > 1 && len(d.Events) > s.most {
		return rec, fmt.Errorf("digest: %w", bridge.ErrTooLarge)
	}
	if s.took > 0 {
		select {
		case <-time.After(s.took):
		case <-ctx.Done():
			return rec, ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var numbers []int64
	for _, e := range d.Events {
		numbers = append(numbers, e.Timestamp)
	}
	if s.fails != nil {
		if err := s.fails(d.Events); err != nil {
			s.calls = append(s.calls, numberText(numbers)+"!")
			return rec, err
		}
	}
	have := strings.Fields(string(d.Note))
	var to []string
	refused := false
	for _, a := range mailAddresses {
		switch {
		case slices.Contains(have, a):
		case s.refused[a]:
			refused = true
		default:
			to = append(to, a)
			for _, n := range numbers {
				if s.has[a][n]++; s.has[a][n] > 1 {
					s.t.Errorf("%s gets event %d again", a, n)
				}
			}
		}
	}
	s.calls = append(s.calls, numberText(numbers)+strings.Join(append([]string{""}, to...), " "))
	rec.Note = []byte(strings.Join(append(have, to...), " "))
	if !refused {
		return rec, nil
	}
	rec.Partly = len(to) > 0
	scope := bridge.ThisEvent
	if len(d.Events) > 1 || len(have)+len(to) == 0 {
		scope = bridge.ThisRecipient
	}
	return rec, &bridge.DeliveryError{Scope: scope, Err: errors.New("refused")}
}

// wantAll fails unless each address has each event once.
func (s *mailSink) wantAll(events int) {
	s.t.Helper()
	for _, a := range mailAddresses {
		if n := len(s.has[a]); n != events {
			s.t.Errorf("%s has %d of %d events", a, n, events)
		}
	}
}

func (s *mailSink) want(calls ...string) {
	s.t.Helper()
	if !slices.Equal(s.calls, calls) {
		s.t.Errorf("calls\n got %q\nwant %q", s.calls, calls)
	}
}

func newMailRig(t *testing.T, order string, change func(*Policy)) (*rig, *mailSink) {
	t.Helper()
	r := newRig(t, func(p *Policy) {
		p.Order, p.BatchMaxEvents, p.BatchMaxWait = order, 50, option.Duration(10*time.Second)
		if change != nil {
			change(p)
		}
	}, nil)
	s := newMailSink(t)
	r.to = s
	return r, s
}

// TestDigestStaysWholeForOneAddress, over restarts, too.
func TestDigestStaysWholeForOneAddress(t *testing.T) {
	for _, order := range []string{Strict, Session, None} {
		t.Run(order, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, s := newMailRig(t, order, nil)
				s.refuse("b")
				r.q.add("x", "y", "z")
				r.run(1500 * time.Millisecond)
				r.run(200 * time.Millisecond)
				s.refuse()
				r.run(time.Minute)
				s.wantAll(3)
				r.wantCount(bridge.Delivered, 3)
				if s.calls[0] != "1-3 a c" || s.calls[len(s.calls)-1] != "1-3 b" || len(s.calls) < 3 {
					t.Errorf("calls %q", s.calls)
				}
			})
		})
	}
}

// TestDividedDigestKeepsItsNote: nobody gets an event again because the digest
// is no longer one.
func TestDividedDigestKeepsItsNote(t *testing.T) {
	for _, c := range []struct {
		name  string
		order string
		then  func(r *rig, s *mailSink)
		want  []string
	}{
		{name: "refused as it is", order: Session, then: func(_ *rig, s *mailSink) {
			s.fails = func(events []bridge.Event) error {
				if len(events) == 4 {
					return errEvent
				}
				return nil
			}
		}, want: []string{"1-4 a c", "1,2 b", "1-4!", "3,4 b"}},
		{name: "of one session", order: Strict, then: func(_ *rig, s *mailSink) {
			s.fails = func(events []bridge.Event) error {
				if len(events) == 4 {
					return errEvent
				}
				return nil
			}
		}, want: []string{"1-4 a c", "1,2 b", "1-4!", "3,4 b"}},
		{name: "too long now", order: Session, then: func(_ *rig, s *mailSink) { s.most = 2 }, want: []string{"1-4 a c", "1,2 b", "3,4 b"}},
		{name: "no digests any longer", order: Session, then: func(r *rig, _ *mailSink) { r.p.BatchMaxEvents, r.p.BatchMaxWait = 1, 0 },
			want: []string{"1-4 a c", "1 b", "2 b", "3 b", "4 b"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, s := newMailRig(t, c.order, func(p *Policy) { p.MaxInFlight = 2 })
				s.refuse("b")
				r.q.add("x", "y", "z", "u")
				r.run(500 * time.Millisecond)
				s.refuse()
				c.then(r, s)
				r.run(time.Minute)
				s.wantAll(4)
				slices.Sort(s.calls[1:]) // halves are tried at once
				s.want(c.want...)
			})
		})
	}
}

// TestTooLargeIsNoAttempt: nothing is counted, saved or told, and no rate is
// used up.
func TestTooLargeIsNoAttempt(t *testing.T) {
	for _, order := range []string{Strict, Session, None} {
		t.Run(order, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, s := newMailRig(t, order, func(p *Policy) {
					if err := p.RateLimit.UnmarshalText([]byte("1/h")); err != nil {
						t.Fatal(err)
					}
				})
				s.most = 2
				r.q.add("x", "x", "y", "x", "y", "x", "x", "x")
				r.start()
				time.Sleep(time.Second)
				s.mu.Lock()
				if len(s.calls) != 1 {
					t.Errorf("calls %q: the first mail waits for a rate that nothing used", s.calls)
				}
				s.mu.Unlock()
				time.Sleep(20 * time.Hour)
				r.stop()
				s.wantAll(8)
				if st := r.w.Stats(); st.Failed != 0 || st.Down || len(r.q.tries)+len(r.q.parked) > 0 {
					t.Errorf("%+v, tries %v", st, r.q.tries)
				}
				for _, call := range s.calls {
					if strings.Count(call, ",")+strings.Count(call, "-") > 1 {
						t.Errorf("a mail of %s", call)
					}
				}
			})
		})
	}
}

// TestNoteThatWasHalfRecorded: a kill came when the note was recorded with one
// member. All of them were in that mail.
func TestNoteThatWasHalfRecorded(t *testing.T) {
	for _, parked := range []bool{false, true} {
		t.Run(fmt.Sprint("parked ", parked), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, s := newMailRig(t, None, nil)
				r.q.add("x", "y", "z")
				r.q.batches = [][]uint64{{1, 2, 3}}
				try := bridge.Try{Attempts: 1, Note: []byte("a c")}
				if parked {
					r.q.parked[2] = bridge.Parked{Number: 2, Session: ParkKey(None, 2, []byte("y")), Try: try}
				} else {
					r.q.tries[2] = try
				}
				r.run(time.Minute)
				s.want("1-3 b")
				r.wantCount(bridge.Delivered, 3)
			})
		})
	}
}

// TestOutageDoesNotBreakUpDigests: while the server is away for two hours,
// digests alone are tried, and what comes meanwhile waits for its digest.
func TestOutageDoesNotBreakUpDigests(t *testing.T) {
	for _, order := range []string{Strict, Session, None} {
		t.Run(order, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, s := newMailRig(t, order, func(p *Policy) {
					p.BatchMaxWait, p.RetryInterval = option.Duration(10*time.Minute), option.Duration(30*time.Second)
				})
				start := time.Now()
				s.fails = func([]bridge.Event) error {
					if time.Since(start) < 2*time.Hour {
						return errDial
					}
					return nil
				}
				r.start()
				synctest.Wait() // what is there at the start doesn't wait
				for i := range 360 {
					r.q.add(fmt.Sprint("s", i))
					time.Sleep(29 * time.Second) // never at the moment when a window ends
				}
				time.Sleep(time.Hour)
				r.stop()
				s.wantAll(360)
				mails := 0
				for _, c := range s.calls {
					if numbers, _, _ := strings.Cut(c, " "); !strings.ContainsAny(numbers, ",-") {
						t.Errorf("a mail of one event: %s", c)
					}
					if !strings.HasSuffix(c, "!") {
						mails++
					}
				}
				if mails > 20 { // 3 hours in windows of 10 minutes
					t.Errorf("%d mails: %q", mails, s.calls)
				}
			})
		})
	}
}

// TestRandomDigests: whatever the server refuses, however digests are divided,
// and whenever the process ends, each address gets each event once.
func TestRandomDigests(t *testing.T) {
	for seed := range uint64(100) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { randomDigests(t, rand.New(rand.NewPCG(seed, 4))) })
		})
	}
}

func randomDigests(t *testing.T, rnd *rand.Rand) {
	r, s := newMailRig(t, []string{Strict, Session, None}[rnd.IntN(3)], func(p *Policy) {
		p.BatchMaxEvents = 2 + rnd.IntN(10)
		p.MaxInFlight = 1 + rnd.IntN(4)
		p.RetryDuration = option.Duration(1000 * time.Hour)
	})
	s.most, s.took = 1+rnd.IntN(12), 300*time.Millisecond
	r.grace = 100 * time.Millisecond
	if rnd.IntN(3) == 0 {
		r.q.room = 5
	}
	luck := rand.New(rand.NewPCG(rnd.Uint64(), 1))
	fails := func([]bridge.Event) error {
		switch luck.IntN(8) {
		case 0:
			return errEvent
		case 1:
			return errDial
		}
		return nil
	}
	s.fails = fails
	r.start()
	for range 12 {
		for range rnd.IntN(20) {
			r.q.add(fmt.Sprint("s", rnd.IntN(8)))
		}
		time.Sleep(time.Duration(rnd.IntN(15000)) * time.Millisecond)
		var refused []string
		for _, a := range mailAddresses {
			if rnd.IntN(3) == 0 {
				refused = append(refused, a)
			}
		}
		s.refuse(refused...)
		if rnd.IntN(3) == 0 {
			r.stop()
			if rnd.IntN(2) == 0 {
				r.p.BatchMaxEvents = 2 + rnd.IntN(10)
			}
			r.start()
		}
	}
	s.mu.Lock()
	s.fails = nil
	clear(s.refused)
	s.mu.Unlock()
	time.Sleep(6 * time.Hour)
	r.stop()
	s.wantAll(len(r.q.order))
	r.wantCount(bridge.Delivered, len(r.q.order))
}
