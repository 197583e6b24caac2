package filesink

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/rs/zerolog"
)

// file is a target that is opened by name when it is needed.
type file struct {
	path string
	log  zerolog.Logger
	sync func(*os.File) error

	mu      sync.Mutex // guards f, which Close takes away from a write that hangs
	f       *os.File
	closed  bool
	regular bool // owned by the writer
}

// write appends whole lines and syncs them. After an error the file is closed:
// the next write opens it anew and cuts what was torn. What a failed sync
// leaves is unknown, so those lines may come twice; they have their ids.
func (t *file) write(b []byte) error {
	f, err := t.current()
	if err != nil {
		return err
	}
	if !t.regular {
		_, err := f.Write(b)
		return errors.Join(err, t.dropIf(err))
	}
	before, err := f.Stat()
	if err != nil {
		return errors.Join(err, t.dropIf(err))
	}
	n, err := f.Write(b)
	if err != nil {
		takeBack(f, before.Size(), int64(n))
		return errors.Join(err, t.dropIf(err))
	}
	if err := t.sync(f); err != nil {
		return errors.Join(fmt.Errorf("sync: %w", err), t.dropIf(err))
	}
	return nil
}

// takeBack cuts off the n bytes that a failed write left behind size, unless
// somebody else wrote too. Where it fails, mend comes after it.
func takeBack(f *os.File, size, n int64) {
	if fi, err := f.Stat(); err == nil && fi.Size() == size+n {
		_ = f.Truncate(size)
	}
}

// current gives the open file, or opens it if the name means another one now.
func (t *file) current() (*os.File, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, errClosed
	}
	if t.f != nil && t.regular && !t.isCurrentLocked() {
		t.log.Info().Msg("file was moved away, made anew")
		_ = t.f.Close() // all in it is synced
		t.f = nil
	}
	if t.f != nil {
		return t.f, nil
	}
	f, err := openEnd(t.path)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	t.regular = fi.Mode().IsRegular()
	if t.regular {
		cut, err := mend(f)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("mend the last line: %w", err), f.Close())
		}
		if cut > 0 {
			t.log.Warn().Int64("bytes", cut).Msg("torn last line cut off")
		}
	}
	t.f = f
	return f, nil
}

func (t *file) isCurrentLocked() bool {
	there, err := os.Stat(t.path)
	if err != nil {
		return false
	}
	have, err := t.f.Stat()
	return err == nil && os.SameFile(there, have)
}

// dropIf closes the file if err is one, for the next write to open it anew.
func (t *file) dropIf(err error) error {
	if err == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.dropLocked()
}

func (t *file) dropLocked() error {
	if t.f == nil {
		return nil
	}
	f := t.f
	t.f = nil
	return f.Close()
}

// Close ends a write that is under way, where the system can.
func (t *file) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	return t.dropLocked()
}

// openEnd opens path for appending, and makes it if it isn't there. It doesn't
// wait for the reader of a pipe.
func openEnd(path string) (*os.File, error) {
	const flags = os.O_RDWR | os.O_APPEND | syscall.O_NONBLOCK
	f, err := os.OpenFile(path, flags, 0)
	if errors.Is(err, os.ErrNotExist) {
		return create(path, flags)
	}
	if err != nil {
		return openSpecial(path, err)
	}
	fi, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if fi.Mode()&os.ModeNamedPipe == 0 {
		return f, nil
	}
	// Opened for reading too, the pipe has us as its reader.
	return openSpecial(path, f.Close())
}

// openSpecial opens what is no regular file for writing alone; for a regular
// one that could not be opened err is the reason.
func openSpecial(path string, err error) (*os.File, error) {
	if fi, serr := os.Stat(path); serr == nil && fi.Mode().IsRegular() || err != nil && serr != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_APPEND|syscall.O_NONBLOCK, 0)
}

// create makes the file and syncs its directory, so that what is synced in it
// can be found.
func create(path string, flags int) (*os.File, error) {
	f, err := os.OpenFile(path, flags|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return f, nil // may be written to but not read: then it can't be synced
	}
	defer dir.Close()
	if err := dir.Sync(); err != nil {
		return nil, errors.Join(fmt.Errorf("sync the directory: %w", err), f.Close())
	}
	return f, nil
}

// ours begins each line that this package writes.
const ours = `{"id":"`

// mendMax bounds how long a torn line can be, in bytes.
const mendMax = 16 << 20

// mend sees to it that the file ends with a line's end: a torn line of ours is
// cut off, anything else gets its newline. It says how much was cut.
func mend(f *os.File) (cut int64, err error) {
	fi, err := f.Stat()
	if err != nil || fi.Size() == 0 {
		return 0, err
	}
	size := fi.Size()
	start, err := lastLine(f, size)
	if err != nil || start == size {
		return 0, err
	}
	if start >= 0 && isOurs(f, start, size) {
		return size - start, f.Truncate(start)
	}
	_, err = f.Write([]byte{'\n'})
	return 0, err
}

// lastLine finds where the last line begins: size if the file ends with a
// newline, -1 if the line is too long to be ours.
func lastLine(f io.ReaderAt, size int64) (int64, error) {
	const step = 64 << 10
	buf := make([]byte, step)
	for end := size; end > 0 && size-end < mendMax; {
		n := min(end, step)
		if _, err := f.ReadAt(buf[:n], end-n); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			return end - n + int64(i) + 1, nil
		}
		end -= n
		if end == 0 {
			return 0, nil
		}
	}
	return -1, nil
}

// isOurs tells a line of ours, or the beginning of one.
func isOurs(f io.ReaderAt, start, end int64) bool {
	head := make([]byte, min(int64(len(ours)), end-start))
	_, err := f.ReadAt(head, start)
	return err == nil && bytes.HasPrefix([]byte(ours), head)
}
