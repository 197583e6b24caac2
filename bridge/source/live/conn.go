package live

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/source/framing"
)

// Buffers of connections, in bytes: a connection that fills its small one gets
// a large one, until it is quiet again.
const (
	smallReads = 4 << 10
	largeReads = 64 << 10
	quietAfter = 16 // small reads
)

// headBytes is how many random bytes are drawn for the ids of what can't be
// read again.
const headBytes = 16

// conn is one connection. It is used by one goroutine, but for evict.
type conn struct {
	s    *Streams
	c    net.Conn
	raw  net.Conn // below c
	name string   // for people
	head []byte

	split      *framing.Splitter
	unfinished int64 // bytes taken of the line without an end
	buf        []byte
	quiet      int           // small reads in a row
	done       chan struct{} // gets one value for each piece that is durable
	tell       func()        // sends it
	evicted    atomic.Bool
}

func (s *Streams) newConn(c, raw net.Conn, name string) *conn {
	head := make([]byte, headBytes)
	_, _ = rand.Read(head) // never fails
	n := &conn{
		s: s, c: c, raw: raw, name: name, head: head,
		split: framing.New(s.o.MaxLine), buf: make([]byte, smallReads), done: make(chan struct{}, 1),
	}
	n.tell = func() { n.done <- struct{}{} }
	return n
}

// read hands on the connection's lines until it ends, or ctx does.
func (c *conn) read(ctx context.Context, f *funnel) {
	defer c.s.room.hold(c, 0)
	defer func() { c.noteUnfinished(0) }()
	for {
		n, err := c.c.Read(c.buf)
		for b := c.buf[:n]; len(b) > 0; {
			b = c.split.Take(b)
			if !c.hand(ctx, f) {
				return
			}
		}
		if err != nil {
			c.end(ctx, f, err)
			return
		}
		c.noteUnfinished(c.split.Unfinished())
		if old := c.s.room.hold(c, c.split.Held()); old != nil {
			old.evict()
		}
		c.resize(n)
	}
}

func (c *conn) noteUnfinished(n int64) {
	c.s.unfinished.Add(n - c.unfinished)
	c.unfinished = n
}

func (c *conn) resize(n int) {
	switch {
	case n == len(c.buf):
		c.quiet = 0
		if n < largeReads {
			c.buf = make([]byte, largeReads)
		}
	case n > smallReads:
		c.quiet = 0
	case len(c.buf) > smallReads:
		if c.quiet++; c.quiet == quietAfter {
			c.buf, c.quiet = make([]byte, smallReads), 0
		}
	}
}

// hand waits until the lines that have an end are durable, and acknowledges
// them. It reports whether to go on.
func (c *conn) hand(ctx context.Context, f *funnel) bool {
	recs := c.split.Records()
	if len(recs) == 0 {
		return true
	}
	if !c.put(ctx, f, recs) {
		return false
	}
	n := len(recs)
	c.split.Sent()
	return !c.s.o.Ack || c.ack(n)
}

// put returns once the records are durable. If it reports false they may
// still be in use.
func (c *conn) put(ctx context.Context, f *funnel, recs []bridge.Record) bool {
	now := time.Now()
	st := Stats{Lines: int64(len(recs))}
	for i := range recs {
		r := &recs[i]
		r.Source, r.Stream, r.Time, r.Head, r.Once = c.s.o.Name, c.name, now, c.head, true
		st.line(r)
	}
	if !c.wait(ctx, f, piece{records: recs, done: c.tell}) {
		c.s.counts.add(func(all *Stats) { all.Abandoned += st.Lines })
		return false
	}
	c.s.counts.add(func(all *Stats) { all.plus(st) })
	return true
}

// wait offers a piece and reports whether it became durable.
func (c *conn) wait(ctx context.Context, f *funnel, p piece) bool {
	if f.offer(ctx, p) != nil {
		return false
	}
	select {
	case <-c.done:
		return true
	case <-f.dead: // after a last done, or without it
	}
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

var acks = bytes.Repeat([]byte("ok\n"), 256)

// ack answers n lines. A sender that doesn't read the answers is let go.
func (c *conn) ack(n int) bool {
	for n > 0 {
		some := min(n, len(acks)/3)
		_ = c.c.SetWriteDeadline(time.Now().Add(c.s.o.AckWait))
		if _, err := c.c.Write(acks[:3*some]); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				c.s.close(c.name, "its sender doesn't read the acknowledgements")
			}
			return false
		}
		n -= some
	}
	return true
}

// end hands on what stands there without an end, which may be half a line.
func (c *conn) end(ctx context.Context, f *funnel, cause error) {
	rec, missing, ok := c.split.Rest()
	if !ok {
		return
	}
	rec.Torn = c.torn(cause, missing)
	c.put(ctx, f, []bridge.Record{rec})
}

// torn says why the last line can't be whole; "" if it may be.
func (c *conn) torn(cause error, missing int64) string {
	where := "before the line's newline"
	if missing > 0 {
		where = fmt.Sprintf("%d bytes before the frame's end", missing)
	}
	switch {
	case c.evicted.Load():
		return "the connection was closed " + where + ": all connections together held too much of unfinished lines"
	case errors.Is(cause, os.ErrDeadlineExceeded):
		return "the bridge was stopped " + where
	case !errors.Is(cause, io.EOF):
		return "the connection broke " + where
	case missing > 0 || c.s.o.Ack || c.s.o.MustEnd:
		return "the connection ended " + where
	}
	return ""
}

// evict closes the connection to free what it holds. It may be called by any
// goroutine.
func (c *conn) evict() {
	if c.evicted.Swap(true) {
		return
	}
	_ = c.raw.Close()
	c.s.close(c.name, "all connections together hold too much of unfinished lines")
}
