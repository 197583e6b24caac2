package smtpsink_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/sinks/sinktest"
	"github.com/tailpost/tailpost/sinks/smtpsink"
)

// delivers sends n mails, one after the other.
func delivers(t *testing.T, sink *smtpsink.Sink, n int) {
	t.Helper()
	for range n {
		if _, de := (misbehaviour{}).attempt(t, sink, nil); de != nil {
			t.Fatal(de)
		}
	}
}

func wantConnections(t *testing.T, s *misbehaving, want int) {
	t.Helper()
	if opened, _ := s.connections(); opened != want {
		t.Errorf("%d connections, want %d", opened, want)
	}
}

func TestConnectionIsKept(t *testing.T) {
	s := newMisbehaving(t, nil)
	synctest.Test(t, func(t *testing.T) {
		sink := newSinkTo(t, s.relay())
		delivers(t, sink, 3)
		wantConnections(t, s, 1)
		if n := strings.Count(s.commands(), "RSET"); n != 2 {
			t.Errorf("%d RSET, want one before each mail but the first", n)
		}
		time.Sleep(9 * time.Second)
		delivers(t, sink, 1)
		wantConnections(t, s, 1)
		time.Sleep(11 * time.Second)
		if said := s.commands(); !strings.HasSuffix(said, "QUIT") {
			t.Errorf("idle for 11 s, and the last word is not QUIT:\n%s", said)
		}
		delivers(t, sink, 1)
		wantConnections(t, s, 2)
	})
}

func TestMailsOfAConnection(t *testing.T) {
	s := newMisbehaving(t, nil)
	synctest.Test(t, func(t *testing.T) {
		delivers(t, newSinkTo(t, s.relay()), 101)
		wantConnections(t, s, 2)
	})
}

// What goes wrong with a connection that was kept, before it has taken the
// sender of the next mail, is no failure: there is a new one.
func TestStaleConnection(t *testing.T) {
	for _, c := range []struct {
		step, how string
		wantTook  time.Duration
	}{
		{step: "RSET", how: closes},
		{step: "RSET", how: "421 idle for too long"},
		{step: "RSET", how: "502 what"},
		{step: "RSET", how: stalls, wantTook: 5 * time.Second},
		{step: "RSET", how: garbage},
		{step: "RSET", how: toomuch},
		{step: "MAIL again", how: closes},
		{step: "MAIL again", how: "421 enough"},
		{step: "MAIL again", how: "452 too many mails"},
		{step: "MAIL again", how: garbage},
	} {
		t.Run(c.step+" "+strings.ToValidUTF8(c.how, "?"), func(t *testing.T) {
			s := newMisbehaving(t, map[string]string{c.step: c.how})
			synctest.Test(t, func(t *testing.T) {
				sink := newSinkTo(t, s.relay())
				start := time.Now()
				delivers(t, sink, 2)
				if took := time.Since(start); took != c.wantTook {
					t.Errorf("took %s, want %s", took, c.wantTook)
				}
				wantConnections(t, s, 2)
				if n := len(s.all()); n != 2 {
					t.Errorf("%d mails, want 2", n)
				}
			})
		})
	}
}

// From the sender on, a failure on a kept connection is one like any other.
func TestKeptConnectionFailsLater(t *testing.T) {
	s := newMisbehaving(t, nil)
	synctest.Test(t, func(t *testing.T) {
		sink := newSinkTo(t, s.relay())
		delivers(t, sink, 1)
		s.behave(map[string]string{"DATA": closes})
		if _, de := (misbehaviour{}).attempt(t, sink, nil); de == nil || de.Scope != event {
			t.Errorf("%v", de)
		}
		wantConnections(t, s, 1)
	})
}

// A refusal leaves the connection as good as it was; the next mail begins with
// nothing of the refused one.
func TestConnectionAfterRefusal(t *testing.T) {
	for _, step := range []string{"RCPT", "DATA", "end"} {
		t.Run(step, func(t *testing.T) {
			s := newMisbehaving(t, map[string]string{step: "550 no"})
			synctest.Test(t, func(t *testing.T) {
				sink := newSinkTo(t, s.relay())
				if _, de := (misbehaviour{}).attempt(t, sink, nil); de == nil {
					t.Fatal("delivered")
				}
				s.behave(nil)
				delivers(t, sink, 1)
				wantConnections(t, s, 1)
				if said := s.commands(); !strings.Contains(said, "RSET\nMAIL") {
					t.Errorf("no RSET before the next mail:\n%s", said)
				}
			})
		})
	}
}

