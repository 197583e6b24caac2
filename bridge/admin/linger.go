package admin

import (
	"io"
	"time"
)

// What a client still sends after its request was refused is thrown away, up to
// these bounds.
const (
	lingerMost = 4 << 20 // bytes
	lingerFor  = 2 * time.Second
)

// CloseWrite ends what we send. net/http calls it where it has answered before
// it has read all, and closes soon after: with bytes unread that is a reset,
// which takes the answer with it, and a client that is still sending would never
// hear that its request is too large.
func (g *guest) CloseWrite() error {
	if half, ok := g.Conn.(interface{ CloseWrite() error }); ok {
		if err := half.CloseWrite(); err != nil {
			return err
		}
	}
	if err := g.SetReadDeadline(time.Now().Add(lingerFor)); err != nil {
		return err
	}
	_, _ = io.CopyN(io.Discard, g.Conn, lingerMost) // whatever ends it, it is closed
	return nil
}
