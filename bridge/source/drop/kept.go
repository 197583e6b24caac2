package drop

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/tailpost/tailpost/bridge"
)

// kept remembers files that were read and stay where they are. It is saved in
// parts, so that one more file costs 4 KiB of the spool at most.
type kept struct {
	has   map[uint64]struct{}
	parts [][]uint64 // in the order in which they were read
	dirty map[int]bool
}

const (
	keptMax  = 200_000
	partSize = 512
)

func newKept() *kept { return &kept{has: map[uint64]struct{}{}, dirty: map[int]bool{}} }

// hashOf is what is remembered of a file: it is another one when any of this
// changes.
func hashOf(name string, l look) uint64 {
	b := binary.BigEndian.AppendUint64(nil, l.ino)
	b = binary.BigEndian.AppendUint64(b, uint64(l.size))
	b = binary.BigEndian.AppendUint64(b, uint64(l.mtime))
	sum := sha256.Sum256(append(b, name...))
	return binary.BigEndian.Uint64(sum[:])
}

func (k *kept) add(h uint64) {
	if _, ok := k.has[h]; ok {
		return
	}
	k.has[h] = struct{}{}
	last := len(k.parts) - 1
	if last < 0 || len(k.parts[last]) >= partSize {
		k.parts = append(k.parts, nil)
		last++
	}
	k.parts[last] = append(k.parts[last], h)
	k.dirty[last] = true
}

// keepOnly forgets all but those, and reports whether that were some.
func (k *kept) keepOnly(there map[uint64]struct{}) bool {
	if len(there) >= len(k.has) {
		return false
	}
	old := k.parts
	k.parts, k.has = nil, make(map[uint64]struct{}, len(there))
	for i, part := range old {
		k.dirty[i] = true
		for _, h := range part {
			if _, ok := there[h]; ok {
				k.add(h)
			}
		}
	}
	return true
}

// changes gives the parts that differ from what was saved.
func (k *kept) changes() (out []bridge.Position) {
	for i := range k.dirty {
		p := bridge.Position{Stream: fmt.Sprintf("%s%d", keptStream, i), Gone: i >= len(k.parts)}
		if !p.Gone {
			p.Data = []byte{placeVersion}
			for _, h := range k.parts[i] {
				p.Data = binary.BigEndian.AppendUint64(p.Data, h)
			}
		}
		out = append(out, p)
	}
	clear(k.dirty)
	return out
}

// restore takes in a part that was saved.
func (k *kept) restore(number int, data []byte) error {
	if len(data) == 0 || data[0] != placeVersion || (len(data)-1)%8 != 0 || (len(data)-1)/8 > partSize || number < 0 || number > keptMax {
		return errPosition
	}
	for len(k.parts) <= number {
		k.parts = append(k.parts, nil)
	}
	for b := data[1:]; len(b) > 0; b = b[8:] {
		h := binary.BigEndian.Uint64(b)
		k.has[h] = struct{}{}
		k.parts[number] = append(k.parts[number], h)
	}
	return nil
}
