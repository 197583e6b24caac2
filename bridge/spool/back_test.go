package spool_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/tailpost/tailpost/bridge/spool"
)

// TestReadBack: the newest segment first; as many of them as are wanted, and
// nothing that is not below a number.
func TestReadBack(t *testing.T) {
	o := spool.Defaults()
	o.Dir = t.TempDir()
	var last uint64
	for i := range 3 { // each start begins a segment
		r := open(t, o)
		q := r.queue("r")
		r.add("in", fmt.Sprintf("a%d", i), fmt.Sprintf("b%d", i))
		_, numbers := texts(t, q)
		last = numbers[len(numbers)-1]
		r.mustEnd()
	}
	r := open(t, o) // beside a bridge that runs
	defer r.mustEnd()
	stop := errors.New("enough")
	for _, c := range []struct {
		name     string
		before   uint64
		segments int // after so many it is done
		stop     string
		want     string
	}{
		{name: "all", segments: 100, want: "a2 b2 a1 b1 a0 b0 "},
		{name: "before the last", before: last, segments: 100, want: "a2 a1 b1 a0 b0 "},
		{name: "before its segment", before: last - 1, segments: 100, want: "a1 b1 a0 b0 "},
		{name: "one segment", before: last + 1, segments: 1, want: "a2 b2 "},
		{name: "stopped", segments: 100, stop: "b1", want: "a2 b2 a1 b1 "},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, segments := "", 0
			err := spool.ReadBack(o.Dir, c.before, func(uint64) bool { segments++; return segments > c.segments }, func(_ uint64, e []byte) error {
				got += string(e) + " "
				if string(e) == c.stop {
					return stop
				}
				return nil
			})
			if c.stop != "" && !errors.Is(err, stop) || c.stop == "" && err != nil {
				t.Errorf("error %v", err)
			}
			equal(t, "events", got, c.want)
		})
	}
	if err := spool.ReadBack(t.TempDir(), 0, nil, nil); err == nil {
		t.Error("a directory that is no state directory is read")
	}
}
