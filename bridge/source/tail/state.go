package tail

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/codec"
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
	b = codec.AppendSized(b, s.head)
	b = binary.AppendUvarint(b, uint64(len(s.lines)))
	for _, h := range s.lines {
		b = binary.BigEndian.AppendUint64(b, h)
	}
	if s.packed {
		b = binary.AppendVarint(b, s.disk)
	}
	if flags&flagPlaced != 0 {
		for _, p := range [...]string{s.log, s.where} {
			b = codec.AppendSized(b, p)
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
	r := codec.Reader{Rest: b[2:]}
	s := state{
		skip: flags&flagSkip != 0, finished: flags&flagFinished != 0,
		partial: flags&flagPartial != 0, align: flags&flagAlign != 0,
		packed: flags&flagPacked != 0,
	}
	s.id = fileID{dev: r.Uvarint(), ino: r.Uvarint(), birth: r.Varint()}
	s.seq = r.Uvarint()
	s.off, s.size, s.mtime = r.Varint(), r.Varint(), r.Varint()
	s.firstSum, s.lastSum = r.BigUint64(), r.BigUint64()
	s.head = readBytes(&r, bridge.HeadMax)
	s.lines = readHashes(&r)
	if s.packed {
		s.disk = r.Varint()
	}
	if flags&flagPlaced != 0 {
		s.log, s.where = string(readBytes(&r, pathMax)), string(readBytes(&r, pathMax))
	}
	if flags&flagPassed != 0 {
		s.passed = readPassed(&r)
	}
	if !r.Done() || s.off < 0 || s.size < 0 {
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

// readBytes reads a copy of what stands behind its length, which is most at most.
func readBytes(r *codec.Reader, most int) []byte {
	return append([]byte(nil), r.Take(uint64(r.UpTo(most)))...)
}

func readHashes(r *codec.Reader) (hs []uint64) {
	for range r.UpTo(lineHashes) {
		hs = append(hs, r.BigUint64())
	}
	return hs
}
