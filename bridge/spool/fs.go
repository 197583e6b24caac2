package spool

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// FS is what the spool asks of a file system. Names are whole paths. Errors
// answer to errors.Is with fs.ErrNotExist and fs.ErrExist where they apply.
//
// A method that changes a directory (Create, Rename, Remove) may be undone by
// a power cut until SyncDir has returned for that directory, and not after.
type FS interface {
	// MkdirAll makes dir with its parents, mode 0700; one that exists stays
	// as it is.
	MkdirAll(dir string) error
	// Create makes a new empty file, mode 0600, for reading and writing. It
	// fails where the name is taken.
	Create(name string) (File, error)
	// Open opens a file that exists, for reading and, if write is set, for
	// writing.
	Open(name string, write bool) (File, error)
	// Remove takes a name away. Files open under it stay readable.
	Remove(name string) error
	// Rename gives a file another name in the same file system, at once or
	// not at all.
	Rename(from, to string) error
	// OpenDir opens a directory, to know later whether a name leads to it.
	OpenDir(dir string) (Place, error)
	// List gives the plain files of a directory, sorted by name.
	List(dir string) ([]FileInfo, error)
	// SyncDir must not return nil until the directory's entries are durable.
	SyncDir(dir string) error
	// Lock takes the lock on a file that is made if need be and never
	// removed, and writes our process id into it. It doesn't wait: where
	// another process has the lock it fails with a *LockedError. Closing
	// gives the lock back; so does the end of the process.
	Lock(name string) (io.Closer, error)
	// Space gives the bytes that can still be written by us, and the size of
	// the file system that dir is on.
	Space(dir string) (free, total int64, err error)
}

// Place is something that is open, and has a name, or had one.
type Place interface {
	io.Closer
	// At returns nil where name leads to it. Otherwise the error answers to
	// fs.ErrNotExist where it leads nowhere, to ErrElsewhere where it leads to
	// something else; any other says nothing about it.
	At(name string) error
}

// ErrElsewhere says that a name leads to something else than what is open.
var ErrElsewhere = errors.New("the name leads elsewhere")

// File is an open file. Its methods may be called by several goroutines at
// once.
type File interface {
	Place
	io.ReaderAt
	// WriteAt writes all of b or fails; after a failure any part of it may
	// stand in the file. Nothing is durable until Sync.
	io.WriterAt
	// Sync must not return nil until all bytes written before it was called,
	// and the file's size, are durable. After an error any part of what was
	// written since the last good Sync may be lost, and a later Sync that
	// returns nil says nothing about it.
	Sync() error
	// Allocate makes the file size bytes long, with blocks of its own, so
	// that writing into them needs no new ones. New bytes read as zero. Where
	// the file system can't, it may do nothing. A file is never shortened.
	Allocate(size int64) error
	// Truncate cuts the file to size bytes.
	Truncate(size int64) error
	// Size gives the file's length in bytes.
	Size() (int64, error)
}

// FileInfo is an entry of a directory.
type FileInfo struct {
	Name    string // without the directory
	Size    int64
	Changed time.Time // the last write
}

// LockedError says that another process has the lock.
type LockedError struct {
	Name string
	PID  int // 0: not known
}

func (e *LockedError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("%s is locked by another process", e.Name)
	}
	return fmt.Sprintf("%s is locked by process %d", e.Name, e.PID)
}

// ErrClosed says that the spool takes nothing more.
var ErrClosed = errors.New("the spool is closed")
