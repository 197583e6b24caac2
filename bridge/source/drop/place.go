package drop

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc64"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/codec"
)

// look is what is asked of a file.
type look struct {
	ino         uint64
	size, mtime int64 // bytes; ns since 1970
}

func lookOf(fi fs.FileInfo) look {
	l := look{size: fi.Size(), mtime: fi.ModTime().UnixNano()}
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		l.ino = uint64(st.Ino)
	}
	return l
}

// place is how far a file is durable.
type place struct {
	look            // when it was looked at last
	takenSize int64 // when its first line was taken: they stand in ids
	takenTime int64
	off       int64  // of the plain bytes; always behind a line
	sum       uint64 // of the last window bytes before off, in a plain file
	finished  bool   // read to its end; it has to be got out of the way
}

const (
	placeVersion = 1
	placeStream  = "f:" // + name: the position of a file
	keptStream   = "k:" // + number: a part of the files that are remembered

	window = 512 // bytes
)

func (p place) position(name string) bridge.Position {
	b := []byte{placeVersion, 0}
	if p.finished {
		b[1] = 1
	}
	b = binary.AppendUvarint(b, p.ino)
	for _, n := range [...]int64{p.size, p.mtime, p.takenSize, p.takenTime, p.off} {
		b = binary.AppendVarint(b, n)
	}
	return bridge.Position{Stream: placeStream + name, Data: binary.BigEndian.AppendUint64(b, p.sum)}
}

var errPosition = errors.New("not a position of this source")

func decodePlace(b []byte) (p place, err error) {
	if len(b) < 2 || b[1] > 1 {
		return place{}, errPosition
	}
	if b[0] != placeVersion {
		return place{}, fmt.Errorf("position of version %d, this program knows %d", b[0], placeVersion)
	}
	p.finished = b[1] == 1
	r := codec.Reader{Rest: b[2:]}
	p.ino = r.Uvarint()
	for _, to := range [...]*int64{&p.size, &p.mtime, &p.takenSize, &p.takenTime, &p.off} {
		*to = r.Varint()
	}
	p.sum = r.BigUint64()
	if !r.Done() || p.off < 0 {
		return place{}, errPosition
	}
	return p, nil
}

var crcTable = crc64.MakeTable(crc64.ECMA)

// sumBefore is the sum of the last window bytes before off.
func sumBefore(f io.ReaderAt, off int64) (uint64, error) {
	b := make([]byte, min(off, window))
	if n, err := f.ReadAt(b, off-int64(len(b))); n < len(b) {
		return 0, err
	}
	return crc64.Checksum(b, crcTable), nil
}

// holds reports whether the file still is what the place was in. After a move
// to another disk its inode is another, but size and mtime are the same.
func (p *place) holds(f *os.File, name string, now look) bool {
	if now.ino != p.ino && (now.size != p.takenSize || now.mtime != p.takenTime) {
		return false
	}
	if packed(name) {
		return !p.finished || now.size == p.size && now.mtime == p.mtime
	}
	if now.size < p.off {
		return false
	}
	sum, err := sumBefore(f, p.off)
	return err == nil && sum == p.sum
}

func packed(name string) bool { return strings.HasSuffix(name, ".gz") }
