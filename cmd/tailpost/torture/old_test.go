//go:build torture

package torture

import (
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"
)

// compress makes a .gz of one of the two newest old files.
func (k *book) compress() error {
	i := len(k.old) - 1 - k.rng.IntN(2)
	if i < 0 || k.old[i].zipped {
		return nil
	}
	g := k.old[i]
	from, err := os.Open(g.path)
	if err != nil {
		return err
	}
	defer from.Close()
	st, err := from.Stat()
	if err != nil {
		return err
	}
	to, err := os.OpenFile(g.path+".gz", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	z := gzip.NewWriter(to)
	z.Name, z.ModTime = filepath.Base(g.path), st.ModTime()
	_, err = io.CopyBuffer(struct{ io.Writer }{z}, struct{ io.Reader }{from}, make([]byte, 4<<10))
	if err := errors.Join(err, z.Close(), to.Close()); err != nil {
		return err
	}
	if err := os.Chtimes(to.Name(), time.Now(), st.ModTime()); err != nil {
		return err
	}
	if err := os.Remove(g.path); err != nil {
		return err
	}
	g.path, g.zipped = to.Name(), true
	k.done[compressed]++
	k.note(compressed)
	return nil
}

// keepOld is how many old files stay.
const keepOld = 8

// prune deletes the oldest files, as long as all of them was seen.
func (k *book) prune() error {
	for len(k.old) > keepOld && len(k.board.unseen(k.old[0].messages)) == 0 {
		if err := os.Remove(k.old[0].path); err != nil {
			return err
		}
		k.removals = append(k.removals, removal{kind: "old", bytes: k.old[0].bytes})
		k.old = k.old[1:]
	}
	return nil
}

// downtime does what may happen to a log while nobody reads it: a few
// rotations with a few lines in each, and compressing.
func (k *book) downtime(rotations int, zip bool) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for range rotations {
		n, _ := k.pace.some(1 + k.rng.IntN(40))
		if err := k.write(n); err != nil {
			return err
		}
		if err := k.rotate(k.down()); err != nil {
			return err
		}
	}
	for range len(k.old) {
		if !zip {
			break
		}
		if err := k.compress(); err != nil {
			return err
		}
	}
	n, _ := k.pace.some(k.rng.IntN(20))
	return k.write(n)
}
