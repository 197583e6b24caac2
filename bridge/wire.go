package bridge

import (
	"errors"

	"github.com/tailpost/tailpost/bridge/codec"
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
	b = codec.AppendSized(b, e.Name)
	b = codec.AppendSized(b, e.Session)
	if len(e.Places) > 0 {
		var room [256]byte
		b = codec.AppendSized(b, appendPlaces(room[:0], e.Places))
	}
	return e.AppendJSON(b)
}

var errWire = errors.New("spooled event: cut short")

// ParseHead reads what AppendWire wrote, but for the JSON.
func ParseHead(b []byte) (h Head, err error) {
	r := codec.Reader{Rest: b}
	copy(h.ID[:], r.Take(uint64(len(h.ID))))
	flags := r.Byte()
	h.HasKey = flags&flagHasKey != 0
	h.Name, h.Session = r.Sized(), r.Sized()
	if flags&flagPlaces != 0 {
		h.places = r.Sized()
	}
	if r.Err != nil {
		return Head{}, errWire
	}
	h.JSON = r.Rest
	return h, nil
}
