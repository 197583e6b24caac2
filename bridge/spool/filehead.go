package spool

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"time"
)

// fileHead is what each file of ours begins with. It stands there twice, at 0
// and at headCopy, so that one bad sector doesn't take the salt, without which
// nothing else can be read. Frames begin at bodyStart.
//
//	  0  magic         8 bytes: whose file it is
//	  8  version       uint32
//	 12  zero          4 bytes
//	 16  salt          8 bytes
//	 24  epoch         uint64
//	 32  first         uint64: a segment's first number, a journal's generation, a store file's place in the row
//	 40  prev          uint64: the segment before, by its first number; 0: none. A journal's: the next recipient's handle
//	 48  prevEnd       uint64: the length up to which that one counts
//	 56  prevNext      uint64: the number behind the last event before this segment, wherever that stands
//	 64  created       int64: Unix nanoseconds
//	 72  given         uint64: how many events had been given out before this segment
//	124  CRC-32C of the 124 bytes before
type fileHead struct {
	magic    magic
	version  uint32 // set by reading; what is written is formatVersion
	salt     salt
	epoch    uint64
	first    uint64
	prev     uint64
	prevEnd  int64
	prevNext uint64
	created  time.Time
	given    uint64
}

type magic [8]byte

var (
	magicSegment    = magic([]byte("tpsegmnt"))
	magicJournal    = magic([]byte("tpjournl"))
	magicDead       = magic([]byte("tpdeadlt"))
	magicQuarantine = magic([]byte("tpquarnt"))
)

const (
	formatVersion = 1
	headBytes     = 128
	headCopy      = 512
	bodyStart     = 1024
)

func newSalt() (s salt) {
	_, _ = rand.Read(s[:]) // never fails: it ends the program instead
	return s
}

// appendHead appends both copies, up to bodyStart.
func appendHead(b []byte, h fileHead) []byte {
	at := len(b)
	b = append(b, make([]byte, bodyStart)...)
	c := b[at:]
	copy(c, h.magic[:])
	binary.LittleEndian.PutUint32(c[8:], formatVersion)
	copy(c[16:], h.salt[:])
	binary.LittleEndian.PutUint64(c[24:], h.epoch)
	binary.LittleEndian.PutUint64(c[32:], h.first)
	binary.LittleEndian.PutUint64(c[40:], h.prev)
	binary.LittleEndian.PutUint64(c[48:], uint64(h.prevEnd))
	binary.LittleEndian.PutUint64(c[56:], h.prevNext)
	binary.LittleEndian.PutUint64(c[64:], uint64(h.created.UnixNano()))
	binary.LittleEndian.PutUint64(c[72:], h.given)
	binary.LittleEndian.PutUint32(c[headBytes-4:], checksum(c[:headBytes-4]))
	copy(c[headCopy:], c[:headBytes])
	return b
}

// parseHead reads the better of the two copies from the first bodyStart bytes
// of a file. Where both are good and differ, a power cut fell between them:
// the higher first is the newer. Of another version than ours the version alone
// is given, and ok is false: magic, version and checksum stand in the same
// places in all of them.
func parseHead(b []byte, m magic) (h fileHead, ok bool) {
	for _, at := range [...]int{0, headCopy} {
		if len(b) < at+headBytes {
			break
		}
		switch c, good := parseHeadCopy(b[at:at+headBytes], m); {
		case good && c.version != formatVersion && !ok:
			h = fileHead{version: c.version}
		case good && c.version == formatVersion && (!ok || c.first > h.first):
			h, ok = c, true
		}
	}
	return h, ok
}

// VersionError says that a file of the spool was written in a format that this
// program doesn't know.
type VersionError struct {
	File         string // its path
	Found, Known uint32
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("%s has format version %d, and this program knows version %d: run the tailpost that wrote it, or a newer one", e.File, e.Found, e.Known)
}

// foreign gives the error of a head of another version, nil for all others.
func (h *fileHead) foreign(name string) error {
	if h.version == 0 || h.version == formatVersion {
		return nil
	}
	return &VersionError{File: name, Found: h.version, Known: formatVersion}
}

func parseHeadCopy(b []byte, m magic) (fileHead, bool) {
	if magic(b) != m ||
		binary.LittleEndian.Uint32(b[headBytes-4:]) != checksum(b[:headBytes-4]) {
		return fileHead{}, false
	}
	return fileHead{
		magic:    m,
		version:  binary.LittleEndian.Uint32(b[8:]),
		salt:     salt(b[16:]),
		epoch:    binary.LittleEndian.Uint64(b[24:]),
		first:    binary.LittleEndian.Uint64(b[32:]),
		prev:     binary.LittleEndian.Uint64(b[40:]),
		prevEnd:  int64(binary.LittleEndian.Uint64(b[48:])),
		prevNext: binary.LittleEndian.Uint64(b[56:]),
		created:  time.Unix(0, int64(binary.LittleEndian.Uint64(b[64:]))),
		given:    binary.LittleEndian.Uint64(b[72:]),
	}, true
}

// readHead reads the head of an open file. blank says that there is no head
// and nothing else either: the file is empty or all zero as far as its first
// bodyStart bytes go.
func readHead(f File, m magic) (h fileHead, ok, blank bool) {
	w := newWindow(f, bodyStart)
	w.stubborn = true
	b, _ := w.get(0, bodyStart, bodyStart) // a stubborn window doesn't fail
	if h, ok = parseHead(b, m); ok {
		return h, true, false
	}
	return h, false, isZero(b) && w.blind == 0
}

// isZero compares the bytes with their neighbours, all at once.
func isZero(b []byte) bool {
	return len(b) == 0 || b[0] == 0 && bytes.Equal(b[1:], b[:len(b)-1])
}
