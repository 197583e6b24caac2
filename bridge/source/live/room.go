package live

import (
	"sync"
	"time"
)

const (
	// roomFree is what each connection may hold of an unfinished line without
	// being counted, in bytes.
	roomFree = 16 << 10
	// roomMost bounds what all connections of a source hold beyond that.
	roomMost = 64 << 20
)

// room bounds what connections hold of lines that have no end yet. When it is
// full the connection whose line has been without an end for longest is
// closed: an honest line is there in no time.
type room struct {
	most int

	mu   sync.Mutex
	used int
	held map[*conn]holding
}

type holding struct {
	bytes int
	since time.Time
}

func newRoom(maxLine int) *room {
	return &room{most: max(roomMost, 4*maxLine), held: map[*conn]holding{}}
}

// hold notes how much c holds, and gives the connection that must be closed,
// if there is one: its part is free already.
func (r *room) hold(c *conn, bytes int) *conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	h, ok := r.held[c]
	r.used -= h.bytes
	if bytes <= roomFree {
		delete(r.held, c)
		return nil
	}
	if !ok {
		h.since = time.Now()
	}
	h.bytes = bytes
	r.held[c] = h
	r.used += bytes
	if r.used <= r.most {
		return nil
	}
	oldest := c
	for other, h := range r.held {
		if h.since.Before(r.held[oldest].since) {
			oldest = other
		}
	}
	r.used -= r.held[oldest].bytes
	delete(r.held, oldest)
	return oldest
}
