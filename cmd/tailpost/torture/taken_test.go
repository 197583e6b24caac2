//go:build torture

package torture

import (
	"context"
	"time"
)

// awaitTaken returns when it has taken all of these, ctx ends, or nothing more
// has come for a while: then it gives how many are missing.
func (v *receiver) awaitTaken(ctx context.Context, ms []*message) int {
	quiet := time.NewTimer(patience)
	defer quiet.Stop()
	for from := 0; ; {
		_, _, more := v.board.counts()
		missing := v.missing(ms)
		if missing == 0 {
			return 0
		}
		if missing != from {
			quiet.Reset(patience)
		}
		from = missing
		select {
		case <-more:
			select { // many come at once
			case <-time.After(300 * time.Millisecond):
			case <-ctx.Done():
			}
		case <-quiet.C:
			return missing
		case <-ctx.Done():
			return missing
		}
	}
}

// patience is how long nothing may come while something is due.
const patience = 30 * time.Second

func (v *receiver) missing(ms []*message) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.board.missing(ms, v.has)
}
