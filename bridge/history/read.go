package history

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/tailpost/tailpost/bridge"
)

// Trail is what is remembered of one event's attempts at one recipient.
type Trail struct {
	Recipient string
	Number    uint64
	ID        bridge.ID
	// First and Last are the first three attempts and the last five, in
	// order; none stands in both. An attempt that is dead may be followed by
	// others, that count from 1 again: it was replayed.
	First, Last []bridge.Attempt
	Between     int // how many were made between them

	nth, total int
}

// Final is the last attempt that is remembered.
func (t *Trail) Final() *bridge.Attempt {
	if n := len(t.Last); n > 0 {
		return &t.Last[n-1]
	}
	return &t.First[len(t.First)-1]
}

// Read gives the trails in a state directory of the events that are wanted, by
// number and recipient. It needs no lock: the bridge may be running or not. An
// error says what could not be read; what could be is given all the same.
func Read(stateDir string, want func(bridge.ID) bool) ([]*Trail, error) {
	all, err := list(stateDir)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	g := gathering{trails: map[tailKey]*Trail{}, want: want}
	var errs []error
	for _, f := range all {
		b, err := readFile(filepath.Join(stateDir, Dir, fileName(f.number)))
		if err == nil {
			err = g.file(b)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // it was removed meanwhile
			errs = append(errs, fmt.Errorf("history: %s: %w", fileName(f.number), err))
		}
	}
	return g.sorted(), errors.Join(errs...)
}

// readFile reads a file of the ring: no more than a ring may have.
func readFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Size() > limitDefault {
		return nil, fmt.Errorf("has %d bytes", info.Size())
	}
	return os.ReadFile(name)
}

type gathering struct {
	trails map[tailKey]*Trail
	want   func(bridge.ID) bool
}

func (g *gathering) file(b []byte) error {
	d, err := newDecoder(b)
	if err != nil {
		return err
	}
	for a, ok := d.next(); ok; a, ok = d.next() {
		if !g.want(a.ID) {
			continue
		}
		k := tailKey{a.Recipient, a.Number}
		t := g.trails[k]
		if t == nil {
			t = &Trail{Recipient: a.Recipient, Number: a.Number, ID: a.ID}
			g.trails[k] = t
		}
		t.add(a)
	}
	return nil
}

// add takes the next attempt. Between counts by what each says of itself:
// those that were not written count, too.
func (t *Trail) add(a bridge.Attempt) {
	if a.Nth > t.nth {
		t.total += a.Nth - t.nth
	} else {
		t.total += a.Nth // replayed: they count anew
	}
	t.nth = a.Nth
	if len(t.First) < firstKept && t.total == len(t.First)+1 {
		t.First = append(t.First, a)
		return
	}
	if len(t.Last) == lastKept {
		t.Last = append(t.Last[:0], t.Last[1:]...)
	}
	t.Last = append(t.Last, a)
	t.Between = t.total - len(t.First) - len(t.Last)
}

func (g *gathering) sorted() []*Trail {
	out := make([]*Trail, 0, len(g.trails))
	for _, t := range g.trails {
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b *Trail) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.Recipient, b.Recipient))
	})
	return out
}
