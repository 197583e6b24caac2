package history

import (
	"time"

	"github.com/tailpost/tailpost/bridge"
)

const (
	firstKept = 3 // attempts of an event that are kept from its beginning
	lastKept  = 5 // and from its end

	tailEvery = 10 * time.Second // between two writings of an event's attempts, behind its first ones
	tailRate  = 16 << 10         // bytes a second for all of those
	tailBurst = 256 << 10
	tailCost  = 128  // bytes that an attempt counts for
	tailsMax  = 1024 // events whose last attempts are held
)

// tails holds back attempts of events that go on failing.
type tails struct {
	held   map[tailKey]*tail
	budget float64
	at     time.Time // of the budget
}

type tailKey struct {
	recipient string
	number    uint64
}

// tail is the last attempts of one event that are not written yet: one fewer
// than are kept, because they are written with the next one.
type tail struct {
	held    []bridge.Attempt
	written time.Time
}

// take gives what is to be written now that an attempt was made, in order.
// Mostly that is the attempt itself, without a look at the map.
func (t *tails) take(a *bridge.Attempt) (before []bridge.Attempt, write bool) {
	final := a.Err == "" || a.Dead
	if a.Nth <= firstKept && (!final || len(t.held) == 0) {
		return nil, true
	}
	k := tailKey{a.Recipient, a.Number}
	of := t.held[k]
	if final {
		if of == nil {
			return nil, true
		}
		delete(t.held, k)
		return of.held, true
	}
	if of == nil {
		of = t.hold(k)
	}
	now := time.Now()
	if now.Sub(of.written) >= tailEvery && t.afford(len(of.held)+1, now) {
		before, of.held, of.written = of.held, nil, now
		return before, true
	}
	if len(of.held) == lastKept-1 {
		of.held = append(of.held[:0], of.held[1:]...)
	}
	of.held = append(of.held, *a)
	return nil, false
}

// hold makes room for one more event; another one's attempts go for it.
func (t *tails) hold(k tailKey) *tail {
	if t.held == nil {
		t.held = map[tailKey]*tail{}
	}
	if len(t.held) >= tailsMax {
		for other := range t.held {
			delete(t.held, other)
			break
		}
	}
	of := &tail{}
	t.held[k] = of
	return of
}

// afford takes so many attempts off the budget, if it has as much.
func (t *tails) afford(attempts int, now time.Time) bool {
	t.budget = min(tailBurst, t.budget+now.Sub(t.at).Seconds()*tailRate)
	t.at = now
	cost := float64(attempts * tailCost)
	if t.budget < cost {
		return false
	}
	t.budget -= cost
	return true
}

// rest gives all that is held, and holds nothing any longer.
func (t *tails) rest() (out []bridge.Attempt) {
	for _, of := range t.held {
		out = append(out, of.held...)
	}
	t.held = nil
	return out
}