func TestNoMoreConnectionsThanTurns(t *testing.T) {
	s := newMisbehaving(t, nil)
	synctest.Test(t, func(t *testing.T) {
		sink := newSinkTo(t, s.relay())
		var wg sync.WaitGroup
		for range 40 {
			wg.Go(func() { delivers(t, sink, 1) })
		}
		wg.Wait()
		if _, most := s.connections(); most > 3 || len(s.all()) != 40 {
			t.Errorf("%d connections at once, %d mails", most, len(s.all()))
		}
	})
}

// Who waits for a turn doesn't wait for ever, and goes when he is told to.
func TestWaitForATurn(t *testing.T) {
	s := newMisbehaving(t, map[string]string{"greeting": stalls})
	synctest.Test(t, func(t *testing.T) {
		o := s.relay()
		o.Step, o.Timeout = time.Hour, time.Hour
		sink := newSinkTo(t, o)
		ctx, cancel := context.WithCancel(t.Context())
		deliver := func(ctx context.Context) error {
			_, err := sink.Deliver(ctx, bridge.Delivery{Events: []bridge.Event{sinktest.PlainEvent(1)}})
			return err
		}
		errs := make(chan error, 4)
		for range 4 { // three have a turn
			go func() { errs <- deliver(ctx) }()
		}
		time.Sleep(time.Second)
		cancel()
		for range 4 {
			var de *bridge.DeliveryError
			if err := <-errs; !errors.Is(err, context.Canceled) || !errors.As(err, &de) || de.Down || de.Scope != recipient {
				t.Errorf("%v: %+v", err, de)
			}
		}
		if st := sink.Status(); st.Text != "not tried" {
			t.Errorf("that we gave up says nothing, status %+v", st)
		}
	})
}

// A server that takes its time with each mail leaves those at the end of the
// row without a turn: nothing was tried, so nothing is shown about it.
func TestNoTurn(t *testing.T) {
	s := newMisbehaving(t, map[string]string{"greeting": stalls})
	synctest.Test(t, func(t *testing.T) {
		o := s.relay()
		o.Step, o.Timeout = time.Hour, time.Minute
		sink := newSinkTo(t, o)
		var mu sync.Mutex
		without := 0
		var wg sync.WaitGroup
		for range 30 { // three a minute, and five minutes to wait
			wg.Go(func() {
				_, de := misbehaviour{}.attempt(t, sink, nil)
				if de == nil || de.Scope != recipient || !errors.Is(de, context.DeadlineExceeded) {
					t.Errorf("%+v", de)
					return
				}
				if strings.Contains(de.Error(), "no turn within 5m0s") != !de.Down {
					t.Errorf("down %v: %v", de.Down, de)
				}
				mu.Lock()
				defer mu.Unlock()
				if !de.Down {
					without++
				}
			})
		}
		wg.Wait()
		if without < 12 || without > 15 {
			t.Errorf("%d without a turn, want 30 but for three a minute", without)
		}
	})
}

// A relay that is closed keeps nothing, and mails under way are not disturbed.
func TestCloseOfTheRelay(t *testing.T) {
	s := newMisbehaving(t, nil)
	synctest.Test(t, func(t *testing.T) {
		relay := newRelay(t, s.relay())
		send := func() {
			if _, err := relay.Send(t.Context(), smtpsink.Mail{To: []string{"a@example.com"}, Subject: "s", Text: "t"}); err != nil {
				t.Error(err)
			}
		}
		send()
		if err := relay.Close(); err != nil {
			t.Error(err)
		}
		if said := s.commands(); !strings.HasSuffix(said, "QUIT") {
			t.Errorf("no QUIT:\n%s", said)
		}
		send()
		send()
		wantConnections(t, s, 3)
		if n := strings.Count(s.commands(), "QUIT"); n != 3 {
			t.Errorf("%d QUIT, want 3", n)
		}
		if st := relay.Status(); !st.OK {
			t.Errorf("status %+v", st)
		}
	})
}
