package app

import (
	"context"
	"errors"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/dispatch"
	"github.com/tailpost/tailpost/bridge/spool"
)

// removed is what becomes of recipients that were taken out of the
// configuration: what waits for them is kept for their retry_duration, counted
// while the bridge runs, in case the name comes back. Then it becomes dead
// letters, and the name is forgotten: else it would hold its segments for ever.
type removed struct {
	a    *app
	look chan struct{} // has a value when one was taken out just now
	said string        // what failed last
}

const (
	ageMost  = time.Minute // between two looks
	ageLeast = time.Second
)

// Look begins the clock of one that was taken out just now.
func (r *removed) Look() {
	select {
	case r.look <- struct{}{}:
	default:
	}
}

// Run counts until ctx ends.
func (r *removed) Run(ctx context.Context) error {
	last := time.Now()
	for {
		now := time.Now()
		r.complain(r.a.spool.Age(ctx, now.Sub(last)))
		last = now
		timer := time.NewTimer(r.end(ctx))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-r.look:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// end makes dead letters of what waits for those whose time is over, and says
// when to look again.
func (r *removed) end(ctx context.Context) time.Duration {
	next := ageMost
	for _, ab := range r.a.spool.Absent() {
		if ab.Keep == 0 { // an older version never said
			ab.Keep = dispatch.Defaults("").RetryDuration.D()
		}
		switch {
		case r.a.policyOf(ab.Name) != nil: // it is between two workers
		case ab.Gone < ab.Keep:
			next = min(next, ab.Keep-ab.Gone)
		default:
			r.giveUp(ctx, ab)
		}
	}
	return max(next, ageLeast)
}

func (r *removed) giveUp(ctx context.Context, ab spool.Absent) {
	n, err := r.a.spool.Forget(ctx, ab.Name, letterOf(ab.Name, "the recipient was removed, and its retry_duration is over"))
	if errors.Is(err, spool.ErrInUse) || errors.Is(err, spool.ErrNoRecipient) {
		return // it came back, or somebody was quicker
	}
	if r.complain(err); err == nil {
		r.a.o.Log.Warn().Str("recipient", ab.Name).Int("dead", n).Dur("after", ab.Keep).Msg("a removed recipient is forgotten: what waited for it is dead letters now")
	}
}

// complain says what failed, once.
func (r *removed) complain(err error) {
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	if said := err.Error(); said != r.said {
		r.said = said
		r.a.o.Log.Error().Err(err).Msg("removed recipients can't be looked after")
	}
}

// letterOf makes a dead letter of an event that waits for a recipient that is
// to be forgotten.
func letterOf(recipient, reason string) func(bridge.Item) ([]byte, error) {
	return func(it bridge.Item) ([]byte, error) {
		l, err := dispatch.Forgotten(recipient, it, time.Now())
		if err != nil {
			return nil, err
		}
		l.Reason = reason
		return l.Encode()
	}
}
