//go:build torture

package torture

import (
	"context"
	"sync"
)

// pace says how many lines a log may have by now: what spreads its lines over
// the whole test.
type pace struct {
	total int

	mu      sync.Mutex
	allowed int
	taken   int
	more    chan struct{}
}

func newPace(total int) *pace { return &pace{total: total, more: make(chan struct{})} }

// allow adds to what may be written.
func (p *pace) allow(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.allowed = min(p.total, p.allowed+n)
	close(p.more)
	p.more = make(chan struct{})
}

// take waits until lines may be written and gives how many, most at most.
// There is nothing more to take when all were taken, or ctx has ended.
func (p *pace) take(ctx context.Context, most int) (n int, ok bool) {
	for {
		n, more := p.some(most)
		if n > 0 || p.ended() {
			return n, n > 0
		}
		select {
		case <-more:
		case <-ctx.Done():
			return 0, false
		}
	}
}

// some takes without waiting what may be written, most at most. More may be
// when the channel closes.
func (p *pace) some(most int) (n int, more <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n = min(most, p.allowed-p.taken)
	p.taken += n
	return n, p.more
}

// ended reports whether everything was taken.
func (p *pace) ended() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken == p.total
}
