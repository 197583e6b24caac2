package tail

import (
	"sync"
	"sync/atomic"
)

// Stats are the counters of one source since it was made. Everything counts
// once it is durable: after emit has returned nil.
type Stats struct {
	Lines     int64 // records handed out
	Bytes     int64 // bytes of the files that were read past, newlines and skipped ones included
	Cut       int64 // lines that were over max_line
	CutBytes  int64 // bytes that were left out of them
	Partial   int64 // last lines of rotated files, taken without a newline
	Continued int64 // lines that went on behind such a partial one and were taken as lines of their own
	Repeated  int64 // lines that a rotation wrote back into the new file, not taken again

	Rotations       int64 // new files that took the name
	Truncations     int64 // files that began anew in place
	Discontinuities int64 // times when bytes are known, or must be feared, to be lost unread
	LostBytes       int64 // at least so many bytes in them
	Forgotten       int64 // finished files that were dropped from the state because there are too many

	Crowded int64 // times when not all files could be held open

	Waiting string // why the file can't be read now; empty: it can
}

// counters is a Stats that several goroutines may use.
type counters struct {
	mu  sync.Mutex
	s   Stats
	why map[string]string // by log: why it can't be read

	rounds atomic.Int64 // ended with nothing left to do; tests wait by it
}

// wait notes why a log can't be read; empty: it can.
func (c *counters) wait(log, why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if why == "" {
		delete(c.why, log)
	} else {
		if c.why == nil {
			c.why = map[string]string{}
		}
		c.why[log] = why
	}
	c.s.Waiting = waitingText(c.why)
}

// waits gives what was noted last.
func (c *counters) waits(log string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.why[log]
}

func (c *counters) add(f func(*Stats)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.s)
}

func (c *counters) get() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.s
}
