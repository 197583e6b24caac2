package history

import (
	"crypto/rand"
	"encoding/binary"
	"hash/crc32"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/codec"
)

const (
	magic   = "tphist"
	version = 1

	fileHead   = 16
	recordHead = 8

	kindText    = 1
	kindAttempt = 2

	flagDead = 1

	textMax   = 768       // bytes of a text; longer ones are cut
	textsMax  = 4096      // that have numbers in a file
	textsSize = 256 << 10 // bytes of all of these

	// recordMost bounds what one attempt takes with its texts, in bytes.
	recordMost = 6*(textMax+2*recordHead) + 256
)

var (
	marker     = []byte{0xa7, 0x7a}
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// salt is drawn for each file. It goes into each record's checksum, so that no
// text can pass for a record.
type salt [8]byte

// seed is what the checksums of a file's records begin with.
func (s salt) seed() seed { return seed(crc32.Checksum(s[:], castagnoli)) }

type seed uint32

func (s seed) sum(payload []byte) uint32 { return crc32.Update(uint32(s), castagnoli, payload) }

// encoder writes the records of one file.
type encoder struct {
	seed  seed
	texts map[string]uint64
	size  int         // bytes of texts
	last  [6]struct { // of each of an attempt's texts the one before, and how it is written
		text string
		ref  uint64
	}
}

// How a text is written; else its number + 2.
const (
	refEmpty  = 0
	refInline = 1
)

// newEncoder begins a file, whose head it appends.
func newEncoder(b []byte) (*encoder, []byte) {
	var s salt
	_, _ = rand.Read(s[:]) // never fails
	b = append(b, magic...)
	b = binary.LittleEndian.AppendUint16(b, version)
	return &encoder{seed: s.seed(), texts: map[string]uint64{}}, append(b, s[:]...)
}

// attempt appends the record of an attempt, behind those of its new texts.
func (e *encoder) attempt(b []byte, a *bridge.Attempt) []byte {
	texts := [...]string{a.Recipient, a.Event, a.Peer, a.Answer, a.Err, a.Status}
	var refs [len(texts)]uint64
	for i, t := range texts {
		texts[i] = t[:min(len(t), textMax)]
		if last := &e.last[i]; last.text != texts[i] {
			last.text = texts[i]
			last.ref, b = e.learn(b, texts[i])
		}
		refs[i] = e.last[i].ref
	}
	b, at := e.begin(b, kindAttempt)
	flags := byte(0)
	if a.Dead {
		flags = flagDead
	}
	b = append(b, flags)
	b = binary.LittleEndian.AppendUint64(b, a.Number)
	b = append(b, a.ID[:]...)
	b = binary.AppendUvarint(b, uint64(max(a.Nth, 0)))
	b = binary.LittleEndian.AppendUint64(b, uint64(a.At.UnixNano()))
	b = binary.AppendUvarint(b, uint64(max(a.Took, 0)/time.Microsecond))
	b = binary.AppendUvarint(b, uint64(max(a.Wait, 0)/time.Millisecond))
	for i, ref := range refs {
		b = binary.AppendUvarint(b, ref)
		if ref == refInline {
			b = codec.AppendSized(b, texts[i])
		}
	}
	return e.end(b, at)
}

// learn says how a text is written. It gives it a number, if it has none and
// there is one left.
func (e *encoder) learn(b []byte, t string) (ref uint64, out []byte) {
	if t == "" {
		return refEmpty, b
	}
	if n, known := e.texts[t]; known {
		return n + 2, b
	}
	if len(e.texts) >= textsMax || e.size+len(t) > textsSize {
		return refInline, b
	}
	e.size += len(t)
	n := uint64(len(e.texts))
	e.texts[t] = n
	b, at := e.begin(b, kindText)
	b = binary.AppendUvarint(b, n)
	return n + 2, e.end(append(b, t...), at)
}

func (e *encoder) begin(b []byte, kind byte) (out []byte, at int) {
	at = len(b)
	b = append(b, marker...)
	b = append(b, 0, 0, 0, 0, 0, 0)
	return append(b, kind), at
}

func (e *encoder) end(b []byte, at int) []byte {
	payload := b[at+recordHead:]
	binary.LittleEndian.PutUint16(b[at+2:], uint16(len(payload)))
	binary.LittleEndian.PutUint32(b[at+4:], e.seed.sum(payload))
	return b
}
