package tail

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tailpost/tailpost/bridge"
)

// state is where to go on in one file: what stands in a Position.Data. The
// sums tell whether the file still holds what was read.
type state struct {
	id    fileID
	seq   uint64 // files in the order in which they were met; a file that begins anew in place gets a new one
	off   int64  // everything before it is durable
	size  int64  // of the file when it was last looked at
	mtime int64  // likewise, in ns

	skip     bool // off is inside a line that was cut: the rest up to its newline is no line
	finished bool // rotated, quiet, read to its end
	partial  bool // what was handed out last had no newline
	packed   bool // the file is compressed; off and size are those of its plain bytes
	align    bool // off is a size that was seen before the file could be read: the place to begin is behind the last newline before it

	firstSum, lastSum uint64   // of the first window bytes before off, and of the last
	log               string   // the log that the file belongs to: its path
	where             string   // the file's directory, if it isn't the log's; a hint
	disk              int64    // size as stored, of a compressed file
	head              []byte   // the first line, bridge.HeadMax bytes of it at most
	lines             []uint64 // hashes of the last lineHashes lines, oldest first
	passed            []passed // oldest first
}

const (
	stateVersion = 1
	lineHashes   = 32
	pathMax      = 4096

	// seenStream is the key of the entry that says that this source has been
	// started before: start is never applied again.
	seenStream = "seen"
)

const (
	flagSkip = 1 << iota
	flagFinished
	flagPartial
	flagAlign
	flagPacked
	flagPlaced
	flagPassed
	flagsKnown = 1<<iota - 1
)

// encode writes the state: a version, flags, then numbers as varints, the two
// sums, the head behind its length, the hashes behind their count, the stored
// size of a compressed file, each behind its length, log and where, and the
// passed positions behind their count.
func (s state) encode() []byte {
	b := make([]byte, 0, 96+len(s.head)+8*len(s.lines))
	var flags byte
	for i, on := range [...]bool{s.skip, s.finished, s.partial, s.align, s.packed, s.log != "" || s.where != "", len(s.passed) > 0} {
		if on {
			flags |= 1 << i
		}
	}
	b = append(b, stateVersion, flags)
	b = binary.AppendUvarint(b, s.id.dev)
	b = binary.AppendUvarint(b, s.id.ino)
	b = binary.AppendVarint(b, s.id.birth)
	b = binary.AppendUvarint(b, s.seq)
	b = binary.AppendVarint(b, s.off)
	b = binary.AppendVarint(b, s.size)
	b = binary.AppendVarint(b, s.mtime)
	b = binary.BigEndian.AppendUint64(b, s.firstSum)
	b = binary.BigEndian.AppendUint64(b, s.lastSum)
	b = binary.AppendUvarint(b, uint64(len(s.head)))
	b = append(b, s.head...)
	b = binary.AppendUvarint(b, uint64(len(s.lines)))
	for _, h := range s.lines {
		b = binary.BigEndian.AppendUint64(b, h)
	}
	if s.packed {
		b = binary.AppendVarint(b, s.disk)
	}
	if flags&flagPlaced != 0 {
		for _, p := range [...]string{s.log, s.where} {
			b = binary.AppendUvarint(b, uint64(len(p)))
			b = append(b, p...)
		}
	}
	if flags&flagPassed != 0 {
		b = appendPassed(b, s.passed)
	}
	return b
}

var errState = errors.New("not a position of this source")

// decodeState reads what encode wrote.
func decodeState(b []byte) (state, error) {
	if len(b) < 2 {
		return state{}, errState
	}
	if b[0] != stateVersion {
		return state{}, fmt.Errorf("position of version %d, this program knows %d", b[0], stateVersion)
	}
	flags := b[1]
	if flags&^byte(flagsKnown) != 0 {
		return state{}, errState
	}
	d := decoder{b: b[2:]}
	s := state{
		skip: flags&flagSkip != 0, finished: flags&flagFinished != 0,
		partial: flags&flagPartial != 0, align: flags&flagAlign != 0,
		packed: flags&flagPacked != 0,
	}
	s.id = fileID{dev: d.uvarint(), ino: d.uvarint(), birth: d.varint()}
	s.seq = d.uvarint()
	s.off, s.size, s.mtime = d.varint(), d.varint(), d.varint()
	s.firstSum, s.lastSum = d.uint64(), d.uint64()
	s.head = d.bytes(bridge.HeadMax)
	s.lines = d.hashes()
	if s.packed {
		s.disk = d.varint()
	}
	if flags&flagPlaced != 0 {
		s.log, s.where = string(d.bytes(pathMax)), string(d.bytes(pathMax))
	}
	if flags&flagPassed != 0 {
		s.passed = d.passed()
	}
	if d.bad || len(d.b) > 0 || s.off < 0 || s.size < 0 {
		return state{}, errState
	}
	return s, nil
}

// extent is that of the file when it was last looked at.
func (s state) extent() extent {
	if s.packed {
		return extent{s.disk, s.mtime}
	}
	return extent{s.size, s.mtime}
}

// settled is the state of a finished file: what is needed to know it again.
func (s state) settled() state {
	s.finished, s.head, s.lines, s.passed, s.align = true, nil, nil, nil, false
	return s
}

// decoder takes values off a byte slice; bad once one wasn't there.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	d.skip(n)
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.b)
	d.skip(n)
	return v
}

func (d *decoder) skip(n int) {
	if n <= 0 {
		d.b, d.bad = nil, true
		return
	}
	d.b = d.b[n:]
}

func (d *decoder) uint64() uint64 {
	if len(d.b) < 8 {
		d.b, d.bad = nil, true
		return 0
	}
	v := binary.BigEndian.Uint64(d.b)
	d.b = d.b[8:]
	return v
}

func (d *decoder) bytes(most uint64) []byte {
	n := d.uvarint()
	if n > most || n > uint64(len(d.b)) {
		d.b, d.bad = nil, true
		return nil
	}
	v := append([]byte(nil), d.b[:n]...)
	d.b = d.b[n:]
	return v
}

func (d *decoder) hashes() []uint64 {
	n := d.uvarint()
	if n > lineHashes {
		d.b, d.bad = nil, true
		return nil
	}
	var hs []uint64
	for range n {
		hs = append(hs, d.uint64())
	}
	return hs
}
