package httpin

import (
	"maps"
	"sync"
	"time"
)

// Stats are the counters of one source since it was made.
type Stats struct {
	Lines int64 // bodies that are durable
	Bytes int64 // in them

	// Refused counts the requests that were not taken, by the status that they
	// got; 503 are those whose sender has to come again.
	Refused map[int]int64

	Waiting   int    // bodies that are read and not yet in a batch
	Held      int64  // bytes of memory that bodies take up now
	Listening string // the address, while there is a listener
}

// counters is a Stats that several goroutines may use, and the memory of what
// was logged.
type counters struct {
	mu   sync.Mutex
	s    Stats
	said map[int]time.Time // when a refusal of that status was logged last

	begun bool      // it has listened
	why   string    // it doesn't listen; empty: it does
	since time.Time // of why
	open  int64     // connections
}

// sayEvery is how often refusals with one status are logged.
const sayEvery = time.Minute

func (c *counters) took(lines, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.s.Lines += lines
	c.s.Bytes += bytes
}

// refused counts, and reports whether it is worth a line of the log.
func (c *counters) refused(status int, now time.Time) (total int64, say bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.s.Refused == nil {
		c.s.Refused, c.said = map[int]int64{}, map[int]time.Time{}
	}
	c.s.Refused[status]++
	last, before := c.said[status]
	if say = !before || now.Sub(last) >= sayEvery; say {
		c.said[status] = now
	}
	return c.s.Refused[status], say
}

func (c *counters) listening(addr string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.s.Listening = addr
	if addr != "" {
		c.begun, c.why = true, ""
	}
}

func (c *counters) get() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.s
	s.Refused = maps.Clone(c.s.Refused)
	return s
}
