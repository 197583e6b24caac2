package spooltest

import "time"

// inode is a file's content, under no name, one or two.
type inode struct {
	data    []byte // as it is read
	durable []byte // as a power cut leaves it, where nothing of the log is kept
	changed time.Time
	shared  bool // both belong to a copy, too, and must not be written to
}

// own makes the bytes ours alone before they are written to.
func (n *inode) own() {
	if n.shared {
		n.data, n.durable, n.shared = append([]byte(nil), n.data...), append([]byte(nil), n.durable...), false
	}
}

func (n *inode) write(b []byte, off int64) {
	n.own()
	n.data = grow(n.data, off+int64(len(b)))
	copy(n.data[off:], b)
}

func (n *inode) resize(size int64) {
	n.own()
	n.data = resized(n.data, size)
}

func resized(b []byte, size int64) []byte {
	if size < int64(len(b)) {
		return b[:size:size]
	}
	return grow(b, size)
}

func grow(b []byte, size int64) []byte {
	if n := size - int64(len(b)); n > 0 {
		b = append(b, make([]byte, n)...)
	}
	return b
}

// copier copies each file once. The copies share their bytes with the
// originals until one of them is written to.
type copier map[*inode]*inode

func (c copier) of(n *inode) *inode {
	if c[n] == nil {
		n.shared = true
		d := *n
		c[n] = &d
	}
	return c[n]
}

// cut is of, but what is read is what is durable.
func (c copier) cut(n *inode) *inode {
	d := c.of(n)
	d.data = d.durable
	return d
}
