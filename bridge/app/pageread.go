package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/admin/page"
	"github.com/tailpost/tailpost/bridge/dispatch"
	"github.com/tailpost/tailpost/bridge/history"
	"github.com/tailpost/tailpost/bridge/spool"
)

// pages is what the status page reads of the state directory, and asks of
// recipients. It takes no lock, as the commands that look don't.
type pages struct{ a *app }

var (
	_ page.Reader = pages{}
	_ page.Tester = pages{}
)

func (p pages) dir() string { return p.a.conf().StateDir }

// errStopped ends a look that has no more time.
var errStopped = errors.New("stopped")

// Letters is page.Reader's.
func (p pages) Letters(ctx context.Context, which page.LetterChoice, skip, most int) (out page.Letters, err error) {
	last := newest[page.Letter]{most: skip + most}
	err = Letters(p.dir(), admin.Letters{Recipient: which.Recipient, Event: which.Event, Since: which.Since}, func(l dispatch.Letter) error {
		if ctx.Err() != nil {
			return errStopped
		}
		out.Total++
		last.put(page.Letter{
			ID: l.ID, Number: l.Number, Recipient: l.Recipient, Event: l.Event, Session: l.Session,
			Reason: l.Reason, Since: l.Since, Died: l.Died, Attempts: l.Attempts,
		})
		return nil
	})
	if errors.Is(err, errStopped) {
		out.Stopped, err = true, nil
	}
	all := last.all()
	out.Letters = all[min(skip, len(all)):]
	return out, err
}

// newest keeps the last of those that are put into it.
type newest[T any] struct {
	most int
	ring []T
	next int // where the oldest stands, once the ring is full
}

func (n *newest[T]) put(v T) {
	if n.most > 0 {
		*n.slot() = v
	}
}

// slot gives the place of the next one, with what stood there before. There
// must be room for one.
func (n *newest[T]) slot() *T {
	if len(n.ring) < n.most {
		var none T
		n.ring = append(n.ring, none)
		return &n.ring[len(n.ring)-1]
	}
	at := n.next
	n.next = (n.next + 1) % n.most
	return &n.ring[at]
}

// all gives them, the newest first.
func (n *newest[T]) all() []T {
	out := append(slices.Clone(n.ring[n.next:]), n.ring[:n.next]...)
	slices.Reverse(out)
	return out
}

// Attempts is page.Reader's.
func (p pages) Attempts(ctx context.Context, recipient string, most int) ([]bridge.Attempt, error) {
	return history.Last(ctx, p.dir(), recipient, most)
}

// Why is page.Reader's.
func (p pages) Why(ctx context.Context, id bridge.ID, number uint64) ([]page.Why, error) {
	f := newFinder(id.String())
	notes, err := p.look(ctx, f, number)
	if err != nil {
		return nil, err
	}
	if len(f.events) == 0 { // it may be remembered all the same
		if err := f.readLetters(ctx, p.dir()); err != nil {
			return nil, err
		}
		trails, _ := history.Read(p.dir(), f.matches) // explain says what can't be read
		for _, t := range trails {
			f.add(t.Number, t.ID)
		}
	}
	f.id = id
	all, err := f.explain(ctx, p.a.conf(), true)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("there are too many dead letters to go through in time; tailpost why %s tells", id)
	}
	var out []page.Why
	for i := range all {
		out = append(out, pageWhy(&all[i], notes))
	}
	return out, err
}

// look looks for the event in the spool: at first where its number says it is,
// then in what can be read in half of the time, from the newest segment on.
func (p pages) look(ctx context.Context, f *finder, number uint64) (notes []string, err error) {
	if number != 0 {
		segments := 0
		found := errors.New("found")
		err := spool.ReadBack(p.dir(), number+1, func(uint64) bool { segments++; return segments > 1 }, func(n uint64, data []byte) error {
			if n != number {
				return ctx.Err()
			}
			if err := f.event(n, data); err != nil {
				return err
			}
			return found
		})
		if len(f.events) > 0 {
			return nil, nil
		}
		if err != nil && !errors.Is(err, found) && !errors.Is(err, ctx.Err()) {
			return nil, err
		}
	}
	half, cancel := context.WithTimeout(ctx, timeLeft(ctx)/2)
	defer cancel()
	err = spool.ReadBack(p.dir(), 0, func(uint64) bool { return false }, func(n uint64, data []byte) error {
		if half.Err() != nil {
			return errStopped
		}
		return f.event(n, data)
	})
	if errors.Is(err, errStopped) {
		notes = append(notes, "the search of the spool stopped early: tailpost why looks through all of it")
	}
	return notes, ignore(err, errStopped)
}

func ignore(err, what error) error {
	if errors.Is(err, what) {
		return nil
	}
	return err
}

// timeLeft is how long a context lasts; without an end it is a moment.
func timeLeft(ctx context.Context) time.Duration {
	if end, ok := ctx.Deadline(); ok {
		return time.Until(end)
	}
	return 2 * time.Second
}

// pageWhy is a Why as the page knows it.
func pageWhy(w *Why, notes []string) page.Why {
	out := page.Why{ID: w.ID, JSON: w.Event, From: w.From, Notes: slices.Concat(notes, w.Notes)}
	if e, err := bridge.DecodeEvent(w.Event); err == nil && len(w.Event) > 0 {
		out.Event = &e
	}
	for _, f := range w.Recipients {
		out.Recipients = append(out.Recipients, page.Fate{
			Recipient: f.Recipient, Configured: f.Configured, State: string(f.State), Says: f.Says, Filter: f.Filter, Next: f.Next,
			Attempts: f.Attempts, First: f.First, Between: f.Between, Last: f.Last,
		})
	}
	return out
}
