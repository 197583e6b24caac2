package app

import (
	"context"
	"maps"
	"time"

	"github.com/tailpost/tailpost/bridge/spool"
)

// letterWatch knows how many dead letters there are on disk. It counts them
// when something has changed there, and spends no more than a small part of
// the time on it; in between it goes by what the recipients' counts say.
type letterWatch struct {
	counted map[string]int    // at the last count; never changed
	dead    map[string]uint64 // each recipient's count then; never changed
	files   spool.StoreStatus // then
}

const (
	lettersEvery = 10 * time.Second // between two counts, at the least
	lettersShare = 20               // one part in so many of the time, at most
)

// watchLetters counts dead letters until ctx ends.
func (a *app) watchLetters(ctx context.Context) error {
	said := ""
	for {
		wait := lettersEvery
		if begun := time.Now(); a.lettersChanged() {
			err := a.countLetters(ctx)
			if err != nil && ctx.Err() != nil {
				return nil
			}
			if err != nil && err.Error() != said {
				said = err.Error()
				a.o.Log.Error().Err(err).Msg("the dead letters can't be counted")
			} else if err == nil {
				said = ""
			}
			wait = max(wait, lettersShare*time.Since(begun))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

func (a *app) lettersChanged() bool {
	now := a.spool.Status().Dead
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.letters.counted == nil || a.letters.files != now
}

func (a *app) countLetters(ctx context.Context) error {
	next := letterWatch{files: a.spool.Status().Dead, dead: a.deadCounts()}
	var err error
	if next.counted, err = spool.CountDead(ctx, a.conf().StateDir); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.letters = next
	return nil
}

// deadCounts gives each recipient's count of dead letters.
func (a *app) deadCounts() map[string]uint64 {
	out := map[string]uint64{}
	for name, q := range a.queues() {
		out[name] = q.Stats().Dead
	}
	return out
}

// now gives how many there are, by what recipients' counts say now.
func (w *letterWatch) now(dead map[string]uint64) map[string]int {
	out := maps.Clone(w.counted)
	if out == nil {
		out = map[string]int{}
	}
	for name, n := range dead {
		was, ok := w.dead[name]
		if !ok && w.counted != nil { // it was not served then
			continue
		}
		out[name] = max(0, out[name]+int(n)-int(was))
	}
	maps.DeleteFunc(out, func(_ string, n int) bool { return n == 0 })
	return out
}
