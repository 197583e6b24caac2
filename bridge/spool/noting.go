package spool

import (
	"errors"
	"io"
)

// noting is a file system that keeps the last error of a read: for those who
// read on where bytes can't be had, and must know of it. It is used by one
// goroutine.
type noting struct {
	FS
	err error
}

func (n *noting) Open(name string, write bool) (File, error) {
	f, err := n.FS.Open(name, write)
	if err != nil {
		return nil, err
	}
	return notingFile{f, n}, nil
}

type notingFile struct {
	File
	n *noting
}

func (f notingFile) ReadAt(b []byte, off int64) (int, error) {
	n, err := f.File.ReadAt(b, off)
	if err != nil && !errors.Is(err, io.EOF) {
		f.n.err = err
	}
	return n, err
}
