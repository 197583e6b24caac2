package config

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// contents stands for all that the files of a Depends hold: it is another one
// when one of them changes, comes or goes.
type contents [sha256.Size]byte

// contentMost bounds how much of a file is looked at, in bytes: none of them
// may be longer.
const contentMost = 5 << 20

// contents reads the files.
func (d Depends) contents() contents {
	h := sha256.New()
	for _, name := range d.Files {
		addText(h, name)
		addFile(h, name)
	}
	for _, pattern := range d.Globs {
		addText(h, pattern)
		names, _ := included(pattern) // was a pattern when it was read
		for _, name := range names {
			addText(h, name)
		}
	}
	return contents(h.Sum(nil))
}

// addText adds a text with its length, so that no two rows of texts are alike.
func addText(h hash.Hash, s string) {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(s)))
	h.Write(n[:])
	io.WriteString(h, s)
}

// addFile adds what a file holds, or why it can't be read. What is no regular
// file isn't read: a pipe gives its bytes once.
func addFile(h hash.Hash, name string) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		var pe *fs.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		addText(h, "can't: "+err.Error())
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		addText(h, "no file")
		return
	}
	own := sha256.New()
	n, err := io.Copy(own, io.LimitReader(f, contentMost))
	if err != nil {
		addText(h, "can't: "+err.Error())
		return
	}
	addText(h, "holds")
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	h.Write(b[:])
	h.Write(own.Sum(nil))
}
