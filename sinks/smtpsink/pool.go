package smtpsink

import (
	"context"
	"sync"
	"time"
)

// pool has the connections that wait for another mail. No more of them are
// open than there are turns: a new one is only made by who has a turn and
// finds none idle.
type pool struct {
	turns chan struct{}
	wait  time.Duration // how long one stays idle

	mu      sync.Mutex
	idle    []*dialog // the newest last
	closed  bool
	leaving sync.WaitGroup // those that are closed by their timer
}

// mailsMax is how many mails one connection carries. Servers have a limit of
// their own, often 100.
const mailsMax = 100

// enter waits for a turn; leave gives it back.
func (p *pool) enter(ctx context.Context) error {
	select {
	case p.turns <- struct{}{}:
		return nil
	default:
	}
	select {
	case p.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *pool) leave() { <-p.turns }

// pop gives an idle connection, or nil.
func (p *pool) pop() *dialog {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle)
	if n == 0 {
		return nil
	}
	d := p.idle[n-1]
	p.idle = p.idle[:n-1]
	d.expiry.Stop()
	return d
}

// put keeps a connection for the next mail, or takes leave of it.
func (p *pool) put(d *dialog) {
	if d.mails >= mailsMax || d.trace != nil || !d.unbind() || !p.keep(d) {
		d.quit()
	}
}

func (p *pool) keep(d *dialog) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	d.expiry = time.AfterFunc(p.wait, func() { p.expire(d) })
	p.idle = append(p.idle, d)
	return true
}

// expire closes a connection that nobody has wanted.
func (p *pool) expire(d *dialog) {
	if p.remove(d) {
		defer p.leaving.Done()
		d.quit()
	}
}

// remove takes d out, if it is still idle.
func (p *pool) remove(d *dialog) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, o := range p.idle {
		if o == d {
			p.idle = append(p.idle[:i], p.idle[i+1:]...)
			p.leaving.Add(1)
			return true
		}
	}
	return false
}

// close ends all that is idle, at once, and keeps nothing from now on.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	for d := p.pop(); d != nil; d = p.pop() {
		p.leaving.Go(d.quit)
	}
	p.leaving.Wait()
}
