package spooltest

import (
	"path/filepath"
	"slices"
	"time"
)

// sectorBytes is what a disk writes whole or not at all.
const sectorBytes = 512

// change is one thing that is not durable: of a name, of a file's length, or
// of bytes within one sector.
type change struct {
	what Op // Write, Truncate (of any length), Create, Remove, Rename
	node *inode
	// lost says that a sync which should have covered it has failed: it may
	// have been made, but no later sync covers it.
	lost bool

	off  int64 // of data, in the file
	data []byte
	size int64

	name, to string
}

// ofName reports whether it is a change of a directory.
func (c *change) ofName() bool { return c.what != Write && c.what != Truncate }

// apply makes the change in names, or in node.
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

// sector is the one that the bytes of a write are in.
func (c *change) sector() int64 { return c.off / sectorBytes }

// writeLocked writes bytes into a file, not durable yet.
func (m *FS) writeLocked(n *inode, b []byte, off int64) {
	b = slices.Clone(b)
	if end := off + int64(len(b)); end > int64(len(n.data)) {
		m.resizeLocked(n, end)
	}
	for len(b) > 0 {
		k := min(len(b), int(sectorBytes-off%sectorBytes))
		c := &change{what: Write, node: n, off: off, data: b[:k]}
		c.apply(nil, n)
		m.log = append(m.log, c)
		b, off = b[k:], off+int64(k)
	}
	n.changed = time.Now()
}

func (m *FS) resizeLocked(n *inode, size int64) {
	c := &change{what: Truncate, node: n, size: size}
	c.apply(nil, n)
	m.log = append(m.log, c)
}

// nameLocked changes a directory, not durable yet.
func (m *FS) nameLocked(c *change) {
	c.apply(m.names, c.node)
	m.log = append(m.log, c)
}

// syncLocked makes a file's bytes and length durable: sector by sector, as
// they are now. What an earlier sync has lost stays lost, unless its sector
// was written again since. A sync that fails loses what it should cover.
func (m *FS) syncLocked(n *inode, failed bool) {
	n.own()
	size, again := int64(len(n.durable)), make(map[int64]bool)
	for _, c := range m.log {
		switch {
		case c.node != n || c.ofName() || c.lost:
		case failed:
			c.lost = true
		case c.what == Truncate:
			size = c.size
		default:
			size = max(size, c.off+int64(len(c.data)))
			again[c.sector()] = true
		}
	}
	if failed {
		return
	}
	n.durable = resized(n.durable, min(size, int64(len(n.data))))
	for s := range again {
		if from := s * sectorBytes; from < int64(len(n.durable)) {
			copy(n.durable[from:min(from+sectorBytes, int64(len(n.durable)))], n.data[from:])
		}
	}
	m.log = slices.DeleteFunc(m.log, func(c *change) bool {
		return c.node == n && !c.ofName() && (!c.lost || c.what == Write && again[c.sector()])
	})
}

// syncDirLocked makes a directory's names durable.
func (m *FS) syncDirLocked(dir string) {
	m.log = slices.DeleteFunc(m.log, func(c *change) bool {
		at := c.name
		if c.what == Rename {
			at = c.to
		}
		if !c.ofName() || filepath.Dir(at) != filepath.Clean(dir) {
			return false
		}
		c.apply(m.durable, c.node)
		return true
	})
}
