package spool_test

import (
	"errors"
	"testing"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/spool"
)

// TestReadWaiting: what is parked, what was given out and what was not read
// yet; not what is settled above the frontier.
func TestReadWaiting(t *testing.T) {
	o := spool.Defaults()
	o.Dir = t.TempDir()
	r := open(t, o)
	q, other := r.queue("r"), r.queue("other")
	r.add("in", "a", "b", "c", "d")
	_, numbers := texts(t, q)
	_, others := texts(t, other)
	r.add("in", "e")
	if ok, err := q.Park(t.Context(), numbers[0], 7, bridge.Try{Attempts: 1}); err != nil || !ok {
		t.Fatal(ok, err)
	}
	if err := q.Settle(t.Context(), numbers[2], bridge.Delivered); err != nil {
		t.Fatal(err)
	}
	for _, n := range others {
		if err := other.Settle(t.Context(), n, bridge.Dropped); err != nil {
			t.Fatal(err)
		}
	}
	look := func(recipient string) (out string) {
		t.Helper()
		err := spool.ReadWaiting(o.Dir, recipient, func(_ uint64, e []byte) error { out += string(e) + " "; return nil })
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	equal(t, "waiting for r", look("r"), "a b d e ")
	equal(t, "waiting for the other", look("other"), "e ")
	r.mustEnd()
	equal(t, "waiting for r, stopped", look("r"), "a b d e ")
	err := spool.ReadWaiting(o.Dir, "nobody", func(uint64, []byte) error { return nil })
	if !errors.Is(err, spool.ErrNoRecipient) {
		t.Errorf("error %v", err)
	}
}
