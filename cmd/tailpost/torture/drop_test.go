//go:build torture

package torture

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// dropper puts whole files into a directory that the bridge reads and clears.
type dropper struct {
	dir  string
	made int
	err  error
}

// hand drops the rows as one file. From then on they are the bridge's.
func (d *dropper) hand(_ context.Context, rows []line) (acknowledged, unsure int) {
	var all strings.Builder
	for _, l := range rows {
		all.WriteString(l.text)
	}
	d.made++
	name := filepath.Join(d.dir, fmt.Sprintf("%06d.log", d.made))
	if d.err = os.WriteFile(name+".tmp", []byte(all.String()), 0o600); d.err == nil {
		d.err = os.Rename(name+".tmp", name)
	}
	if d.err != nil {
		return 0, 0
	}
	return len(rows), 0
}

// left gives what still lies in the directory, hidden ones too.
func (d *dropper) left() ([]string, error) {
	var names []string
	err := filepath.WalkDir(d.dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, path)
		}
		return err
	})
	return names, err
}

// awaitEmpty waits until all was read and deleted: a file must have been quiet
// for a while.
func (d *dropper) awaitEmpty(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		left, err := d.left()
		switch {
		case d.err != nil:
			return d.err
		case err != nil && !errors.Is(err, fs.ErrNotExist): // deleted under the walk
			return err
		case len(left) == 0 && err == nil:
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("not deleted: %q", left)
		}
	}
}
