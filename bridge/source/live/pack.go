package live

import (
	"context"
	"sync"

	"github.com/tailpost/tailpost/bridge"
)

// A pack is full with so many datagrams, or bytes in them.
const (
	packLines = 256
	packBytes = 64 << 10
)

// packsMost is how many packs may wait while others become durable: what
// arrives in the meantime leaves the kernel's buffer, which is small.
const packsMost = 64

// pack holds datagrams that are handed on at once.
type pack struct {
	data   []byte
	recs   []bridge.Record
	losses []bridge.Loss
	stats  Stats
}

func (p *pack) empty() bool { return len(p.recs)+len(p.losses) == 0 }

func (p *pack) reset() {
	if cap(p.data) > 4*packBytes {
		p.data = nil
	}
	clear(p.recs)
	*p = pack{data: p.data[:0], recs: p.recs[:0]}
}

// hold gives a copy of a line that is the pack's.
func (p *pack) hold(line []byte) []byte {
	at := len(p.data)
	if cap(p.data)-at < len(line) { // the lines before stay where they are
		p.data, at = make([]byte, 0, max(packBytes, len(line))), 0
	}
	p.data = append(p.data, line...)
	return p.data[at:len(p.data):len(p.data)]
}

func (p *pack) add(r bridge.Record) {
	p.recs = append(p.recs, r)
	p.stats.Lines++
	p.stats.line(&r)
}

// packs is a row of packs that wait to become durable.
type packs struct {
	more chan struct{} // has a value if something may wait
	room chan struct{} // has one if there may be room

	mu      sync.Mutex
	waiting []*pack
	spare   []*pack
	all     int   // packs that wait, or are on their way
	lines   int64 // in them
	closed  bool
}

func newPacks() *packs {
	return &packs{more: make(chan struct{}, 1), room: make(chan struct{}, 1)}
}

// put takes over what p holds, and empties p. It waits for room.
func (q *packs) put(ctx context.Context, p *pack) error {
	for !q.tryPut(p) {
		select {
		case <-q.room:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	signal(q.more)
	return nil
}

func (q *packs) tryPut(p *pack) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := p.stats.Lines
	if last := len(q.waiting) - 1; last >= 0 && q.waiting[last].merge(p) {
		q.lines += n
		return true
	}
	if q.all == packsMost {
		return false
	}
	q.all++
	q.lines += n
	s := &pack{}
	if n := len(q.spare); n > 0 {
		s, q.spare = q.spare[n-1], q.spare[:n-1]
	}
	*s, *p = *p, *s
	q.waiting = append(q.waiting, s)
	return true
}

// merge adds what another pack holds, if there is room for it, and empties
// that one.
func (p *pack) merge(o *pack) bool {
	if len(p.recs)+len(o.recs) > packLines || p.stats.Bytes+o.stats.Bytes > packBytes {
		return false
	}
	for _, r := range o.recs {
		r.Line = p.hold(r.Line)
		p.recs = append(p.recs, r)
	}
	p.losses = append(p.losses, o.losses...)
	p.stats.plus(o.stats)
	o.reset()
	return true
}

// take waits for the oldest pack. There is none when ctx ends, or after close.
func (q *packs) take(ctx context.Context) (*pack, bool) {
	for {
		q.mu.Lock()
		if len(q.waiting) > 0 {
			p := q.waiting[0]
			q.waiting = append(q.waiting[:0], q.waiting[1:]...)
			q.mu.Unlock()
			return p, true
		}
		closed := q.closed
		q.mu.Unlock()
		if closed {
			return nil, false
		}
		select {
		case <-q.more:
		case <-ctx.Done():
			return nil, false
		}
	}
}

// free takes back a pack that take has given.
func (q *packs) free(p *pack) {
	n := p.stats.Lines
	p.reset()
	q.mu.Lock()
	q.all--
	q.lines -= n
	q.spare = append(q.spare, p)
	q.mu.Unlock()
	signal(q.room)
}

// left gives how many lines were put and not freed.
func (q *packs) left() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.lines
}

// close says that no put follows.
func (q *packs) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	signal(q.more)
}

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
