// Package spooltest has a file system in memory for tests of the spool: it
// fails where it is told to, and it can lose power.
package spooltest

import (
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/tailpost/tailpost/bridge/spool"
)

// FS is a file system in memory. It keeps apart what is durable and what a
// power cut may take: bytes that no Sync has covered, names that no SyncDir
// has. Of what a failed Sync should have covered nobody knows whether it is
// durable, and no later Sync makes it so, as with a page cache.
type FS struct {
	mu      sync.Mutex
	names   map[string]*inode
	durable map[string]*inode
	dirs    map[string]*folder
	locks   map[string]bool
	log     []*change // not durable yet, in order
	fault   func(op Op, name string) error
	watch   func(op Op, name string, before *FS)
	total   int64
}

var _ spool.FS = (*FS)(nil)

// New gives an empty file system of that size in bytes; 0: without bounds.
func New(total int64) *FS {
	return &FS{
		names: make(map[string]*inode), durable: make(map[string]*inode),
		dirs: make(map[string]*folder), locks: make(map[string]bool), total: total,
	}
}

// Files gives the names of all files under a directory, sorted.
func (m *FS) Files(dir string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.filesLocked(dir)
}

func (m *FS) filesLocked(dir string) (out []string) {
	for name := range m.names {
		if filepath.Dir(name) == filepath.Clean(dir) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// Bytes gives a file's bytes; nil if there is none.
func (m *FS) Bytes(name string) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := m.names[name]; n != nil {
		return slices.Clone(n.data)
	}
	return nil
}

// SetBytes puts a durable file there, or changes one.
func (m *FS) SetBytes(name string, b []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.names[name]
	if n == nil {
		n = &inode{changed: time.Now()}
		m.names[name] = n
	}
	m.durable[name] = n
	n.data, n.durable, n.shared = slices.Clone(b), slices.Clone(b), false
}

// SetTotal changes the size of the file system.
func (m *FS) SetTotal(total int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.total = total
}

func (m *FS) usedLocked() (n int64) {
	for _, f := range m.names {
		n += int64(len(f.data))
	}
	return n
}

// roomLocked reports whether a file may grow to that size.
func (m *FS) roomLocked(n *inode, size int64) bool {
	more := size - int64(len(n.data))
	return m.total == 0 || more <= 0 || m.usedLocked()+more <= m.total
}

// MkdirAll is durable at once: the spool makes its folders before all else.
func (m *FS) MkdirAll(dir string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if dir = filepath.Clean(dir); m.dirs[dir] == nil {
		m.dirs[dir] = new(folder)
	}
	return nil
}

// Create makes a new file.
func (m *FS) Create(name string) (spool.File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.meetLocked(Create, name); err != nil {
		return nil, err
	}
	if m.names[name] != nil {
		return nil, &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
	}
	if m.dirs[filepath.Dir(name)] == nil {
		return nil, &fs.PathError{Op: "create", Path: name, Err: fs.ErrNotExist}
	}
	n := &inode{changed: time.Now()}
	m.nameLocked(&change{what: Create, name: name, node: n})
	return &file{m, n, name, true}, nil
}

// Open opens a file.
func (m *FS) Open(name string, write bool) (spool.File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.meetLocked(Open, name); err != nil {
		return nil, err
	}
	n := m.names[name]
	if n == nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &file{m, n, name, write}, nil
}

// Remove takes a name away.
func (m *FS) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.meetLocked(Remove, name); err != nil {
		return err
	}
	n := m.names[name]
	if n == nil {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	m.nameLocked(&change{what: Remove, name: name, node: n})
	return nil
}

// Rename gives a file another name.
func (m *FS) Rename(from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.meetLocked(Rename, from); err != nil {
		return err
	}
	n := m.names[from]
	if n == nil {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	m.nameLocked(&change{what: Rename, name: from, to: to, node: n})
	return nil
}

// List gives the files of a directory.
func (m *FS) List(dir string) ([]spool.FileInfo, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.meetLocked(List, dir); err != nil {
		return nil, err
	}
	if m.dirs[filepath.Clean(dir)] == nil {
		return nil, &fs.PathError{Op: "list", Path: dir, Err: fs.ErrNotExist}
	}
	var out []spool.FileInfo
	for _, name := range m.filesLocked(dir) {
		n := m.names[name]
		out = append(out, spool.FileInfo{Name: filepath.Base(name), Size: int64(len(n.data)), Changed: n.changed})
	}
	return out, nil
}

// SyncDir makes a directory's names durable.
func (m *FS) SyncDir(dir string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.meetLocked(SyncDir, dir); err != nil {
		return err
	}
	m.syncDirLocked(dir)
	return nil
}

// Lock takes a lock. A crash or a kill gives it back.
func (m *FS) Lock(name string) (io.Closer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.locks[name] {
		return nil, &spool.LockedError{Name: name, PID: 4711}
	}
	m.locks[name] = true
	return unlock{m, name}, nil
}

type unlock struct {
	fs   *FS
	name string
}

func (u unlock) Close() error {
	u.fs.mu.Lock()
	defer u.fs.mu.Unlock()
	delete(u.fs.locks, u.name)
	return nil
}

// Space gives what is free; without bounds, a terabyte.
func (m *FS) Space(string) (free, total int64, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.total == 0 {
		return 1 << 40, 1 << 40, nil
	}
	return max(0, m.total-m.usedLocked()), m.total, nil
}

// copyLocked copies all but faults and locks.
func (m *FS) copyLocked() *FS {
	out := New(m.total)
	out.dirs = maps.Clone(m.dirs)
	copies := copier{}
	for name, n := range m.durable {
		out.durable[name] = copies.of(n)
	}
	for name, n := range m.names {
		out.names[name] = copies.of(n)
	}
	out.log = make([]*change, len(m.log))
	for i, c := range m.log {
		d := *c
		d.node = copies.of(c.node)
		out.log[i] = &d
	}
	return out
}

var errNoSpace error = syscall.ENOSPC
