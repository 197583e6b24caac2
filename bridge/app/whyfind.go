package app

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/dispatch"
	"github.com/tailpost/tailpost/bridge/history"
	"github.com/tailpost/tailpost/bridge/spool"
)

const (
	prefixLeast = 6   // hex digits
	foundMost   = 100 // events with one id, and ids with one beginning
)

// AmbiguousError says that several ids begin so.
type AmbiguousError struct {
	Prefix string
	IDs    []bridge.ID // some of them
}

func (e *AmbiguousError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "several ids begin with %s:", e.Prefix)
	for _, id := range e.IDs {
		fmt.Fprintf(&b, " %s", id)
	}
	return b.String()
}

// found is an event that was accepted.
type found struct {
	head    bridge.Head // empty: the event itself is gone
	places  []bridge.Place
	letters map[string]*dispatch.Letter // by recipient
}

// finder looks for events by the beginning of their id.
type finder struct {
	prefix string
	id     bridge.ID // that begins so: the only one, once find has returned
	ids    map[bridge.ID]bool
	events map[uint64]*found
}

// newFinder looks for a beginning in lower case.
func newFinder(prefix string) *finder {
	return &finder{prefix: prefix, ids: map[bridge.ID]bool{}, events: map[uint64]*found{}}
}

// BadPrefixError says why a text is no beginning of an id.
type BadPrefixError struct{ Text, Why string }

func (e *BadPrefixError) Error() string { return fmt.Sprintf("%q is no id: %s", e.Text, e.Why) }

// find looks through the spool, the dead letters and the history.
func find(ctx context.Context, stateDir, prefix string) (*finder, error) {
	f := newFinder(strings.ToLower(prefix))
	switch {
	case len(prefix) < prefixLeast:
		return nil, &BadPrefixError{prefix, fmt.Sprintf("at least %d of its hex digits are needed", prefixLeast)}
	case len(prefix) > 2*len(f.id):
		return nil, &BadPrefixError{prefix, fmt.Sprintf("it has more than %d hex digits", 2*len(f.id))}
	case strings.Trim(f.prefix, "0123456789abcdef") != "":
		return nil, &BadPrefixError{prefix, "it has other characters than hex digits"}
	}
	err := spool.ReadEvents(stateDir, func(number uint64, data []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return f.event(number, data)
	})
	if err == nil {
		err = f.readLetters(ctx, stateDir)
	}
	if err != nil {
		return nil, err
	}
	trails, _ := history.Read(stateDir, f.matches) // Explain says what can't be read
	for _, t := range trails {
		f.add(t.Number, t.ID)
	}
	switch len(f.ids) {
	case 0:
		return nil, fmt.Errorf("no event whose id begins with %s is in the spool, among the dead letters or in the history of attempts; settled events are kept for as long as [spool] keep says", f.prefix)
	case 1:
		for f.id = range f.ids {
		}
		return f, nil
	}
	ids := slices.SortedFunc(maps.Keys(f.ids), func(a, b bridge.ID) int { return bytes.Compare(a[:], b[:]) })
	return nil, &AmbiguousError{f.prefix, ids[:min(len(ids), 10)]}
}

func (f *finder) matches(id bridge.ID) bool {
	var digits [2 * len(id)]byte
	hex.Encode(digits[:], id[:])
	return string(digits[:len(f.prefix)]) == f.prefix
}

// add takes an event in, if there is room for one more.
func (f *finder) add(number uint64, id bridge.ID) *found {
	if e := f.events[number]; e != nil {
		return e
	}
	if len(f.events) >= foundMost {
		return nil
	}
	f.ids[id] = true
	e := &found{letters: map[string]*dispatch.Letter{}}
	f.events[number] = e
	return e
}

func (f *finder) event(number uint64, data []byte) error {
	head, err := bridge.ParseHead(data)
	if err != nil || !f.matches(head.ID) {
		return nil
	}
	if e := f.add(number, head.ID); e != nil && e.head.JSON == nil {
		return e.take(data)
	}
	return nil
}

// take keeps the event's bytes.
func (e *found) take(data []byte) (err error) {
	if e.head, err = bridge.ParseHead(bytes.Clone(data)); err == nil {
		e.places, err = e.head.Places()
	}
	return err
}

// readLetters reads the dead letters, anew if it was done before.
func (f *finder) readLetters(ctx context.Context, stateDir string) error {
	for _, e := range f.events {
		clear(e.letters)
	}
	return Letters(stateDir, admin.Letters{}, func(l dispatch.Letter) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !f.matches(l.ID) {
			return nil
		}
		e := f.add(l.Number, l.ID)
		if e == nil {
			return nil
		}
		data := l.Data
		l.Data = nil
		e.letters[l.Recipient] = &l
		if e.head.JSON == nil {
			return e.take(data)
		}
		return nil
	})
}
