package spool

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/codec"
)

// The kinds of frames in a segment.
const (
	kindState   kind = 1 // the whole map of one source; only at the head
	kindHeadEnd kind = 2 // the head is complete; count: how many states stand in it
	kindIngest  kind = 3 // first: number of the first event; count: events
	kindMoved   kind = 4 // events of an older segment, once more; count: events
)

// What an ingest record's detail says, in bits.
const (
	detailLines    byte = 1 // it holds quarantined lines
	detailReplayed byte = 2 // it replays some
	// detailUnsynced: it was written, with fsync = interval, before what stands
	// before it was durable. In moved records, too.
	detailUnsynced byte = 128
)

// Ingest is what a source gives at once: all of it becomes durable or
// nothing.
type Ingest struct {
	Source  string
	Changes []bridge.Entry // of the source's state; a nil Value removes the key
	Events  [][]byte       // opaque here; numbered in this order
	// Quarantined are the lines that could not be parsed, opaque too. They
	// get numbers of a sequence of their own.
	Quarantined [][]byte
	// Replayed are quarantined lines, by number, that this record has parsed
	// anew: they are in quarantine no longer.
	Replayed []uint64
}

// QuarantinedLine is a line that could not be parsed, as ingest gave it.
type QuarantinedLine struct {
	Number uint64 // of the sequence of quarantined lines
	Source string
	Time   time.Time // when it was spooled
	Line   []byte
}

// tableEntry is what stands at the front of an ingest or moved record for
// each event: where its bytes end, counted from the table's end, and the
// CRC-32C of an 'e' and its bytes (so that zero bytes are no valid entry). So
// one event can be read, and trusted, without the others.
const tableEntry = 8

// tableFits reports whether a record of that size can have that many events.
func (f frame) tableFits() bool { return int64(f.count)*tableEntry <= int64(f.size) }

var eventSeed = checksum([]byte{'e'})

func eventSum(e []byte) uint32 { return crc32.Update(eventSeed, castagnoli, e) }

// eventBytes gives the size of the table and of all events.
func eventBytes(events [][]byte) int {
	n := 0
	for _, e := range events {
		n += tableEntry + len(e)
	}
	return n
}

func appendEvents(b []byte, events [][]byte) []byte {
	end := 0
	for _, e := range events {
		end += len(e)
		b = binary.LittleEndian.AppendUint32(b, uint32(end))
		b = binary.LittleEndian.AppendUint32(b, eventSum(e))
	}
	for _, e := range events {
		b = append(b, e...)
	}
	return b
}

// cutEvents gives the events of a record's payload and what stands behind
// them.
func cutEvents(payload []byte, count uint32) (events [][]byte, rest []byte, err error) {
	table := uint64(count) * tableEntry
	if table > uint64(len(payload)) {
		return nil, nil, codec.ErrShort
	}
	body, at := payload[table:], uint32(0)
	events = make([][]byte, 0, count)
	for i := range int(count) {
		end := binary.LittleEndian.Uint32(payload[i*tableEntry:])
		if end < at || uint64(end) > uint64(len(body)) {
			return nil, nil, codec.ErrShort
		}
		events = append(events, body[at:end])
		at = end
	}
	return events, body[at:], nil
}

// skipEvents gives what stands behind the events of a payload of ours.
func skipEvents(payload []byte, count uint32) []byte {
	table := payload[count*tableEntry:]
	if count == 0 {
		return table
	}
	return table[binary.LittleEndian.Uint32(payload[(count-1)*tableEntry:]):]
}

