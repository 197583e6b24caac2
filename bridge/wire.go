package bridge

import (
	"encoding/binary"
	"errors"
)

// Head is what dispatch filters and orders by: it stands before the canonical
// JSON in the spool, so that only what is delivered is decoded. Name and
// Session point into the bytes that ParseHead was given.
type Head struct {
	ID      ID
	Name    []byte
	Session []byte
	HasKey  bool
	JSON    []byte

	places []byte // see Places
}

const (
	flagHasKey = 1
	flagPlaces = 2
)

// AppendWire appends the event as it stands in the spool: the id's 16 bytes,
// a byte of flags (1: the session has a key; 2: places follow), name and session
// each behind its length as a uvarint, the places in the same way if there are
// any (each a stream behind its length, offset and length as varints; no
// stream: the one before), then the canonical JSON to the end.
func (e *Event) AppendWire(b []byte) []byte {
	b = append(b, e.ID[:]...)
	var flags byte
	if e.HasKey() {
		flags = flagHasKey
	}
	if len(e.Places) > 0 {
		flags |= flagPlaces
	}
	b = append(b, flags)
	b = appendSized(b, e.Name)
	b = appendSized(b, e.Session)
	if len(e.Places) > 0 {
		var room [256]byte
		b = appendSized(b, appendPlaces(room[:0], e.Places))
	}
	return e.AppendJSON(b)
}

func appendSized[T ~string | ~[]byte](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

var errWire = errors.New("spooled event: cut short")

// ParseHead reads what AppendWire wrote, but for the JSON.
func ParseHead(b []byte) (h Head, err error) {
	if len(b) < len(h.ID)+1 {
		return Head{}, errWire
	}
	copy(h.ID[:], b)
	flags := b[len(h.ID)]
	h.HasKey = flags&flagHasKey != 0
	b = b[len(h.ID)+1:]
	if h.Name, b, err = cutSized(b); err != nil {
		return Head{}, err
	}
	if h.Session, b, err = cutSized(b); err != nil {
		return Head{}, err
	}
	if flags&flagPlaces != 0 {
		if h.places, b, err = cutSized(b); err != nil {
			return Head{}, err
		}
	}
	h.JSON = b
	return h, nil
}

func cutSized(b []byte) (s, rest []byte, err error) {
	n, k := binary.Uvarint(b)
	if k <= 0 || n > uint64(len(b)-k) {
		return nil, nil, errWire
	}
	return b[k : k+int(n)], b[k+int(n):], nil
}
