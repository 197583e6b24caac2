package tail

import (
	"compress/gzip"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"time"

	"github.com/fsnotify/fsnotify"
)

// stressWriter is a program that logs, and its rotation.
type stressWriter struct {
	r     *rig
	rnd   *rand.Rand
	total int

	rename, copying, partial bool
	zip                      bool // compress some of what was rotated
	unseen                   bool // rotate more often than anybody looks

	rotations int
	done      atomic.Bool
}

func (w *stressWriter) run() error {
	defer w.done.Store(true)
	f, err := openAppend(w.r.path)
	if err != nil {
		return err
	}
	defer func() { f.Close() }()
	var rest []byte
	next := 0
	for next < w.total || len(rest) > 0 {
		if next < w.total {
			to := min(w.total, next+1+w.rnd.IntN(60))
			rest = append(rest, text(numbered(next, to)...)...)
			next = to
		}
		n := len(rest)
		if next < w.total {
			n = w.rnd.IntN(n + 1)
		}
		if _, err := f.Write(rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
		if w.rnd.IntN(20) == 0 || w.unseen && w.rnd.IntN(3) == 0 {
			if f, rest, err = w.rotate(f, rest); err != nil {
				return err
			}
		}
		if w.rnd.IntN(4) == 0 {
			<-time.After(time.Duration(w.rnd.IntN(4)) * time.Millisecond)
		}
	}
	return nil
}

// rotate ends the line that is open, before or after the file is renamed, and
// goes on in the new file.
func (w *stressWriter) rotate(f *os.File, rest []byte) (*os.File, []byte, error) {
	end := 0
	for end < len(rest) && rest[end] != '\n' {
		end++
	}
	if end < len(rest) {
		end++
	}
	if !w.partial {
		if _, err := f.Write(rest[:end]); err != nil {
			return f, rest, err
		}
		rest, end = rest[end:], 0
	}
	if err := w.shift(); err != nil {
		return f, rest, err
	}
	w.rotations++
	if w.copying && (!w.rename || w.rnd.IntN(2) == 0) {
		return f, rest, w.copyAway()
	}
	if err := os.Rename(w.r.path, w.r.path+".1"); err != nil {
		return f, rest, err
	}
	if _, err := f.Write(rest[:end]); err != nil {
		return f, rest, err
	}
	f.Close()
	f, err := openAppend(w.r.path)
	if err == nil && w.zip {
		err = w.pack()
	}
	return f, rest[end:], err
}

// pack compresses one of the rotated files, as gzip does it.
func (w *stressWriter) pack() error {
	path := fmt.Sprintf("%s.%d", w.r.path, 1+w.rnd.IntN(3))
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	st, err := os.Stat(path)
	if err != nil {
		return err
	}
	z, err := os.Create(path + ".gz")
	if err != nil {
		return err
	}
	gz, _ := gzip.NewWriterLevel(z, gzip.BestSpeed)
	for len(b) > 0 && err == nil {
		n := min(len(b), 1+w.rnd.IntN(4096))
		_, err = gz.Write(b[:n])
		b = b[n:]
		_ = gz.Flush()
	}
	if err := errors.Join(err, gz.Close(), z.Close()); err != nil {
		return err
	}
	if err := os.Chtimes(path+".gz", st.ModTime(), st.ModTime()); err != nil {
		return err
	}
	return os.Remove(path)
}

func noWatcher() (*fsnotify.Watcher, error) { return nil, errors.New("too many open files") }
