package app

import (
	"fmt"
	"time"

	"github.com/tailpost/tailpost/bridge/dispatch"
	"github.com/tailpost/tailpost/bridge/status"
)

// stateOf gives the state of a recipient whose worker says so, in words, too:
// the first that holds, in the order of status.State. stuck says why its
// outcomes can't be recorded.
func stateOf(r *status.Recipient, s dispatch.Stats, stuck string) (status.State, string) {
	if stuck == "" && s.Unreadable != "" {
		stuck = "its events can't be read back: " + oneLine(s.Unreadable)
	}
	because := ""
	if r.LastError != "" {
		because = ": " + r.LastError
	}
	switch {
	case r.Removed:
		return status.Removed, removedText
	case !r.Enabled:
		return status.Disabled, "disabled: what is accepted is skipped"
	case r.Paused:
		return status.Paused, "paused by " + r.By + ": what is accepted waits"
	case stuck != "":
		return status.Stuck, "stuck: " + stuck
	case s.Status == "misconfigured":
		return status.Misconfigured, "misconfigured, it refuses us" + because
	case s.Status == "gone":
		return status.Gone, "gone" + because
	case s.Down:
		return status.Down, "down" + because
	case s.Failing > 0:
		return status.Failing, fmt.Sprintf("%s failing%s", events(s.Failing), because)
	case s.Status != "":
		return status.Failing, "the last attempt failed" + because
	case s.Full:
		return status.Full, fmt.Sprintf("full: %d events are parked, and it reads no further until one is settled", s.Parked)
	case s.LastGood.IsZero() && !r.LastSuccess.IsZero():
		return status.Untried, "nothing was sent since the start; before, it took the last event at " + stamp(r.LastSuccess.Truncate(time.Second))
	case s.LastGood.IsZero():
		return status.Untried, "nothing was sent since the start"
	}
	return status.OK, "it took the last event at " + stamp(s.LastGood.Truncate(time.Second))
}

// removedText says what becomes of a recipient that is configured no longer.
const removedText = "removed from the configuration: its events wait for its retry_duration, in case the name comes back"

// events counts events that do something.
func events(n int) string {
	if n == 1 {
		return "1 event is"
	}
	return fmt.Sprintf("%d events are", n)
}
