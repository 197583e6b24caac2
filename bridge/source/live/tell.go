package live

import (
	"time"

	"github.com/tailpost/tailpost/bridge/status"
)

// listens notes that it listens.
func (c *counters) listens() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.s.Listening, c.s.Waiting, c.begun = true, "", true
}

// waits notes why nothing can come in now.
func (c *counters) waits(why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.s.Waiting == "" {
		c.since = time.Now()
	}
	c.s.Waiting = why
}

// tell fills in how the source fares.
func (c *counters) tell(to *status.Source) {
	c.mu.Lock()
	defer c.mu.Unlock()
	to.Open, to.Refused = c.s.Open, c.s.Refused
	switch {
	case c.s.Waiting != "":
		to.State, to.Text, to.Since = status.Unreadable, c.s.Waiting, c.since
	case !c.begun:
		to.State = status.Starting
	default:
		to.State = status.OK
	}
}

// Tell fills in how the source fares: state, text, since and connections. It is
// safe for concurrent use.
func (s *Streams) Tell(to *status.Source) { s.counts.tell(to) }

// Tell is as that of Streams; what is refused are datagrams.
func (d *Datagrams) Tell(to *status.Source) { d.counts.tell(to) }
