package history

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"time"
)

// Latest is when a recipient last took an event, and when it last failed, as
// far as that is remembered.
type Latest struct {
	Good, Bad time.Time // ends of attempts; zero: none is remembered
	Err       string    // of the last failure
}

// latestFiles bounds what is read for ReadLatest: two files of a full ring
// hold some hundred thousand attempts, and take tenths of a second.
const latestFiles = 2

// ReadLatest gives the Latest of each recipient that is in the newest files.
// Like Read it needs no lock, and what could be read is given with an error,
// too.
func ReadLatest(ctx context.Context, stateDir string) (map[string]Latest, error) {
	all, err := list(stateDir)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	out := map[string]Latest{}
	var errs []error
	for _, f := range slices.Backward(all[max(0, len(all)-latestFiles):]) {
		if ctx.Err() != nil {
			break
		}
		b, err := readFile(filepath.Join(stateDir, Dir, fileName(f.number)))
		if err == nil {
			err = latestOf(b, out)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("history: %s: %w", fileName(f.number), err))
		}
	}
	return out, errors.Join(errs...)
}

// latestOf takes the attempts of a file in.
func latestOf(file []byte, to map[string]Latest) error {
	d, err := newDecoder(file)
	if err != nil {
		return err
	}
	for a, ok := d.next(); ok; a, ok = d.next() {
		l, ended := to[a.Recipient], a.At.Add(a.Took)
		switch {
		case a.Err == "" && ended.After(l.Good):
			l.Good = ended
		case a.Err != "" && ended.After(l.Bad):
			l.Bad, l.Err = ended, a.Err
		default:
			continue
		}
		to[a.Recipient] = l
	}
	return nil
}
