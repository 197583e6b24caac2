package httpin

import (
	"net"
	"net/http"
	"time"

	"github.com/tailpost/tailpost/bridge/status"
)

// waits notes why it doesn't listen, and reports whether that is news.
func (c *counters) waits(why string) (news bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.why == "" {
		c.since = time.Now()
	}
	news = c.why != why
	c.why = why
	return news
}

// connection counts those that are open.
func (c *counters) connection(_ net.Conn, s http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch s {
	case http.StateNew:
		c.open++
	case http.StateClosed, http.StateHijacked:
		c.open--
	}
}

// Tell fills in how the source fares: state, text, since, and connections; what
// is refused are requests. It is safe for concurrent use.
func (s *Source) Tell(to *status.Source) {
	c := &s.counts
	c.mu.Lock()
	defer c.mu.Unlock()
	to.Open = c.open
	for _, n := range c.s.Refused {
		to.Refused += n
	}
	switch {
	case c.why != "":
		to.State, to.Text, to.Since = status.Unreadable, c.why, c.since
	case !c.begun:
		to.State = status.Starting
	default:
		to.State = status.OK
	}
}
