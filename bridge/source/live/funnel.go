package live

import (
	"context"
	"errors"

	"github.com/tailpost/tailpost/bridge"
)

// A batch has so many lines, or bytes in them, and the rest of a piece.
const (
	batchLines = 1000
	batchBytes = 256 << 10
)

// piece is what one sender hands over at once.
type piece struct {
	records []bridge.Record
	losses  []bridge.Loss
	done    func() // called once the piece is durable; must not block
}

// funnel makes batches of what many goroutines offer, and emits one at a
// time.
type funnel struct {
	pieces chan piece
	dead   chan struct{} // closed when no piece will be taken any more
}

func newFunnel() *funnel {
	return &funnel{pieces: make(chan piece), dead: make(chan struct{})}
}

// errDead says that emit has failed: run gives the reason.
var errDead = errors.New("nothing is taken any more")

// offer returns when the piece is taken. Without an error it is the funnel's
// until done.
func (f *funnel) offer(ctx context.Context, p piece) error {
	select {
	case f.pieces <- p:
		return nil
	case <-f.dead:
		return errDead
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close says that no offer follows.
func (f *funnel) close() { close(f.pieces) }

// run emits until close, until ctx ends, or until emit fails.
func (f *funnel) run(ctx context.Context, emit bridge.Emit) error {
	defer close(f.dead)
	var g gathered
	for {
		select {
		case <-ctx.Done():
			return nil
		case p, ok := <-f.pieces:
			if !ok {
				return nil
			}
			g.add(p)
		}
		g.fill(f.pieces)
		if err := emit(ctx, g.batch); err != nil {
			if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
				return nil
			}
			return err
		}
		g.done()
	}
}

// gathered is a batch with whom to tell that it is durable.
type gathered struct {
	batch bridge.Batch
	size  int
	tell  []func()
}

func (g *gathered) add(p piece) {
	g.batch.Records = append(g.batch.Records, p.records...)
	g.batch.Losses = append(g.batch.Losses, p.losses...)
	for i := range p.records {
		g.size += len(p.records[i].Line)
	}
	g.tell = append(g.tell, p.done)
}

// fill adds what waits already.
func (g *gathered) fill(pieces <-chan piece) {
	for len(g.batch.Records) < batchLines && g.size < batchBytes {
		select {
		case p, ok := <-pieces:
			if !ok {
				return
			}
			g.add(p)
		default:
			return
		}
	}
}

func (g *gathered) done() {
	for i := range g.batch.Records {
		g.batch.Records[i] = bridge.Record{} // its line is its sender's again
	}
	for _, tell := range g.tell {
		tell()
	}
	clear(g.tell)
	g.batch.Records, g.batch.Losses, g.tell, g.size = g.batch.Records[:0], g.batch.Losses[:0], g.tell[:0], 0
}
