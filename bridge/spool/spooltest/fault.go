package spooltest

import (
	"io/fs"
)

// Op names what is asked of the file system.
type Op string

// The operations that a fault can meet.
const (
	Open     Op = "open"
	List     Op = "list"
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

// changes reports whether the operation may change what a power cut leaves.
func (op Op) changes() bool { return op != Open && op != List && op != Read }

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

// SetWatch has f called before each operation that may change what a power
// cut leaves, with the file system as it is then; f must not use this one.
// Nil ends it.
func (m *FS) SetWatch(f func(op Op, name string, before *FS)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.watch = f
}

// meetLocked stands before each operation.
func (m *FS) meetLocked(op Op, name string) error {
	if m.watch != nil && op.changes() {
		m.watch(op, name, m.copyLocked())
	}
	if m.fault == nil {
		return nil
	}
	if err := m.fault(op, name); err != nil {
		return &fs.PathError{Op: string(op), Path: name, Err: err}
	}
	return nil
}
