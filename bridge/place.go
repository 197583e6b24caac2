package bridge

import (
	"encoding/binary"

	"github.com/tailpost/tailpost/bridge/codec"
)

// Place is where a line stood that an event came from.
type Place struct {
	Stream string `json:"stream"` // the file as it was called when it was read, or the connection
	Offset int64  `json:"offset"` // of the line's first byte
	Bytes  int64  `json:"bytes"`  // of the whole line, without its newline
}

// Place gives where the record stood.
func (r *Record) Place() Place {
	return Place{Stream: r.Stream, Offset: r.Offset, Bytes: int64(len(r.Line)) + r.Cut}
}

// streamMax and placesMax bound what is kept of where an event came from: of
// a stream's name so many bytes, and so many lines.
const (
	streamMax = 512
	placesMax = 1000
)

// appendPlaces appends the places: for each the stream (empty: the one
// before), the offset and the length.
func appendPlaces(b []byte, places []Place) []byte {
	last := ""
	for _, p := range places[:min(len(places), placesMax)] {
		stream := p.Stream[:min(len(p.Stream), streamMax)]
		if stream == last {
			b = codec.AppendSized(b, "")
		} else {
			b = codec.AppendSized(b, stream)
		}
		last = stream
		b = binary.AppendVarint(b, p.Offset)
		b = binary.AppendVarint(b, p.Bytes)
	}
	return b
}

// Places gives where the event came from: its line, or the lines of its
// message, in the order of their parts. Events that older versions took have
// none.
func (h *Head) Places() (out []Place, err error) {
	r, last := codec.Reader{Rest: h.places}, ""
	for len(r.Rest) > 0 {
		p := Place{Stream: string(r.Sized()), Offset: r.Varint(), Bytes: r.Varint()}
		if r.Err != nil {
			return out, errWire
		}
		if p.Stream == "" {
			p.Stream = last
		}
		last = p.Stream
		out = append(out, p)
	}
	return out, nil
}
