package smtpsink_test

import (
	"io"
	"net"
	"sync"
	"time"
)

// lazyConn is a pipe's end whose writes don't wait for the reader, as those of
// a socket don't. What was written before Close still arrives.
type lazyConn struct {
	net.Conn
	mu     sync.Mutex
	buf    []byte
	closed bool
	wake   chan struct{}
}

// lazyPipe gives two ends, of which the second is lazy.
func lazyPipe() (net.Conn, net.Conn) {
	a, b := net.Pipe()
	c := &lazyConn{Conn: b, wake: make(chan struct{}, 1)}
	go c.flush()
	return a, c
}

func (c *lazyConn) flush() {
	defer c.Conn.Close()
	for {
		c.mu.Lock()
		b, closed := c.buf, c.closed
		c.buf = nil
		c.mu.Unlock()
		switch {
		case len(b) > 0:
			if _, err := c.Conn.Write(b); err != nil {
				return
			}
		case closed:
			return
		default:
			<-c.wake
		}
	}
}

func (c *lazyConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return 0, io.ErrClosedPipe
	}
	c.buf = append(c.buf, p...)
	c.nudge()
	return len(p), nil
}

// SetWriteDeadline does nothing: TLS sets one before it closes.
func (c *lazyConn) SetWriteDeadline(time.Time) error { return nil }

func (c *lazyConn) nudge() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Close lets the other side write on in vain until it closes, too.
func (c *lazyConn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	c.nudge()
	go func() { _, _ = io.Copy(io.Discard, c.Conn) }()
	return nil
}
