package status

import (
	"testing"
	"time"
)

func TestAiling(t *testing.T) {
	recipients := func(states ...State) (s Snapshot) {
		s.Ready = true
		for _, is := range states {
			s.Recipients = append(s.Recipients, Recipient{State: is})
		}
		return s
	}
	source := func(s Source) Snapshot { return Snapshot{Ready: true, Sources: []Source{s}} }
	for _, c := range []struct {
		name string
		s    Snapshot
		want string
	}{
		{"all is well", recipients(OK, Untried, Paused, Disabled, Removed), ""},
		{"one is down", recipients(OK, Down), "1 recipient is down"},
		{"some are", recipients(Failing, Down, OK, Down), "2 recipients are down, 1 is failing"},
		{"a source waits", source(Source{State: Waiting}), "1 source is waiting"},
		{"a source reads a part", source(Source{State: Partly}), "1 source is partly unreadable"},
		{"a source had its end", source(Source{State: Ended}), ""},
		{"a source ended too early", source(Source{State: Ended, Since: time.Unix(1, 0)}), "1 source is ended"},
		{"both", Snapshot{Ready: true, Recipients: []Recipient{{State: Gone}}, Sources: []Source{{State: Blocked}}}, "1 recipient is gone, 1 source is blocked"},
		{"not ready", Snapshot{}, "not ready"},
		{"not ready, and why", Snapshot{NotReady: []string{"x waits"}}, "not ready: x waits"},
	} {
		if got := c.s.Ailing(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
