package app

import (
	"context"

	"github.com/tailpost/tailpost/bridge/history"
)

// recall reads when each recipient last took an event, and last failed, before
// the start: once, beside all else.
func (a *app) recall(ctx context.Context) error {
	latest, err := history.ReadLatest(ctx, a.conf().StateDir)
	if err != nil {
		a.o.Log.Warn().Err(err).Msg("what was last before the start can't be read whole")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.recalled = latest
	return nil
}
