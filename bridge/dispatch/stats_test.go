package dispatch

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
)

// TestStatsTell: how a recipient is, in numbers and words, and when it is
// tried next.
func TestStatsTell(t *testing.T) {
	down := &bridge.DeliveryError{Scope: bridge.ThisRecipient, Down: true, AtLeast: time.Minute, Status: "misconfigured", Err: errors.New("401")}
	held := &bridge.DeliveryError{Scope: bridge.ThisRecipient, After: 20 * time.Second, Err: errors.New("429")}
	for _, c := range []struct {
		name     string
		change   func(*Policy)
		sessions []string
		answer   func(bridge.Event, time.Duration) error
		until    time.Duration
		want     string
	}{
		{"nothing was sent", nil, nil, taken, time.Second, `failing 0, status "", error "", good -, bad -, next -`},
		{"all is well", nil, []string{"a"}, taken, time.Second, `failing 0, status "", error "", good 0s, bad -, next -`},
		{"one fails for good, others are taken", nil, []string{"a", "b"}, failing("a"), 3500 * time.Millisecond, `failing 1, status "failing", error "500", good 0s, bad 3s, next 4s`},
		{"it has failed, and is over it", nil, []string{"a"}, until(2*time.Second, errEvent), 5 * time.Second, `failing 0, status "", error "", good 2s, bad 1s, next -`},
		{"down", nil, []string{"a"}, until(time.Hour, down), time.Second, `failing 1, status "misconfigured", error "401", good -, bad 0s, next 1m0s`},
		{"told to come back later", nil, []string{"a"}, until(time.Hour, held), time.Second, `failing 1, status "failing", error "429", good -, bad 0s, next 20s`},
		{"strict", func(p *Policy) { p.Order = Strict }, []string{"a", "b"}, failing("a"), 1500 * time.Millisecond, `failing 1, status "failing", error "500", good -, bad 1s, next 2s`},
		{"rate_limit comes later than the next try", func(p *Policy) { p.RateLimit = rate(t, "6/m") }, []string{"a"}, failing("a"), 1500 * time.Millisecond,
			`failing 1, status "failing", error "500", good -, bad 0s, next 10s`},
		{"the one that failed is a dead letter", func(p *Policy) { p.RetryDuration = option.Duration(time.Second) }, []string{"a", "b"}, failing("a"), 5 * time.Second,
			`failing 0, status "failing", error "500", good 0s, bad 1s, next -`},
		{"disabled", func(p *Policy) { p.Enabled = false }, []string{"a"}, failing("a"), time.Second, `failing 0, status "", error "", good -, bad -, next -`},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, c.change, c.answer)
				r.q.add(c.sessions...)
				begun := time.Now()
				r.start()
				time.Sleep(c.until)
				synctest.Wait()
				s := r.w.Stats()
				since := func(at time.Time) string {
					if at.IsZero() {
						return "-"
					}
					return at.Sub(begun).String()
				}
				got := fmt.Sprintf("failing %d, status %q, error %q, good %s, bad %s, next %s", s.Failing, s.Status, s.LastError, since(s.LastGood), since(s.LastBad), since(s.NextTry))
				if got != c.want {
					t.Errorf("\n got %s\nwant %s", got, c.want)
				}
				r.stop()
			})
		})
	}
}

func rate(t *testing.T, text string) (r option.Rate) {
	t.Helper()
	if err := r.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestStatsMeasure: how long attempts take, and events from when they were
// accepted, waits and failed attempts included; and that the next worker of
// the name goes on counting.
func TestStatsMeasure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, until(2*time.Second, errEvent))
		r.q.add("a")
		time.Sleep(700 * time.Millisecond) // nobody serves it yet
		r.start()
		time.Sleep(4 * time.Second)
		synctest.Wait()
		r.stop()
		is := r.w.Stats()
		var latency, took bridge.Histogram
		latency.Add(2700 * time.Millisecond)
		for range 3 {
			took.Add(3)
		}
		if is.Latency != latency || is.Took != took || is.Attempts != 3 {
			t.Errorf("latency %v, want %v; took %v, want %v", is.Latency, latency, is.Took, took)
		}
		next := New(Options{Policy: r.p, Queue: r.q, Sink: r.sink, Before: is})
		if got := next.Stats(); got.Latency != latency || got.Attempts != 3 || got.Failed != 2 || got.Delivered != 1 || got.LastGood != is.LastGood || got.Begun != is.Begun || got.InFlight != 0 {
			t.Errorf("the next one begins with %+v", got)
		}
	})
}

// TestStatsCountOutcomes: an attempt counts as accepted once the receiver has
// taken it, and never before: not while it is under way, not where it fails,
// not where we break it off. No count ever falls, whatever takes over.
func TestStatsCountOutcomes(t *testing.T) {
	for _, c := range []struct {
		name                         string
		answer                       func(bridge.Event, time.Duration) error
		after                        time.Duration // it is stopped; an attempt takes 30 s
		wantBegun, wantTook, wantBad int
	}{
		{"under way, and broken off", taken, 10 * time.Second, 1, 0, 0},
		{"taken", taken, 45 * time.Second, 1, 1, 0},
		{"failed", until(time.Hour, errEvent), 30*time.Second + time.Millisecond, 1, 0, 1},
		{"failed, and the next broken off", until(time.Hour, errEvent), 40 * time.Second, 2, 0, 1},
		{"failed, and then taken", until(40*time.Second, errEvent), 90 * time.Second, 2, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, nil, c.answer)
				r.sink.took = 30 * time.Second
				r.q.add("a")
				r.start()
				var last Stats
				for range int(c.after / time.Second) {
					time.Sleep(time.Second)
					synctest.Wait()
					is := r.w.Stats()
					if is.Accepted < last.Accepted || is.Failed < last.Failed || is.Accepted != is.Delivered {
						t.Errorf("%+v follows %+v", is, last)
					}
					last = is
				}
				time.Sleep(c.after % time.Second)
				r.stop()
				is := r.w.Stats()
				next := New(Options{Policy: r.p, Queue: r.q, Sink: r.sink, Before: is}).Stats()
				for _, s := range []Stats{is, next} {
					if s.Attempts != c.wantBegun || s.Accepted != c.wantTook || s.Failed != c.wantBad {
						t.Errorf("%d begun, %d accepted, %d failed, want %d, %d, %d", s.Attempts, s.Accepted, s.Failed, c.wantBegun, c.wantTook, c.wantBad)
					}
				}
			})
		})
	}
}

// TestStatsUnreadable: that events can't be read is said, and taken back.
func TestStatsUnreadable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, nil, taken)
		r.q.readErr = errors.New("EIO")
		r.q.add("a")
		r.start()
		synctest.Wait()
		if got := r.w.Stats().Unreadable; got != "EIO" {
			t.Errorf("got %q", got)
		}
		r.q.mu.Lock()
		r.q.readErr = nil
		r.q.mu.Unlock()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if s := r.w.Stats(); s.Unreadable != "" || s.Delivered != 1 {
			t.Errorf("%+v", s)
		}
		r.stop()
	})
}
