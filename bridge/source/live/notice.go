package live

import (
	"sync"
	"time"
)

// notice keeps the log readable when senders misbehave: the first time is said
// at once, then one a minute with the number since.
type notice struct {
	mu    sync.Mutex
	last  time.Time
	since int
}

const noticeEvery = time.Minute

// count notes one more, and gives how many there are to say, if it is time to.
func (n *notice) count(more int) (times int, say bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.since += more
	now := time.Now()
	if !n.last.IsZero() && now.Sub(n.last) < noticeEvery {
		return 0, false
	}
	times = n.since
	n.last, n.since = now, 0
	return times, true
}
