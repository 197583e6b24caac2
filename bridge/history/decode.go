package history

import (
	"bytes"
	"encoding/binary"
	"errors"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// decoder reads the records of one file.
type decoder struct {
	seed  seed
	texts map[uint64]string
	b     []byte
}

var errVersion = errors.New("of another version")

func newDecoder(file []byte) (*decoder, error) {
	if len(file) < fileHead || string(file[:len(magic)]) != magic || binary.LittleEndian.Uint16(file[len(magic):]) != version {
		return nil, errVersion
	}
	return &decoder{seed: salt(file[8:fileHead]).seed(), texts: map[uint64]string{}, b: file[fileHead:]}, nil
}

// next gives the next good attempt; false: there is none.
func (d *decoder) next() (a bridge.Attempt, ok bool) {
	for {
		payload, ok := d.record()
		if !ok {
			return a, false
		}
		r := reader{b: payload[1:]}
		switch payload[0] {
		case kindText:
			if n := r.uvarint(); !r.bad && n < textsMax {
				d.texts[n] = string(r.b)
			}
		case kindAttempt:
			if a := d.attempt(&r); !r.bad {
				return a, true
			}
		}
	}
}

// record gives the payload of the next record whose checksum is right.
func (d *decoder) record() ([]byte, bool) {
	for {
		i := bytes.Index(d.b, marker)
		if i < 0 || len(d.b)-i < recordHead {
			return nil, false
		}
		d.b = d.b[i:]
		size := int(binary.LittleEndian.Uint16(d.b[2:]))
		if rest := d.b[recordHead:]; size > 0 && size <= len(rest) && d.seed.sum(rest[:size]) == binary.LittleEndian.Uint32(d.b[4:]) {
			d.b = rest[size:]
			return rest[:size], true
		}
		d.b = d.b[len(marker):]
	}
}

func (d *decoder) attempt(r *reader) (a bridge.Attempt) {
	a.Dead = r.take(1)[0]&flagDead != 0
	a.Number = binary.LittleEndian.Uint64(r.take(8))
	copy(a.ID[:], r.take(16))
	a.Nth = int(r.uvarint())
	a.At = time.Unix(0, int64(binary.LittleEndian.Uint64(r.take(8))))
	a.Took = time.Duration(r.uvarint()) * time.Microsecond
	a.Wait = time.Duration(r.uvarint()) * time.Millisecond
	for _, t := range []*string{&a.Recipient, &a.Event, &a.Peer, &a.Answer, &a.Err, &a.Status} {
		*t = d.text(r)
	}
	return a
}

func (d *decoder) text(r *reader) string {
	switch n := r.uvarint(); n {
	case refEmpty:
		return ""
	case refInline:
		return string(r.take(r.uvarint()))
	default:
		if t, known := d.texts[n-2]; known {
			return t
		}
		return "?"
	}
}

// reader takes values off the front of a payload; bad: they were not there.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.b, r.bad = nil, true
		return 0
	}
	r.b = r.b[n:]
	return v
}

// take gives n bytes, zeros where they are not there.
func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.b, r.bad = nil, true
		return make([]byte, min(n, 16))
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}
