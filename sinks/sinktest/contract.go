// Package sinktest is the contract that every sink keeps, as a test: what
// bridge.Sink promises, against another side that accepts, refuses, stalls,
// floods. A new sink passes it with one call of Run.
package sinktest

import (
	"context"
	"errors"
	"io"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// Behaviour is what the other side does with a delivery.
type Behaviour string

// The behaviours that a rig can be asked for.
const (
	Accepts        Behaviour = "accepts"
	RefusesForNow  Behaviour = "refuses for now"
	RefusesForGood Behaviour = "refuses for good"
	Stalls         Behaviour = "stalls"          // takes the delivery's beginning and never answers
	Floods         Behaviour = "answers 100 MiB" // at least, if we let it
)

// Rig is the other side of one kind of sink.
type Rig struct {
	// Start makes the other side behave so, and a sink for it whose attempts
	// take no longer than timeout. It cleans up after itself by t.Cleanup.
	Start func(t *testing.T, b Behaviour, timeout time.Duration) Setup
	// Never says, in words, why this other side can't behave so.
	Never map[Behaviour]string
	// NeverPermanent says, in words, why a refusal for good is tried again.
	NeverPermanent string
	// Hostile checks what became of HostileEvent on the other side.
	Hostile func(t *testing.T, got Taken, sent bridge.Event)
}

// Setup is a sink and a view of its other side.
type Setup struct {
	Sink bridge.Sink
	// Taken gives what the other side has taken so far, in order.
	Taken func() []Taken
	// Begun is closed when a delivery has reached the other side; only for
	// Stalls.
	Begun <-chan struct{}
}

// Taken is a delivery on the other side.
type Taken struct {
	ID   string // the event's id, as the receiver would find it
	Body string // as it came
	Got  any    // what else the rig's Hostile wants to look at
}

const (
	shortTimeout = 400 * time.Millisecond
	longTimeout  = time.Minute
	// slack is how much longer than it should a delivery may take under the
	// race detector on a busy machine.
	slack = 5 * time.Second
)

// Run holds a sink against the contract.
func Run(t *testing.T, rig Rig) {
	t.Run("accepts", func(t *testing.T) { testAccepts(t, rig) })
	t.Run("several at once", func(t *testing.T) { testSeveral(t, rig) })
	t.Run("the same delivery twice has one id", func(t *testing.T) { testTwice(t, rig) })
	t.Run("hostile values", func(t *testing.T) { testHostile(t, rig) })
	t.Run("refuses for now", func(t *testing.T) { testRefuses(t, rig, RefusesForNow, false) })
	t.Run("refuses for good", func(t *testing.T) {
		if rig.NeverPermanent != "" {
			t.Logf("a refusal for good is tried again: %s", rig.NeverPermanent)
		}
		testRefuses(t, rig, RefusesForGood, rig.NeverPermanent == "")
	})
	t.Run("stalls past the deadline", func(t *testing.T) { testStalls(t, rig) })
	t.Run("cancelled in flight", func(t *testing.T) { testCancelled(t, rig) })
	t.Run("cancelled before", func(t *testing.T) { testCancelledBefore(t, rig) })
	t.Run("answers 100 MiB", func(t *testing.T) { testFloods(t, rig) })
}

// start asks the rig for a behaviour. A rig that can't have it says why, which
// is written down; saying neither fails.
func start(t *testing.T, rig Rig, b Behaviour, timeout time.Duration) (Setup, bool) {
	t.Helper()
	if why, never := rig.Never[b]; never {
		if len(why) < 10 {
			t.Fatalf("%q is left out without a reason in words", b)
		}
		t.Logf("never %s: %s", b, why)
		return Setup{}, false
	}
	s := rig.Start(t, b, timeout)
	t.Cleanup(func() {
		if c, ok := s.Sink.(io.Closer); ok {
			if err := c.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		}
	})
	return s, true
}

func testAccepts(t *testing.T, rig Rig) {
	s, ok := start(t, rig, Accepts, longTimeout)
	if !ok {
		t.Fatal("a sink that nobody can accept from")
	}
	e := PlainEvent(1)
	rec, err := s.Sink.Deliver(t.Context(), bridge.Delivery{Events: []bridge.Event{e}, Attempt: 1})
	if err != nil {
		t.Fatalf("Deliver: %v", err)
	}
	if rec.Peer == "" || rec.Answer == "" || rec.Took <= 0 {
		t.Errorf("receipt %+v lacks the peer, its answer or the time", rec)
	}
	if got := ids(s.Taken()); !slices.Equal(got, []string{e.ID.String()}) {
		t.Errorf("taken %v, want %v", got, e.ID)
	}
}

func testSeveral(t *testing.T, rig Rig) {
	const n = 16
	s, _ := start(t, rig, Accepts, longTimeout)
	var want []string
	var wg sync.WaitGroup
	for i := range n {
		e := PlainEvent(byte(i + 1))
		want = append(want, e.ID.String())
		wg.Go(func() {
			if _, err := s.Sink.Deliver(t.Context(), bridge.Delivery{Events: []bridge.Event{e}, Attempt: 1}); err != nil {
				t.Errorf("Deliver %s: %v", e.ID, err)
			}
		})
	}
	wg.Wait()
	got := ids(s.Taken())
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("taken %v, want %v", got, want)
	}
}

