package app

import (
	"context"

	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/dispatch"
)

// Pause is admin.Actions'.
func (a actions) Pause(ctx context.Context, recipient string, paused bool) (r admin.Report, err error) {
	defer a.changed()
	was := a.spool.Paused(recipient)
	if err := a.spool.Pause(ctx, recipient, paused); err != nil {
		return r, kinded(err)
	}
	if was != paused {
		r.Done = 1
	}
	r.Says, r.Outdone = pauseSays(recipient, was, paused, a.policyOf(recipient))
	return r, nil
}

// pauseSays says how a recipient is now that a person has paused or resumed it.
// was: a person had paused it before; p: what the configuration says, nil: it
// names it no longer. outdone: nothing is sent to it, though it was resumed.
func pauseSays(name string, was, paused bool, p *dispatch.Policy) (says string, outdone bool) {
	is := name + " is paused"
	if was {
		is = name + " was paused already"
	}
	switch {
	case p == nil:
		return name + " is configured no longer: nothing is sent to it, whether it is paused or not", !paused
	case !p.Enabled && paused:
		return is + "; it is disabled in the configuration, too (enabled = false): what is accepted is skipped", false
	case !p.Enabled:
		return name + " is disabled in the configuration (enabled = false): enable it there, nothing is sent to it until then", true
	case p.Paused && paused:
		return is + "; it is paused in the configuration, too (paused = true): it must be resumed there as well", false
	case p.Paused:
		return name + " is paused in the configuration (paused = true): resume it there, nothing is sent to it until then", true
	case paused:
		return is + ": what is accepted for it waits until it is resumed", false
	case was:
		return name + " is resumed: while the bridge runs, what waits for it is sent, the oldest first", false
	}
	return name + " was not paused", false
}
