package admin

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tailpost/tailpost/bridge/status"
)

// pulseMost is how long a bridge that lives may take to tell how it fares: it
// asks nobody, and waits for no disk but while a write to it hangs.
const pulseMost = 5 * time.Second

var errHangs = errors.New("the bridge hangs: it doesn't tell how it fares. Is there a write to its disk that doesn't end?")

// Pulse is how everybody gets at a snapshot: in bounded time, even where the
// bridge hangs, and for all who ask one goroutine looks, however many they are
// and however long it takes. Its methods may be called by several goroutines at
// once.
type Pulse struct {
	look  func() *status.Snapshot
	hangs func() string

	mu  sync.Mutex
	now *beat // that is under way; nil: none
}

// NewPulse makes a Pulse. look gives how the bridge fares; hangs says in words
// which main loop doesn't turn. hangs may be nil, and say nothing.
func NewPulse(look func() *status.Snapshot, hangs func() string) *Pulse {
	return &Pulse{look: look, hangs: hangs}
}

// beat is one look.
type beat struct {
	done chan struct{} // closed once the others are set
	is   *status.Snapshot
	err  error // a loop hangs
}

// Snapshot gives how the bridge fares now, whether its loops turn or not; all
// who ask share it. It takes 5 s at the most, and then there is an error.
func (p *Pulse) Snapshot(ctx context.Context) (*status.Snapshot, error) {
	is, err := p.feel(ctx)
	if is != nil {
		return is, nil
	}
	return nil, err
}

// feel is Snapshot, but with an error, too, where a loop hangs.
func (p *Pulse) feel(ctx context.Context) (*status.Snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, pulseMost)
	defer cancel()
	b := p.beat()
	select {
	case <-b.done:
		return b.is, b.err
	case <-ctx.Done():
		return nil, errHangs
	}
}

// beat joins the look under way, or begins one.
func (p *Pulse) beat() *beat {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now == nil {
		b := &beat{done: make(chan struct{})}
		p.now = b
		go func() {
			b.is, b.err = p.both()
			p.mu.Lock()
			p.now = nil
			p.mu.Unlock()
			close(b.done)
		}()
	}
	return p.now
}

func (p *Pulse) both() (*status.Snapshot, error) {
	is := p.look()
	if p.hangs != nil {
		if text := p.hangs(); text != "" {
			return is, errors.New("the bridge hangs: " + text)
		}
	}
	return is, nil
}
