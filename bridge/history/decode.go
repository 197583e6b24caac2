package history

import (
	"bytes"
	"encoding/binary"
	"errors"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/codec"
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
		r := codec.Reader{Rest: payload[1:]}
		switch payload[0] {
		case kindText:
			if n := r.Uvarint(); r.Err == nil && n < textsMax {
				d.texts[n] = string(r.Rest)
			}
		case kindAttempt:
			if a := d.attempt(&r); r.Err == nil {
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

func (d *decoder) attempt(r *codec.Reader) (a bridge.Attempt) {
	a.Dead = r.Byte()&flagDead != 0
	a.Number = r.Uint64()
	copy(a.ID[:], r.Take(uint64(len(a.ID))))
	a.Nth = int(r.Uvarint())
	a.At = r.Time()
	a.Took = time.Duration(r.Uvarint()) * time.Microsecond
	a.Wait = time.Duration(r.Uvarint()) * time.Millisecond
	for _, t := range []*string{&a.Recipient, &a.Event, &a.Peer, &a.Answer, &a.Err, &a.Status} {
		*t = d.text(r)
	}
	return a
}

func (d *decoder) text(r *codec.Reader) string {
	switch n := r.Uvarint(); n {
	case refEmpty:
		return ""
	case refInline:
		return string(r.Sized())
	default:
		if t, known := d.texts[n-2]; known {
			return t
		}
		return "?"
	}
}
