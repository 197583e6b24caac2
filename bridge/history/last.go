package history

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/tailpost/tailpost/bridge"
)

// Last gives the last attempts at a recipient that are remembered, the newest
// first, so many at most. Like Read it needs no lock, and what could be read is
// given with an error, too. It reads no more than the ring has, and begins no
// file once ctx has ended.
func Last(ctx context.Context, stateDir, recipient string, most int) ([]bridge.Attempt, error) {
	all, err := list(stateDir)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	var out []bridge.Attempt
	var errs []error
	for _, f := range slices.Backward(all) {
		if len(out) >= most {
			break
		}
		if err := ctx.Err(); err != nil {
			errs = append(errs, err)
			break
		}
		b, err := readFile(filepath.Join(stateDir, Dir, fileName(f.number)))
		if err == nil {
			var of []bridge.Attempt
			of, err = lastOf(b, recipient, most-len(out))
			out = append(out, of...)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("history: %s: %w", fileName(f.number), err))
		}
	}
	return out, errors.Join(errs...)
}

// lastOf gives the last attempts of one file, the newest first.
func lastOf(file []byte, recipient string, most int) ([]bridge.Attempt, error) {
	d, err := newDecoder(file)
	if err != nil {
		return nil, err
	}
	var out []bridge.Attempt
	for a, ok := d.next(); ok; a, ok = d.next() {
		if a.Recipient != recipient {
			continue
		}
		if len(out) == 2*most { // moved once in a while, not each time
			out = append(out[:0], out[most:]...)
		}
		out = append(out, a)
	}
	if len(out) > most {
		out = out[len(out)-most:]
	}
	// Attempts held back are written behind those that came after them.
	slices.SortStableFunc(out, func(a, b bridge.Attempt) int { return b.At.Compare(a.At) })
	return out, nil
}
