package smtpsink

import (
	"bytes"
	"errors"
	"net"
)

// saidMax is all that a server may say about one mail, in bytes: the library
// reads an answer to its end, however long.
const saidMax = 1 << 20

var errSaidTooMuch = errors.New("the server says more than 1 MiB")

// boundedConn ends a connection whose other side talks without end.
type boundedConn struct {
	net.Conn
	left int // owned by the reader
}

func (c *boundedConn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errSaidTooMuch
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// greetedConn keeps the server's first line: the library reads it and tells
// nobody.
type greetedConn struct {
	net.Conn
	line []byte // owned by the reader
	over bool
}

func (c *greetedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if !c.over {
		c.line = append(c.line, p[:n]...)
		if end := bytes.IndexByte(c.line, '\n'); end >= 0 {
			c.line, c.over = c.line[:end], true
		}
		if len(c.line) > showMax {
			c.line, c.over = c.line[:showMax], true
		}
	}
	return n, err
}
