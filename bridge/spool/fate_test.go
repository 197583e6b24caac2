package spool_test

import (
	"fmt"
	"testing"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/spool"
)

func TestReadFates(t *testing.T) {
	o := spool.Defaults()
	o.Dir = t.TempDir()
	r := open(t, o)
	q := r.queue("r")
	r.add("in", "a", "b", "c", "d", "e")
	_, numbers := texts(t, q)
	r.queue("late")
	r.add("in", "f")
	numbers = append(numbers, numbers[4]+1)
	if ok, err := q.Park(t.Context(), numbers[0], 7, bridge.Try{Attempts: 3}); err != nil || !ok {
		t.Fatal(ok, err)
	}
	if ok, err := q.Park(t.Context(), numbers[1], 7, bridge.Try{}); err != nil || !ok {
		t.Fatal(ok, err)
	}
	settle(t, q, numbers[2])
	if err := q.Fail(t.Context(), numbers[3], bridge.Try{Attempts: 2}); err != nil {
		t.Fatal(err)
	}
	if err := r.Pause(t.Context(), "late", true); err != nil {
		t.Fatal(err)
	}
	look := func() (out string) {
		t.Helper()
		fates, err := spool.ReadFates(o.Dir, numbers)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fates {
			tries := 0
			if f.Try != nil {
				tries = f.Try.Attempts
			}
			out += fmt.Sprintf("%d %s %s %d %v; ", f.Number-numbers[0], f.Recipient, f.Stand, tries, f.Paused)
		}
		return out
	}
	want := "0 late before 0 true; 0 r parked 3 false; 1 late before 0 true; 1 r parked 0 false; 2 late before 0 true; 2 r ended 0 false; " +
		"3 late before 0 true; 3 r waiting 2 false; 4 late before 0 true; 4 r waiting 0 false; 5 late waiting 0 true; 5 r waiting 0 false; "
	equal(t, "while it runs", look(), want)
	r.mustEnd()
	equal(t, "stopped", look(), want)
}
