package drop

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// finish gets files out of the way that are durable to their end, and puts
// into the batch that their positions aren't needed any more. A file that
// can't be moved or deleted is tried again.
func (r *reader) finish(names []string) {
	var away []string
	for _, name := range names {
		f := r.files[name]
		if f == nil || !f.finished {
			continue
		}
		if r.o.Done == DoneKeep {
			r.kept.add(hashOf(name, f.look))
			r.forget(name, f)
			continue
		}
		if !f.taken.IsZero() && time.Since(f.taken) < r.o.Settle {
			continue // the next look comes in time
		}
		err := r.claim(name, f.look)
		if errors.Is(err, errOther) || errors.Is(err, fs.ErrNotExist) {
			continue // the next look tells more
		}
		if err != nil {
			r.stays(name, err)
			continue
		}
		if err := r.dispose(name); err != nil {
			r.stays(name, errors.Join(err, r.putBack(name)))
			continue
		}
		away = append(away, name)
	}
	if len(away) == 0 {
		return
	}
	// What is on disk counts: a power cut must not bring back a file whose
	// position is given up.
	for _, dir := range []string{filepath.Join(r.o.Dir, doneDir), r.o.Dir} {
		if err := syncDir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			r.log.Warn().Err(err).Msg("sync the drop directory")
		}
	}
	for _, name := range away {
		r.clear(name)
		r.forget(name, r.files[name])
	}
}

// claimDir is our own directory within the drop directory. Its name is the
// source's own, so that two sources may share a directory.
func (r *reader) claimDir() string {
	return filepath.Join(r.o.Dir, fmt.Sprintf(".tailpost-%x", sha256.Sum256([]byte(r.o.Name)))[:len(".tailpost-")+8])
}

// errOther says that another file had taken the place of ours, or that ours
// had grown.
var errOther = errors.New("the file has changed")

// claim renames a file into our own directory, and makes sure that it is the
// one that was read, as it was read.
func (r *reader) claim(name string, was look) error {
	to := filepath.Join(r.claimDir(), name)
	if err := makeDir(r.claimDir(), 0o700); err != nil {
		return err
	}
	if _, err := os.Lstat(to); err == nil {
		r.recovered = false
		return fmt.Errorf("%s is in the way", to)
	}
	if err := os.Rename(r.path(name), to); err != nil {
		return err
	}
	fi, err := os.Lstat(to)
	if err == nil && (!fi.Mode().IsRegular() || lookOf(fi) != was) {
		err = errOther
	}
	if err != nil {
		return errors.Join(err, r.putBack(name))
	}
	return nil
}

// dispose moves or deletes a claimed file.
func (r *reader) dispose(name string) error {
	from := filepath.Join(r.claimDir(), name)
	if r.o.Done == DoneDelete {
		return os.Remove(from)
	}
	dir := filepath.Join(r.o.Dir, doneDir)
	if err := makeDir(dir, 0o750); err != nil {
		return err
	}
	to, err := freeName(dir, name)
	if err != nil {
		return err
	}
	return os.Rename(from, filepath.Join(dir, to))
}

// putBack gives a claimed file its name again, or one like it where that is
// taken.
func (r *reader) putBack(name string) error {
	from := filepath.Join(r.claimDir(), name)
	for range 3 {
		to, err := freeName(r.o.Dir, name)
		if err != nil {
			return err
		}
		// A link, unlike a rename, doesn't replace what was dropped meanwhile.
		err = os.Link(from, r.path(to))
		switch {
		case err == nil:
			return os.Remove(from)
		case errors.Is(err, fs.ErrExist):
			continue
		}
		return os.Rename(from, r.path(to)) // no links on this file system
	}
	return fmt.Errorf("no free name for %s", name)
}

// recover deals with what a crash left in our own directory: it was read to
// its end, or it was put in the place of such a file and goes back.
func (r *reader) recover() error {
	entries, err := os.ReadDir(r.claimDir())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, de := range entries {
		fi, err := de.Info()
		if err != nil {
			return err
		}
		name := de.Name()
		f := r.files[name]
		if r.o.Done == DoneKeep || f == nil || !f.finished || lookOf(fi) != f.look {
			err = r.putBack(name)
		} else {
			err = r.dispose(name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

const (
	nameMax  = 255 // bytes, on the usual file systems
	namesMax = 100 // numbers that are tried
)

// freeName gives a name that dir doesn't have: name, name.1 and so on.
func freeName(dir, name string) (string, error) {
	for i := range namesMax + 1 {
		end := ""
		switch {
		case i == namesMax:
			end = fmt.Sprintf(".%d", time.Now().UnixNano())
		case i > 0:
			end = fmt.Sprintf(".%d", i)
		}
		to := name[:min(len(name), nameMax-len(end))] + end
		if _, err := os.Lstat(filepath.Join(dir, to)); errors.Is(err, fs.ErrNotExist) {
			return to, nil
		} else if err != nil {
			return "", err
		}
	}
	return "", fmt.Errorf("no free name for %s in %s", name, dir)
}

func makeDir(dir string, mode os.FileMode) error {
	if err := os.Mkdir(dir, mode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
