package history

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const suffix = ".his"

// files are the files of the ring as Run writes them.
type files struct {
	dir   string // of the state
	limit int64

	known bool
	all   []file // oldest first; the last one is being written if open is set
	total int64
	last  uint64
	open  *os.File
}

type file struct {
	number uint64
	size   int64
}

func fileName(n uint64) string { return fmt.Sprintf("%016x%s", n, suffix) }

func (f *files) path(n uint64) string { return filepath.Join(f.dir, Dir, fileName(n)) }

// list gives the ring's files, oldest first.
func list(dir string) (out []file, err error) {
	entries, err := os.ReadDir(filepath.Join(dir, Dir)) // sorted by name
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		text, ok := strings.CutSuffix(e.Name(), suffix)
		n, perr := strconv.ParseUint(text, 16, 64)
		if !ok || perr != nil || len(text) != 16 {
			continue
		}
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue // gone, or none of ours
		}
		out = append(out, file{n, info.Size()})
	}
	return out, nil
}

// put appends a chunk to its file.
func (f *files) put(c chunk) error {
	if f.open == nil && !c.begins {
		return errors.New("its file was left")
	}
	if c.begins {
		if err := f.begin(); err != nil {
			return err
		}
	}
	if err := f.makeRoom(int64(len(c.b))); err != nil {
		return err
	}
	n, err := f.open.Write(c.b)
	f.all[len(f.all)-1].size += int64(n)
	f.total += int64(n)
	return err
}

func (f *files) begin() error {
	f.leave()
	if !f.known {
		// Not its parents: where the state directory was moved, a new one of its
		// name would stand in the way of its return.
		if err := os.Mkdir(filepath.Join(f.dir, Dir), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		all, err := list(f.dir)
		if err != nil {
			return err
		}
		f.all, f.known = all, true
		for _, one := range all {
			f.total += one.size
			f.last = max(f.last, one.number)
		}
	}
	f.last++
	opened, err := os.OpenFile(f.path(f.last), os.O_WRONLY|os.O_APPEND|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	f.open = opened
	f.all = append(f.all, file{number: f.last})
	return nil
}

// makeRoom removes the oldest files as long as there are too many.
func (f *files) makeRoom(more int64) error {
	for len(f.all) > 1 && (f.total+more > f.limit || len(f.all) > filesMax) {
		oldest := f.all[0]
		if err := os.Remove(f.path(oldest.number)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		f.total -= oldest.size
		f.all = f.all[1:]
	}
	return nil
}

// leave ends the file that is being written.
func (f *files) leave() {
	f.close()
	f.open = nil
}

func (f *files) left() bool { return f.open == nil }

func (f *files) close() {
	if f.open != nil {
		_ = f.open.Close() // nothing in it is promised
	}
}
