package spool

import (
	"encoding/binary"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/codec"
)

// The kinds of frames in the journal. In those of a recipient, count is its
// handle and first the event's number.
const (
	kindRecipient   kind = 10 // a checkpoint: all there is to know of one recipient
	kindSnapshotEnd kind = 11 // the checkpoints at the front are complete; count: how many
	kindStanding    kind = 12 // payload: the standing
	kindDisable     kind = 13 // payload: from which number on, how many had been given out before
	kindSkip        kind = 14 // first: of a stretch that is skipped; payload: see appendSkip; detail 1: it was disabled until its end
	kindSettle      kind = 20 // detail: how; no payload
	kindFail        kind = 21 // payload: the try
	kindPark        kind = 22 // payload: session, place, the try if there was one
	kindPlace       kind = 23 // payload: where the parked event stands now
	kindDrop        kind = 24 // first: the segment that is about to go
	kindRevive      kind = 25 // a dead event waits again: payload as of kindPark; or, detail Dropped: it is given up
	kindPause       kind = 26 // detail: 1 if nothing is to be sent
	kindBatch       kind = 27 // first: its first event; payload: the events that are attempted together
)

// Sizes of what a checkpoint holds, without notes: what each takes at the
// most as things are (numbers stand as differences, and short).
const (
	recipientBytes = 512
	parkedBytes    = 40
	tryBytes       = 36
	skipBytes      = 48
)

func appendPlace(b []byte, p place) []byte {
	b = binary.LittleEndian.AppendUint64(b, p.seg)
	b = binary.AppendUvarint(b, uint64(p.off))
	b = binary.AppendUvarint(b, uint64(p.index))
	return binary.AppendUvarint(b, uint64(p.size))
}

func (r *reader) place() place {
	return place{seg: r.Uint64(), off: int64(r.Uvarint()), index: uint32(r.Uvarint()), size: uint32(r.Uvarint())}
}

func appendMark(b []byte, m mark) []byte {
	b = binary.LittleEndian.AppendUint64(b, m.number)
	b = appendPlace(b, m.place)
	b = binary.AppendUvarint(b, m.passed)
	return binary.AppendUvarint(b, m.lost)
}

func (r *reader) mark() mark {
	return mark{number: r.Uint64(), place: r.place(), passed: r.Uvarint(), lost: r.Uvarint()}
}

func appendTry(b []byte, t bridge.Try) []byte {
	b = binary.AppendUvarint(b, uint64(t.Attempts))
	b = binary.AppendVarint(b, int64(t.Clock))
	b = binary.AppendVarint(b, int64(t.Wait))
	b = binary.AppendVarint(b, t.Since)
	b = append(b, byte(t.Fault))
	return codec.AppendSized(b, t.Note)
}

func (r *reader) try() bridge.Try {
	t := bridge.Try{
		Attempts: int(r.Uvarint()),
		Clock:    time.Duration(r.Varint()),
		Wait:     time.Duration(r.Varint()),
		Since:    r.Varint(),
		Fault:    bridge.Scope(r.Byte()),
	}
	if n := r.Sized(); len(n) > 0 {
		t.Note = append([]byte(nil), n...)
	}
	return t
}

// What stands behind a parked event's place.
const (
	parkedTry    = 1 // and the try behind it
	parkedReplay = 2
)

// appendParked appends the session, the place, flags, and the try if there is
// one.
func appendParked(b []byte, e parkedEvent) []byte {
	b = binary.LittleEndian.AppendUint64(b, e.session)
	b = appendPlace(b, e.place)
	flags := byte(0)
	if e.replay {
		flags = parkedReplay
	}
	if e.try == nil {
		return append(b, flags)
	}
	return appendTry(append(b, flags|parkedTry), *e.try)
}

func (r *reader) parked() parkedEvent {
	e := parkedEvent{session: r.Uint64(), place: r.place()}
	flags := r.Byte()
	e.replay = flags&parkedReplay != 0
	if flags&parkedTry != 0 {
		t := r.try()
		e.try = &t
	}
	return e
}
