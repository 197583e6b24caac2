package admin

import (
	"context"
	"net"
	"sync"
)

// crowdMost bounds the connections of the listener.
const crowdMost = 128

// crowd is a listener whose connections are bounded in number. One too many is
// let in all the same: the oldest that asks for nothing just now, else the
// oldest of those that only read, makes room. So nobody is locked out by who
// opens many and says nothing, or says it slowly.
type crowd struct {
	net.Listener
	most int

	mu sync.Mutex
	in []*guest // by age
}

// guest is a connection of a crowd.
type guest struct {
	net.Conn
	from *crowd
	gone sync.Once

	// Guarded by the crowd's mutex.
	asks int  // requests whose header is there, and whose answer isn't
	held bool // one of them may change something: it isn't cut off
}

func newCrowd(l net.Listener, most int) *crowd { return &crowd{Listener: l, most: most} }

// Accept lets the next one in.
func (c *crowd) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	g := &guest{Conn: conn, from: c}
	if leaves := c.admit(g); leaves != nil {
		_ = leaves.Close() // whoever it is may come again
	}
	return g, nil
}

// admit takes one in, and gives the one that must leave for it.
func (c *crowd) admit(g *guest) (leaves *guest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.in) >= c.most {
		leaves = c.leastLocked()
	}
	c.in = append(c.in, g)
	return leaves
}

// leastLocked gives the one whose going costs least; nil: all change something.
func (c *crowd) leastLocked() *guest {
	var reads *guest
	for _, g := range c.in {
		if g.asks == 0 {
			return g
		}
		if reads == nil && !g.held {
			reads = g
		}
	}
	return reads
}

// Close is net.Conn's.
func (g *guest) Close() error {
	err := g.Conn.Close()
	g.gone.Do(func() {
		g.from.mu.Lock()
		defer g.from.mu.Unlock()
		for i, other := range g.from.in {
			if other == g {
				g.from.in = append(g.from.in[:i], g.from.in[i+1:]...)
				return
			}
		}
	})
	return err
}

type guestKey struct{}

// withGuest is http.Server's ConnContext.
func withGuest(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, guestKey{}, c)
}

// asking notes that a request of the connection is under way, until done.
func asking(ctx context.Context) (done func()) {
	g, ok := ctx.Value(guestKey{}).(*guest)
	if !ok {
		return func() {}
	}
	g.from.mu.Lock()
	defer g.from.mu.Unlock()
	g.asks++
	return func() {
		g.from.mu.Lock()
		defer g.from.mu.Unlock()
		g.asks--
		g.held = false
	}
}

// hold keeps the connection of the request under way from being cut off.
func hold(ctx context.Context) {
	if g, ok := ctx.Value(guestKey{}).(*guest); ok {
		g.from.mu.Lock()
		defer g.from.mu.Unlock()
		g.held = true
	}
}
