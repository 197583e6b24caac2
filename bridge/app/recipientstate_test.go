package app

import (
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge/dispatch"
	"github.com/tailpost/tailpost/bridge/status"
)

// TestStateOf: the first state that holds, and its words.
func TestStateOf(t *testing.T) {
	good := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	for _, c := range []struct {
		name  string
		is    status.Recipient
		said  dispatch.Stats
		stuck string
		want  status.State
		words string
	}{
		{"nothing was sent", status.Recipient{Enabled: true}, dispatch.Stats{}, "", status.Untried, "nothing was sent since the start"},
		{"nothing was sent, but before the start", status.Recipient{Enabled: true, LastSuccess: good}, dispatch.Stats{}, "", status.Untried, "nothing was sent since the start; before, it took the last event at 2026-01-02T03:04:05Z"},
		{"all is well", status.Recipient{Enabled: true}, dispatch.Stats{LastGood: good}, "", status.OK, "it took the last event at 2026-01-02T03:04:05Z"},
		{"one fails, the others are taken", status.Recipient{Enabled: true, LastError: "500"}, dispatch.Stats{LastGood: good, Status: "failing", Failing: 1}, "", status.Failing, "1 event is failing: 500"},
		{"they failed before the start", status.Recipient{Enabled: true}, dispatch.Stats{Failing: 2}, "", status.Failing, "2 events are failing"},
		{"what failed is a dead letter", status.Recipient{Enabled: true, LastError: "422"}, dispatch.Stats{Status: "failing"}, "", status.Failing, "the last attempt failed: 422"},
		{"down", status.Recipient{Enabled: true, LastError: "refused"}, dispatch.Stats{Status: "failing", Down: true, Failing: 8}, "", status.Down, "down: refused"},
		{"down, since the login is refused", status.Recipient{Enabled: true, LastError: "401"}, dispatch.Stats{Status: "misconfigured", Down: true, Failing: 1}, "", status.Misconfigured, "misconfigured, it refuses us: 401"},
		{"gone", status.Recipient{Enabled: true, LastError: "410"}, dispatch.Stats{Status: "gone", Down: true, Failing: 1}, "", status.Gone, "gone: 410"},
		{"full", status.Recipient{Enabled: true}, dispatch.Stats{Full: true, Parked: 9, LastGood: good}, "", status.Full, "full: 9 events are parked, and it reads no further until one is settled"},
		{"full, and some fail", status.Recipient{Enabled: true, LastError: "500"}, dispatch.Stats{Full: true, Failing: 3, Status: "failing"}, "", status.Failing, "3 events are failing: 500"},
		{"stuck", status.Recipient{Enabled: true, LastError: "401"}, dispatch.Stats{Status: "misconfigured", Down: true}, "the journal: EIO", status.Stuck, "stuck: the journal: EIO"},
		{"unreadable", status.Recipient{Enabled: true}, dispatch.Stats{Unreadable: "EIO", LastGood: good}, "", status.Stuck, "stuck: its events can't be read back: EIO"},
		{"paused", status.Recipient{Enabled: true, Paused: true, By: "a person"}, dispatch.Stats{Status: "gone"}, "EIO", status.Paused, "paused by a person: what is accepted waits"},
		{"disabled", status.Recipient{Paused: true, By: "a person"}, dispatch.Stats{Status: "gone"}, "EIO", status.Disabled, "disabled: what is accepted is skipped"},
		{"removed just now", status.Recipient{Removed: true}, dispatch.Stats{Down: true}, "EIO", status.Removed, removedText},
		{"removed, and paused before", status.Recipient{Removed: true, Paused: true, By: "a person"}, dispatch.Stats{}, "", status.Removed, removedText},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, words := stateOf(&c.is, c.said, c.stuck); got != c.want || words != c.words {
				t.Errorf("got %s: %s\nwant %s: %s", got, words, c.want, c.words)
			}
		})
	}
}

func TestPausedBy(t *testing.T) {
	for _, c := range []struct {
		person, configuration bool
		want                  string
	}{{false, false, ""}, {true, false, "a person"}, {false, true, "the configuration"}, {true, true, "a person, and the configuration"}} {
		if got := pausedBy(c.person, c.configuration); got != c.want {
			t.Errorf("%v, %v: %q, want %q", c.person, c.configuration, got, c.want)
		}
	}
}
