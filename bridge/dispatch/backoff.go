package dispatch

import (
	"math/rand/v2"
	"time"
)

// wait is how long an event waits after its nth failed attempt: the interval,
// or with exponential backoff a random time between the interval and a limit
// that doubles with each attempt up to max_retry_interval.
func (p *Policy) wait(attempts int) time.Duration {
	least := p.RetryInterval.D()
	if p.RetryBackoff != Exponential {
		return least
	}
	limit := least
	for i := 1; i < attempts && limit < p.MaxRetryInterval.D(); i++ {
		limit *= 2
	}
	limit = min(limit, p.MaxRetryInterval.D())
	if limit <= least {
		return least
	}
	return least + rand.N(limit-least+1)
}

// longest is the longest wait that the policy can give.
func (p *Policy) longest() time.Duration {
	if p.RetryBackoff == Exponential {
		return max(p.RetryInterval, p.MaxRetryInterval).D()
	}
	return p.RetryInterval.D()
}
