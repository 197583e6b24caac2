package spooltest

import (
	"io"
	"io/fs"
	"slices"
	"time"
)

type file struct {
	fs    *FS
	node  *inode
	name  string
	write bool
}

func (f *file) ReadAt(b []byte, off int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.fs.failLocked(Read, f.name); err != nil {
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
	err := f.fs.failLocked(Write, f.name)
	if err == nil && !f.fs.roomLocked(f.node, off+int64(len(b))) {
		err = &fs.PathError{Op: "write", Path: f.name, Err: errNoSpace}
	}
	n := len(b)
	if err != nil {
		n = min(n/2, max(0, len(f.node.data)-int(off)))
	}
	if n > 0 {
		b = slices.Clone(b[:n])
		f.node.write(b, off)
		f.node.changed = time.Now()
		f.fs.log = append(f.fs.log, &change{what: Write, node: f.node, off: off, data: b})
	}
	return n, err
}

// Sync makes the file's bytes durable. Where it fails they never will be,
// though they can still be read.
func (f *file) Sync() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	err := f.fs.failLocked(Sync, f.name)
	for _, c := range f.fs.log {
		if c.node != f.node || c.ofName() {
			continue
		}
		c.done = true
		if err != nil {
			continue
		}
		d := inode{data: f.node.durable}
		c.apply(nil, &d)
		f.node.durable = d.data
	}
	f.fs.tidyLocked()
	return err
}

func (f *file) Allocate(size int64) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.fs.failLocked(Allocate, f.name); err != nil {
		return err
	}
	if size <= int64(len(f.node.data)) {
		return nil
	}
	if !f.fs.roomLocked(f.node, size) {
		return &fs.PathError{Op: "allocate", Path: f.name, Err: errNoSpace}
	}
	f.resizeLocked(size)
	return nil
}

func (f *file) Truncate(size int64) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.fs.failLocked(Truncate, f.name); err != nil {
		return err
	}
	f.resizeLocked(size)
	return nil
}

func (f *file) resizeLocked(size int64) {
	f.node.resize(size)
	f.fs.log = append(f.fs.log, &change{what: Truncate, node: f.node, size: size})
}

func (f *file) Size() (int64, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	return int64(len(f.node.data)), nil
}

func (f *file) Close() error { return nil }
