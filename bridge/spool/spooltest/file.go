package spooltest

import (
	"io"
	"io/fs"

	"github.com/tailpost/tailpost/bridge/spool"
)

type file struct {
	fs    *FS
	node  *inode
	name  string
	write bool
}

var _ spool.File = (*file)(nil)

func (f *file) ReadAt(b []byte, off int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.fs.meetLocked(Read, f.name); err != nil {
		return 0, err
	}
	if off >= int64(len(f.node.data)) {
		return 0, io.EOF
	}
	n := copy(b, f.node.data[off:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (f *file) WriteAt(b []byte, off int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if !f.write {
		return 0, &fs.PathError{Op: "write", Path: f.name, Err: fs.ErrPermission}
	}
	err := f.fs.meetLocked(Write, f.name)
	if err == nil && !f.fs.roomLocked(f.node, off+int64(len(b))) {
		err = &fs.PathError{Op: "write", Path: f.name, Err: errNoSpace}
	}
	n := len(b)
	if err != nil {
		n = min(n/2, max(0, len(f.node.data)-int(off)))
	}
	if n > 0 {
		f.fs.writeLocked(f.node, b[:n], off)
	}
	return n, err
}

// Sync makes the file's bytes durable. Where it fails they may never be,
// though they can still be read.
func (f *file) Sync() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	err := f.fs.meetLocked(Sync, f.name)
	f.fs.syncLocked(f.node, err != nil)
	return err
}

func (f *file) Allocate(size int64) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.fs.meetLocked(Allocate, f.name); err != nil {
		return err
	}
	if size <= int64(len(f.node.data)) {
		return nil
	}
	if !f.fs.roomLocked(f.node, size) {
		return &fs.PathError{Op: "allocate", Path: f.name, Err: errNoSpace}
	}
	f.fs.resizeLocked(f.node, size)
	return nil
}

func (f *file) Truncate(size int64) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.fs.meetLocked(Truncate, f.name); err != nil {
		return err
	}
	f.fs.resizeLocked(f.node, size)
	return nil
}

func (f *file) Size() (int64, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	return int64(len(f.node.data)), nil
}

func (f *file) Close() error { return nil }

// At is spool.Place's.
func (f *file) At(name string) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	switch f.fs.names[name] {
	case f.node:
		return nil
	case nil:
		return &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
	}
	return spool.ErrElsewhere
}
