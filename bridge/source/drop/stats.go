package drop

import "sync"

// Stats are the counters of one source since it was made. Everything counts
// once it is durable: after emit has returned nil.
type Stats struct {
	Files    int64 // read to their end
	Lines    int64 // records handed out
	Bytes    int64 // plain bytes that were read past, newlines and left out ones included
	Cut      int64 // lines that were over max_line
	CutBytes int64 // bytes that were left out of them
	Partial  int64 // last lines without a newline

	Discontinuities int64 // files that were gone, replaced or damaged before their end
	LostBytes       int64 // at least so many bytes in them

	Known   int    // files in work, or not yet out of the way
	Kept    int    // files that are remembered as read
	Waiting string // why files can't be read now; empty: they can
}

func (s *Stats) add(d Stats) {
	s.Files += d.Files
	s.Lines += d.Lines
	s.Bytes += d.Bytes
	s.Cut += d.Cut
	s.CutBytes += d.CutBytes
	s.Partial += d.Partial
	s.Discontinuities += d.Discontinuities
	s.LostBytes += d.LostBytes
}

// counters is a Stats, and what else people are told, that several goroutines
// may use.
type counters struct {
	mu sync.Mutex
	s  Stats
	fares
}

func (c *counters) update(f func(*Stats)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.s)
}

func (c *counters) get() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.s
}
