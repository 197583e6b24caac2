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

// Op names what is asked of the file system.
type Op string

// The operations that a fault can meet.
const (
	Read     Op = "read"
	Write    Op = "write"
	Sync     Op = "sync"
	SyncDir  Op = "syncdir"
	Create   Op = "create"
	Remove   Op = "remove"
	Rename   Op = "rename"
	Truncate Op = "truncate"
	Allocate Op = "allocate"
)

// FS is a file system in memory. It keeps apart what is durable and what a
// power cut may take: bytes that no Sync has covered, names that no SyncDir
// has. A Sync that fails loses what it should have made durable for good, as
// a page cache may.
type FS struct {
	mu      sync.Mutex
	names   map[string]*inode
	durable map[string]*inode
	dirs    map[string]bool
	locks   map[string]bool
	log     []*change // not durable yet, in order
	fault   func(op Op, name string) error
	total   int64
}

var _ spool.FS = (*FS)(nil)

type inode struct {
	data    []byte
	durable []byte
	changed time.Time
}

// change is one thing that is not durable yet.
type change struct {
	what Op // Write, Truncate (of any length), Create, Remove, Rename
	done bool

	node *inode
	off  int64
	data []byte
	size int64

	name, to string
}

// apply makes the change in files, or in names.
func (c *change) apply(names map[string]*inode, node *inode) {
	switch c.what {
	case Write:
		node.write(c.data, c.off)
	case Truncate:
		node.resize(c.size)
	case Create:
		names[c.name] = node
	case Remove:
		delete(names, c.name)
	case Rename:
		delete(names, c.name)
		names[c.to] = node
	}
}

// ofName reports whether it is a change of a directory.
func (c *change) ofName() bool { return c.what != Write && c.what != Truncate }

// New gives an empty file system of that size in bytes; 0: without bounds.
func New(total int64) *FS {
	return &FS{
		names: make(map[string]*inode), durable: make(map[string]*inode),
		dirs: make(map[string]bool), locks: make(map[string]bool), total: total,
	}
}

// SetFault has f asked before each operation; its error is the operation's. A
// write that fails so leaves the first half of its bytes in the file. Nil
// ends it.
func (m *FS) SetFault(f func(op Op, name string) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault = f
}

// FailNth makes the nth such operation from now on fail once, 1 being the
// next.
func (m *FS) FailNth(op Op, n int, err error) {
	m.SetFault(func(o Op, _ string) error {
		if o == op {
			if n--; n == 0 {
				return err
			}
		}
		return nil
	})
}

// Crash gives the file system as it is found after a power cut: what is
// durable, and of the rest the first keep bytes in the order they were
// written (a change of a name or a length counts as one). The old one goes on
// by itself.
func (m *FS) Crash(keep int) *FS {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := New(m.total)
	out.dirs = maps.Clone(m.dirs)
	copies := copier{}
	for name, n := range m.durable {
		out.names[name] = copies.of(n, n.durable)
	}
	for _, c := range m.log {
		if keep <= 0 {
			break
		}
		cut := *c
		if c.what == Write {
			cut.data = c.data[:min(keep, len(c.data))]
			keep -= len(cut.data)
		} else {
			keep--
		}
		cut.apply(out.names, copies.of(c.node, c.node.durable))
	}
	for name, n := range out.names {
		n.durable = slices.Clone(n.data)
		out.durable[name] = n
	}
	return out
}

// Kill gives the file system as it is found after the end of the process: all
// that was written, and no more of it durable than before.
func (m *FS) Kill() *FS {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := New(m.total)
	out.dirs = maps.Clone(m.dirs)
	copies := copier{}
	for name, n := range m.durable {
		out.durable[name] = copies.of(n, n.data)
	}
	for name, n := range m.names {
		out.names[name] = copies.of(n, n.data)
	}
	for _, c := range m.log {
		d := *c
		d.node = copies.of(c.node, c.node.data)
		out.log = append(out.log, &d)
	}
	for n, c := range copies {
		c.durable = slices.Clone(n.durable)
	}
	return out
}

// copier copies each file once.
type copier map[*inode]*inode

func (c copier) of(n *inode, data []byte) *inode {
	if c[n] == nil {
		c[n] = &inode{data: slices.Clone(data), changed: n.changed}
	}
	return c[n]
}

// Files gives the names of all files under a directory, sorted.
func (m *FS) Files(dir string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
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
	n.data, n.durable = slices.Clone(b), slices.Clone(b)
}

// SetTotal changes the size of the file system.
func (m *FS) SetTotal(total int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.total = total
}

func (n *inode) write(b []byte, off int64) {
	n.data = grow(n.data, off+int64(len(b)))
	copy(n.data[off:], b)
}

func (n *inode) resize(size int64) {
	if size < int64(len(n.data)) {
		n.data = n.data[:size:size]
		return
	}
	n.data = grow(n.data, size)
}

func grow(b []byte, size int64) []byte {
	if n := size - int64(len(b)); n > 0 {
		b = append(b, make([]byte, n)...)
	}
	return b
}

func (m *FS) failLocked(op Op, name string) error {
	if m.fault == nil {
		return nil
	}
	if err := m.fault(op, name); err != nil {
		return &fs.PathError{Op: string(op), Path: name, Err: err}
	}
	return nil
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
	m.dirs[filepath.Clean(dir)] = true
	return nil
}

// Create makes a new file.
func (m *FS) Create(name string) (spool.File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.failLocked(Create, name); err != nil {
		return nil, err
	}
	if m.names[name] != nil {
		return nil, &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
	}
	if !m.dirs[filepath.Dir(name)] {
		return nil, &fs.PathError{Op: "create", Path: name, Err: fs.ErrNotExist}
	}
	n := &inode{changed: time.Now()}
	m.nameLocked(&change{what: Create, name: name, node: n})
	return &file{m, n, name, true}, nil
}

// nameLocked makes a change of names, not durable yet.
func (m *FS) nameLocked(c *change) {
	c.apply(m.names, c.node)
	m.log = append(m.log, c)
}

// Open opens a file.
func (m *FS) Open(name string, write bool) (spool.File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
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
	if err := m.failLocked(Remove, name); err != nil {
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
	if err := m.failLocked(Rename, from); err != nil {
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
	if !m.dirs[filepath.Clean(dir)] {
		return nil, &fs.PathError{Op: "list", Path: dir, Err: fs.ErrNotExist}
	}
	var out []spool.FileInfo
	for _, name := range slices.Sorted(maps.Keys(m.names)) {
		if filepath.Dir(name) == filepath.Clean(dir) {
			n := m.names[name]
			out = append(out, spool.FileInfo{Name: filepath.Base(name), Size: int64(len(n.data)), Changed: n.changed})
		}
	}
	return out, nil
}

// SyncDir makes a directory's names durable.
func (m *FS) SyncDir(dir string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.failLocked(SyncDir, dir); err != nil {
		return err
	}
	for _, c := range m.log {
		at := c.name
		if c.what == Rename {
			at = c.to
		}
		if c.ofName() && filepath.Dir(at) == filepath.Clean(dir) {
			c.apply(m.durable, c.node)
			c.done = true
		}
	}
	m.tidyLocked()
	return nil
}

// tidyLocked forgets what is durable.
func (m *FS) tidyLocked() {
	m.log = slices.DeleteFunc(m.log, func(c *change) bool { return c.done })
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

var errNoSpace error = syscall.ENOSPC
