package spool

import (
	"encoding/binary"
	"hash/crc32"
)

// A frame is a record as it stands in a file: 32 bytes of header, the
// payload, and zero bytes up to a multiple of 8.
//
//	 0  marker        "tpr\x01"
//	 4  kind          never 0
//	 5  detail        belongs to the kind
//	 6  zero          2 bytes
//	 8  payload size  uint32, without the zero bytes behind it
//	12  count         uint32, belongs to the kind
//	16  first         uint64, belongs to the kind
//	24  CRC-32C of the payload
//	28  CRC-32C of the file's salt and the 28 bytes before
//
// All numbers are little-endian.
type frame struct {
	kind   kind
	detail byte
	count  uint32
	first  uint64
	size   uint32
	sum    uint32
}

// kind says what a frame is. Readers skip kinds that they don't know.
type kind byte

// salt is drawn anew for each file. It goes into each frame's checksum, so
// that nothing that a log line holds can pass for a frame.
type salt [8]byte

const (
	frameHead  = 32
	frameAlign = 8
	// payloadMost bounds what one frame can carry, in bytes.
	payloadMost = 1 << 28
)

var (
	frameMarker = [4]byte{'t', 'p', 'r', 1}
	castagnoli  = crc32.MakeTable(crc32.Castagnoli)
)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

func aligned(n int64) int64 { return (n + frameAlign - 1) &^ (frameAlign - 1) }

// bytes is the room that the frame takes in its file.
func (f frame) bytes() int64 { return frameBytes(int(f.size)) }

func frameBytes(payload int) int64 { return frameHead + aligned(int64(payload)) }

// appendFrame appends the frame with its payload.
func appendFrame(b []byte, s salt, f frame, payload []byte) []byte {
	return appendSummed(b, s, f, payload, checksum(payload))
}

// appendSummed is appendFrame for a payload whose checksum is known.
func appendSummed(b []byte, s salt, f frame, payload []byte, sum uint32) []byte {
	at := len(b)
	b = append(b, frameMarker[:]...)
	b = append(b, byte(f.kind), f.detail, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(payload)))
	b = binary.LittleEndian.AppendUint32(b, f.count)
	b = binary.LittleEndian.AppendUint64(b, f.first)
	b = binary.LittleEndian.AppendUint32(b, sum)
	b = binary.LittleEndian.AppendUint32(b, headSum(s, b[at:]))
	b = append(b, payload...)
	for len(b)%frameAlign != at%frameAlign {
		b = append(b, 0)
	}
	return b
}

func headSum(s salt, b []byte) uint32 {
	return crc32.Update(checksum(s[:]), castagnoli, b[:frameHead-4])
}

// parseFrame reads a header. b has frameHead bytes at least.
func parseFrame(b []byte, s salt) (frame, bool) {
	if [4]byte(b) != frameMarker || b[4] == 0 || binary.LittleEndian.Uint32(b[28:]) != headSum(s, b) {
		return frame{}, false
	}
	f := frame{
		kind:   kind(b[4]),
		detail: b[5],
		size:   binary.LittleEndian.Uint32(b[8:]),
		count:  binary.LittleEndian.Uint32(b[12:]),
		first:  binary.LittleEndian.Uint64(b[16:]),
		sum:    binary.LittleEndian.Uint32(b[24:]),
	}
	return f, f.size <= payloadMost
}
