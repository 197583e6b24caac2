package httpin

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// intake is one run of a source: the bodies that wait, between the requests
// that brought them and the one goroutine that emits.
type intake struct {
	s        *Source
	waiting  chan *post
	room     budget
	stopping chan struct{}

	mu       sync.Mutex
	stopped  bool
	handlers sync.WaitGroup // grows under mu, until stopped
}

const (
	waitingMax = 1024
	batchBytes = 256 << 10
	batchLines = 1000
	roomLeast  = 32 << 20 // bytes of all bodies in memory
)

func newIntake(s *Source) *intake {
	return &intake{
		s: s, waiting: make(chan *post, waitingMax), stopping: make(chan struct{}),
		room: budget{most: max(roomLeast, 2*int64(s.o.MaxLine))},
	}
}

// post is a body that waits to become durable.
type post struct {
	rec   bridge.Record
	size  int64 // bytes of the budget that it takes
	taken atomic.Bool
	done  chan error // has room for one
}

// claim is made once: by who emits the body, or by who gives up waiting for it.
func (p *post) claim() bool { return p.taken.CompareAndSwap(false, true) }

// stop lets no more requests in, and ends the waiting of those that are.
func (in *intake) stop() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.stopped = true
	close(in.stopping)
}

// enter reports whether a request may be looked at; then handlers.Done follows.
func (in *intake) enter() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.stopped {
		return false
	}
	in.handlers.Add(1)
	return true
}

// run emits what waits, all that fits into a batch at once, until ctx ends
// (nil) or emit fails.
func (in *intake) run(ctx context.Context, emit bridge.Emit) error {
	var next *post
	for {
		if next == nil {
			select {
			case <-ctx.Done():
				return nil
			case next = <-in.waiting:
			}
			if !next.claim() {
				next = nil
				continue
			}
		}
		var posts []*post
		posts, next = in.gather(next)
		err := in.emit(ctx, emit, posts)
		switch {
		case err == nil:
			continue
		case next != nil:
			in.end(next, err)
		}
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			return nil
		}
		return err
	}
}

// gather takes what waits beside the first; next is the one that did not fit.
func (in *intake) gather(first *post) (posts []*post, next *post) {
	posts = append(posts, first)
	size := len(first.rec.Line)
	for len(posts) < batchLines {
		select {
		case p := <-in.waiting:
			if !p.claim() {
				continue
			}
			if size += len(p.rec.Line); size > batchBytes {
				return posts, p
			}
			posts = append(posts, p)
		default:
			return posts, nil
		}
	}
	return posts, nil
}

func (in *intake) emit(ctx context.Context, emit bridge.Emit, posts []*post) error {
	recs := make([]bridge.Record, len(posts))
	bytes := int64(0)
	for i, p := range posts {
		recs[i] = p.rec
		bytes += int64(len(p.rec.Line))
	}
	err := emit(ctx, bridge.Batch{Records: recs})
	if err == nil {
		in.s.counts.took(int64(len(posts)), bytes)
	}
	for _, p := range posts {
		in.end(p, err)
	}
	return err
}

// end tells a claimed body's sender how it went.
func (in *intake) end(p *post, err error) {
	in.room.free(p.size)
	p.done <- err
}

var (
	errFull     = errors.New("too many requests wait")
	errWaited   = errors.New("not durable in time")
	errStopping = errors.New("the source is stopping")
)

// hand gives a body to run and waits until it is durable (nil). After an error
// it may still become so.
func (in *intake) hand(p *post) error {
	select {
	case in.waiting <- p:
	default:
		in.room.free(p.size)
		return errFull
	}
	timer := time.NewTimer(in.s.wait)
	defer timer.Stop()
	err := errWaited
	select {
	case err := <-p.done:
		return err
	case <-timer.C:
	case <-in.stopping:
		err = errStopping
	}
	if !p.claim() { // it is in a batch: its memory is given back with it
		select {
		case done := <-p.done: // a moment later than the reason to give up
			return done
		default:
			return err
		}
	}
	in.room.free(p.size)
	p.rec = bridge.Record{}
	return err
}

// budget bounds the memory of all bodies.
type budget struct {
	most int64
	used atomic.Int64
}

func (b *budget) take(n int64) bool {
	if b.used.Add(n) > b.most {
		b.used.Add(-n)
		return false
	}
	return true
}

func (b *budget) free(n int64) { b.used.Add(-n) }