// appendIngest appends an ingest record's payload: the events, then source,
// time, changes, the quarantined lines with the number of the first, and the
// numbers of those that are replayed.
func appendIngest(b []byte, in *Ingest, now time.Time, line uint64) []byte {
	b = appendEvents(b, in.Events)
	b = codec.AppendSized(b, in.Source)
	b = codec.AppendTime(b, now)
	b = binary.AppendUvarint(b, uint64(len(in.Changes)))
	for _, c := range in.Changes {
		b = codec.AppendSized(b, c.Key)
		if c.Value == nil {
			b = append(b, 0)
			continue
		}
		b = append(binary.AppendUvarint(b, uint64(len(c.Value))+1), c.Value...)
	}
	b = binary.AppendUvarint(b, uint64(len(in.Quarantined)))
	if len(in.Quarantined) > 0 {
		b = binary.LittleEndian.AppendUint64(b, line)
	}
	for _, l := range in.Quarantined {
		b = codec.AppendSized(b, l)
	}
	b = binary.AppendUvarint(b, uint64(len(in.Replayed)))
	for _, n := range in.Replayed {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	return b
}

// ingestBytes is at least the size of the payload that appendIngest makes.
func ingestBytes(in *Ingest) int {
	n := eventBytes(in.Events) + len(in.Source) + 8*len(in.Replayed) + 5*binary.MaxVarintLen64
	for _, c := range in.Changes {
		n += len(c.Key) + len(c.Value) + 2*binary.MaxVarintLen32
	}
	for _, l := range in.Quarantined {
		n += len(l) + binary.MaxVarintLen32
	}
	return n
}

// record is an ingest record's payload, taken apart. All of it points into
// the payload.
type record struct {
	source  []byte
	time    time.Time
	changes []bridge.Entry
	events  [][]byte
	line    uint64 // number of the first quarantined line
	lines   [][]byte

	replayed []uint64
}

func parseIngest(payload []byte, count uint32) (rec record, err error) {
	events, rest, err := cutEvents(payload, count)
	if err != nil {
		return record{}, fmt.Errorf("events: %w", err)
	}
	rec, err = parseRest(rest)
	rec.events = events
	return rec, err
}

// parseRest reads what stands behind the events.
func parseRest(b []byte) (rec record, err error) {
	r := readerOf(b)
	rec = record{source: r.Sized(), time: r.Time()}
	for range r.Count(2) {
		c := bridge.Entry{Key: r.Sized()}
		if n := r.Uvarint(); n > 0 {
			c.Value = r.Take(n - 1)
		}
		rec.changes = append(rec.changes, c)
	}
	n := r.Count(1)
	if n > 0 {
		rec.line = r.Uint64()
	}
	for range n {
		rec.lines = append(rec.lines, r.Sized())
	}
	for range r.Count(8) {
		rec.replayed = append(rec.replayed, r.Uint64())
	}
	return rec, r.Err
}

// movedEvent is an event that outlives its segment because a recipient has it
// parked.
type movedEvent struct {
	number  uint64
	session uint64 // as its recipients parked it
	when    int64  // it was accepted, in Unix nanoseconds; 0: not known
	data    []byte
}

// movedEntry is what stands at the end of a moved record for each event.
const movedEntry = 16

// appendMoved appends a moved record's payload: the events, then when each was
// accepted in 8 bytes, then a number and a session of 8 bytes each for every
// one. Its frame has detailTimed; older versions wrote none of the times.
func appendMoved(b []byte, ms []movedEvent) []byte {
	events := make([][]byte, len(ms))
	for i, m := range ms {
		events[i] = m.data
	}
	b = appendEvents(b, events)
	for _, m := range ms {
		b = binary.LittleEndian.AppendUint64(b, uint64(m.when))
	}
	for _, m := range ms {
		b = binary.LittleEndian.AppendUint64(b, m.number)
		b = binary.LittleEndian.AppendUint64(b, m.session)
	}
	return b
}

func parseMoved(payload []byte, f frame) ([]movedEvent, error) {
	events, rest, err := cutEvents(payload, f.count)
	if err != nil {
		return nil, err
	}
	r := readerOf(rest)
	if f.detail&detailTimed != 0 {
		r.Take(8 * uint64(f.count))
	}
	ms := make([]movedEvent, 0, len(events))
	for _, e := range events {
		ms = append(ms, movedEvent{data: e, number: r.Uint64(), session: r.Uint64()})
	}
	return ms, r.Err
}
