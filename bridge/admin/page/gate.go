package page

import (
	"context"
	"errors"
	"time"
)

const (
	readsMost = 2               // looks into the state directory at once
	lookFor   = 4 * time.Second // a look may take as long
	waitFor   = 4 * time.Second // and wait as long for its turn
	writeFor  = 10 * time.Second
)

// gate lets so many in at once.
type gate chan struct{}

func newGate(most int) gate { return make(gate, most) }

var errBusy = errors.New("others are looking into the state directory: try again in a moment")

// look does one look into the state directory, in bounded time.
func (g gate) look(ctx context.Context, do func(ctx context.Context) error) error {
	wait, cancel := context.WithTimeout(ctx, waitFor)
	defer cancel()
	select {
	case g <- struct{}{}:
		defer func() { <-g }()
	case <-wait.Done():
		return errBusy
	}
	look, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	return do(look)
}
