package app

import (
	"context"
	"fmt"
	"sync"
)

// group is a set of goroutines that end together.
type group struct {
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	failed chan<- error
}

func newGroup(ctx context.Context, failed chan<- error) *group {
	g := &group{failed: failed}
	g.ctx, g.cancel = context.WithCancel(ctx)
	return g
}

func (g *group) run(what string, f func(context.Context) error) {
	g.wg.Go(func() {
		if err := f(g.ctx); err != nil {
			select {
			case g.failed <- fmt.Errorf("%s: %w", what, err):
			default: // the first one counts
			}
		}
	})
}

func (g *group) stop() {
	g.cancel()
	g.wg.Wait()
}
