package live

import (
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
)

// Stats are the counters of one source since it was made. Lines and bytes
// count once they are durable.
type Stats struct {
	Lines    int64 // records handed out, torn and partial ones included
	Bytes    int64 // bytes in them, without frames and what was left out
	Cut      int64 // lines that were over max_line
	CutBytes int64 // bytes that were left out of them
	Partial  int64 // last lines of connections, without a newline
	Torn     int64 // lines whose sender, or the bridge, went away in their middle

	// Abandoned are lines that were read and not known to be durable when the
	// source ended: their senders were not told of them.
	Abandoned int64

	Open     int64 // connections there are now
	Accepted int64 // connections that were let in
	Refused  int64 // connections, or datagrams, that were not: too many, a wrong user, no handshake
	Closed   int64 // connections that we closed: unread acknowledgements, too much unfinished input
	Dropped  int64 // datagrams that the kernel had no room for

	Unfinished int64 // bytes read now of lines that have no end yet

	Listening bool   // now
	Waiting   string // why it can't listen, or let anybody in, now; empty: it can
}

// counters is a Stats that several goroutines may use.
type counters struct {
	mu    sync.Mutex
	s     Stats
	begun bool      // it has listened
	since time.Time // of Waiting
}

func (c *counters) add(f func(*Stats)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.s)
}

// tellAbandoned says at the end of a run how many lines were abandoned in it.
func (c *counters) tellAbandoned(log zerolog.Logger, before Stats) {
	if n := c.get().Abandoned - before.Abandoned; n > 0 {
		log.Warn().Int64("lines", n).Msg("lines were read and could not be made durable before the end: their senders have to repeat them")
	}
}

func (c *counters) get() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.s
}

// line counts what a record is.
func (s *Stats) line(r *bridge.Record) {
	s.Bytes += int64(len(r.Line))
	if r.Cut > 0 {
		s.Cut++
		s.CutBytes += r.Cut
	}
	switch {
	case r.Torn != "":
		s.Torn++
	case r.Partial:
		s.Partial++
	}
}

// plus adds the counters of lines.
func (s *Stats) plus(o Stats) {
	s.Lines += o.Lines
	s.Bytes += o.Bytes
	s.Cut += o.Cut
	s.CutBytes += o.CutBytes
	s.Partial += o.Partial
	s.Torn += o.Torn
	s.Dropped += o.Dropped
}
