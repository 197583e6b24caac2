package live

import (
	"context"
	"time"

	"github.com/rs/zerolog"
)

// reopenWait is how long to wait between two tries to listen.
const reopenWait = time.Second

// open calls f until it succeeds, and reports false when ctx has ended before.
// Why it fails is said when it changes.
func open[T any](ctx context.Context, log zerolog.Logger, counts *counters, f func() (T, error)) (T, bool) {
	said := ""
	for {
		l, err := f()
		if err == nil {
			counts.listens()
			log.Info().Msg("listening")
			return l, true
		}
		if why := err.Error(); why != said {
			said = why
			counts.waits(why)
			log.Error().Err(err).Dur("retry_in", reopenWait).Msg("can't listen")
		}
		if !pause(ctx, reopenWait) {
			return l, false
		}
	}
}

// perishable is a listener that can lose its address, such as a file's name.
type perishable interface{ Gone() bool }

// goneEvery is how often a listener is asked whether it has.
const goneEvery = time.Second

// watch calls gone, once, when a listener has lost its address. It returns
// when ctx ends, or then.
func watch(ctx context.Context, log zerolog.Logger, l any, gone func()) {
	p, ok := l.(perishable)
	for ok && pause(ctx, goneEvery) {
		if p.Gone() {
			log.Warn().Msg("the socket's file is gone: it is made anew")
			gone()
			return
		}
	}
}

// pause waits, and reports false when ctx ends first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
