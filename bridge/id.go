package bridge

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// ID names an event. It is a hash of what the log holds: the same after a
// crash, a re-read, a move to another machine, a lost spool.
type ID [16]byte

// String gives the 32 lower-case hex digits that recipients see.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText writes the id as String does.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what String writes.
func (id *ID) UnmarshalText(b []byte) error {
	if len(b) != 2*len(id) {
		return fmt.Errorf("an id has %d hex digits, not %d characters", 2*len(id), len(b))
	}
	if _, err := hex.Decode(id[:], b); err != nil {
		return fmt.Errorf("id %q: %w", b, err)
	}
	return nil
}

// lineMax is how much of a line counts in its events' ids, in bytes.
const lineMax = 64 << 10

// NewID gives the id of the event with that index in the record's line: the
// first 128 bits of SHA-256 over the source's name, the stream's head, the
// offset of the line's first byte, the line's bytes (64 KiB of them at most)
// and the index, each behind its length as 8 bytes, big-endian.
func NewID(rec Record, index int) ID {
	line := rec.Line[:min(len(rec.Line), lineMax)]
	return hashID([]byte(rec.Source), rec.Head, be64(uint64(rec.Offset)), line, be64(uint64(index)))
}

// SenderID gives the id of an event whose sender named it, so that a sender
// that repeats what was not acknowledged repeats the id.
func SenderID(source, sender string, index int) ID {
	return hashID([]byte(source), []byte(sender), be64(uint64(index)))
}

// BatchID names a delivery of these events, in this order: a single event's own
// id, else a hash of all of them.
func BatchID(events []Event) (id ID) {
	if len(events) == 1 {
		return events[0].ID
	}
	h := sha256.New()
	for i := range events {
		h.Write(events[i].ID[:])
	}
	var b [sha256.Size]byte
	copy(id[:], h.Sum(b[:0]))
	return id
}

func hashID(parts ...[]byte) (id ID) {
	h := sha256.New()
	var b [sha256.Size]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(b[:8], uint64(len(p)))
		h.Write(b[:8])
		h.Write(p)
	}
	copy(id[:], h.Sum(b[:0]))
	return id
}

func be64(v uint64) []byte { return binary.BigEndian.AppendUint64(nil, v) }
