package app

import (
	"fmt"

	"github.com/tailpost/tailpost/bridge/dispatch"
	"github.com/tailpost/tailpost/bridge/status"
)

// stateOf gives the state of a recipient whose worker says so: the first that
// holds, in the order of status.State, and in words.
func stateOf(r *status.Recipient, s dispatch.Stats, stuck string) (status.State, string) {
	switch {
	case !r.Removed && !r.Enabled:
		return status.Disabled, "disabled: what is accepted is skipped"
	case r.Paused:
		return status.Paused, "paused: what is accepted waits"
	case stuck != "":
		return status.Stuck, "stuck: " + stuck
	case s.Status == "misconfigured":
		return status.Misconfigured, "misconfigured: " + r.LastError
	case s.Status == "gone":
		return status.Gone, "gone: " + r.LastError
	case s.Down:
		return status.Down, "down: " + r.LastError
	case s.Status != "":
		return status.Failing, "failing: " + r.LastError
	case s.Full:
		return status.Full, fmt.Sprintf("full: it reads no further until one of its %d parked events is settled", s.Parked)
	case s.LastGood.IsZero():
		return status.Untried, "nothing was sent since the start"
	}
	return status.OK, "ok"
}