func testTwice(t *testing.T, rig Rig) {
	s, _ := start(t, rig, Accepts, longTimeout)
	e := PlainEvent(7)
	for attempt := 1; attempt <= 2; attempt++ {
		if _, err := s.Sink.Deliver(t.Context(), bridge.Delivery{Events: []bridge.Event{e}, Attempt: attempt}); err != nil {
			t.Fatalf("attempt %d: %v", attempt, err)
		}
	}
	if got, id := ids(s.Taken()), e.ID.String(); !slices.Equal(got, []string{id, id}) {
		t.Errorf("taken %v, want %s twice", got, id)
	}
}

func testHostile(t *testing.T, rig Rig) {
	s, _ := start(t, rig, Accepts, longTimeout)
	e := HostileEvent()
	if _, err := s.Sink.Deliver(t.Context(), bridge.Delivery{Events: []bridge.Event{e}, Attempt: 1}); err != nil {
		t.Fatalf("Deliver: %v", err)
	}
	// What comes behind must arrive as itself: nothing of the first spilled.
	after := PlainEvent(9)
	if _, err := s.Sink.Deliver(t.Context(), bridge.Delivery{Events: []bridge.Event{after}, Attempt: 1}); err != nil {
		t.Fatalf("Deliver the one behind: %v", err)
	}
	taken := s.Taken()
	if got := ids(taken); !slices.Equal(got, []string{e.ID.String(), after.ID.String()}) {
		t.Fatalf("taken %v, want %s and %s", got, e.ID, after.ID)
	}
	rig.Hostile(t, taken[0], e)
}

func testRefuses(t *testing.T, rig Rig, b Behaviour, wantPermanent bool) {
	s, ok := start(t, rig, b, longTimeout)
	if !ok {
		return
	}
	_, err := s.Sink.Deliver(t.Context(), bridge.Delivery{Events: []bridge.Event{PlainEvent(1)}, Attempt: 1})
	de := deliveryError(t, err)
	if de.Permanent != wantPermanent {
		t.Errorf("permanent = %v, want %v: %v", de.Permanent, wantPermanent, err)
	}
	if got := s.Taken(); len(got) > 0 {
		t.Errorf("refused and yet taken: %v", ids(got))
	}
}

func testStalls(t *testing.T, rig Rig) {
	s, ok := start(t, rig, Stalls, shortTimeout)
	if !ok {
		return
	}
	began := time.Now()
	_, err := s.Sink.Deliver(t.Context(), bridge.Delivery{Events: []bridge.Event{PlainEvent(1)}, Attempt: 1})
	if took := time.Since(began); took > shortTimeout+slack {
		t.Errorf("came back after %s with a timeout of %s", took, shortTimeout)
	}
	deliveryError(t, err)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the error does not say that time ran out: %v", err)
	}
}

func testCancelled(t *testing.T, rig Rig) {
	s, ok := start(t, rig, Stalls, longTimeout)
	if !ok {
		return
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	failed := make(chan error, 1)
	go func() {
		_, err := s.Sink.Deliver(ctx, bridge.Delivery{Events: []bridge.Event{PlainEvent(1)}, Attempt: 1})
		failed <- err
	}()
	select {
	case <-s.Begun:
	case <-time.After(slack):
		t.Fatal("the delivery never reached the other side")
	}
	cancel()
	select {
	case err := <-failed:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the error does not say that it was cancelled: %v", err)
		}
		if de := deliveryError(t, err); de.Down || de.Permanent {
			t.Errorf("our own end is taken for the recipient's or for good: %+v", de)
		}
	case <-time.After(slack):
		t.Fatal("Deliver goes on after its context ended")
	}
}

func testCancelledBefore(t *testing.T, rig Rig) {
	s, _ := start(t, rig, Accepts, longTimeout)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Sink.Deliver(ctx, bridge.Delivery{Events: []bridge.Event{PlainEvent(1)}, Attempt: 1})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want context.Canceled", err)
	}
	if de := deliveryError(t, err); de.Down || de.Permanent {
		t.Errorf("our own end is taken for the recipient's or for good: %+v", de)
	}
}

// testFloods asks for bounded time and memory; whether the delivery counts as
// taken depends on where the flood begins.
func testFloods(t *testing.T, rig Rig) {
	const (
		allocMax  = 32 << 20
		answerMax = 4 << 10
	)
	s, ok := start(t, rig, Floods, longTimeout)
	if !ok {
		return
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	rec, err := s.Sink.Deliver(t.Context(), bridge.Delivery{Events: []bridge.Event{PlainEvent(1)}, Attempt: 1})
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	if took > slack {
		t.Errorf("held up for %s", took)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > allocMax {
		t.Errorf("%d bytes allocated", n)
	}
	if len(rec.Answer) > answerMax || err != nil && len(err.Error()) > answerMax {
		t.Errorf("the flood stands in the receipt or the error")
	}
}

func deliveryError(t *testing.T, err error) *bridge.DeliveryError {
	t.Helper()
	var de *bridge.DeliveryError
	if !errors.As(err, &de) {
		t.Fatalf("err = %v (%T), want a *bridge.DeliveryError", err, err)
	}
	if de.Err == nil {
		t.Fatal("a delivery error without a cause")
	}
	return de
}

func ids(taken []Taken) []string {
	var out []string
	for _, t := range taken {
		out = append(out, t.ID)
	}
	return out
}
