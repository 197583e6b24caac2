package spool

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// whereIs gives the place of an event that was given out or is parked.
func (q *Queue) whereIs(number uint64) (place, error) {
	q.s.journal.mu.Lock()
	defer q.s.journal.mu.Unlock()
	if e, ok := q.p.parked[number]; ok {
		return e.place, nil
	}
	if i, ok := q.p.opened(number); ok {
		return q.p.open[i].place, nil
	}
	return place{}, unknownEvent(q.p.name, number)
}

// Get gives an event that was given out or is parked once more. Where its
// bytes can't be read back the error is bridge.ErrDamaged; any other may pass.
func (q *Queue) Get(ctx context.Context, number uint64) (bridge.Item, error) {
	for {
		if err := ctx.Err(); err != nil {
			return bridge.Item{}, err
		}
		at, err := q.whereIs(number)
		if err != nil {
			return bridge.Item{}, err
		}
		data, when, err := q.s.readEvent(at, number)
		if err == nil {
			delete(q.unreadable, number)
			return bridge.Item{Number: number, Data: data, Accepted: when}, nil
		}
		if now, gone := q.whereIs(number); gone == nil && now != at {
			continue // it was moved while we looked
		}
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("event %x: its segment is gone: %w", number, bridge.ErrDamaged)
		}
		if !errors.Is(err, bridge.ErrDamaged) {
			if !q.givesUp(number, err) {
				return bridge.Item{}, err
			}
			err = fmt.Errorf("event %x: %w: %w", number, bridge.ErrDamaged, err)
		}
		delete(q.unreadable, number)
		return bridge.Item{}, err
	}
}

// readEvent reads one event from its place, and when it was accepted. What is
// damaged it sets aside.
func (s *Spool) readEvent(at place, number uint64) (data []byte, when int64, err error) {
	sg, _, ok := s.segs.find(at.seg)
	if !ok {
		return nil, 0, fmt.Errorf("segment %016x: %w", at.seg, fs.ErrNotExist)
	}
	data, when, err = readEventAt(s.o.FS, s.o.Dir, sg, at, number)
	if errors.Is(err, bridge.ErrDamaged) {
		s.setAside(sg, at)
	}
	return data, when, err
}

// setAside keeps the bytes of the frame at a place.
func (s *Spool) setAside(sg segment, at place) {
	f, err := s.o.FS.Open(segmentPath(s.o.Dir, sg.first()), false)
	if err != nil {
		return
	}
	defer f.Close()
	to := at.off + frameHead
	e := eventFile{f: f, at: at.off}
	if b, err := e.read(at.off, frameHead); err == nil {
		if h, ok := parseFrame(b, sg.head.salt); ok {
			to = at.off + h.bytes()
		}
	}
	s.damaged.found(sg, f, span{at.off, to})
}

// errOpen marks a segment that could not be opened: a lack of descriptors or
// of memory passes, and says nothing about the event's bytes.
var errOpen = errors.New("open")

// unreadable counts the reads of one event that failed.
type unreadable struct {
	times int
	since time.Time
}

// unreadableFor is how long reads of an event must have failed, besides how
// often, until it counts as damaged.
const unreadableFor = 5 * time.Minute

// givesUp takes note of a failed read and reports whether the event's bytes
// count as damaged now.
func (q *Queue) givesUp(number uint64, err error) bool {
	if errors.Is(err, errOpen) {
		return false
	}
	u, ok := q.unreadable[number]
	if !ok {
		u.since = time.Now()
	}
	u.times++
	q.unreadable[number] = u
	return u.times >= patience && time.Since(u.since) >= unreadableFor
}

// readEventAt reads one event from its place in a segment, and when it was
// accepted.
func readEventAt(fsys FS, dir string, sg segment, at place, number uint64) (data []byte, when int64, err error) {
	f, err := fsys.Open(segmentPath(dir, sg.first()), false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, err
	}
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", errOpen, err)
	}
	defer f.Close()
	e := eventFile{f: f, at: at.off}
	ok, err := e.head(sg.head.salt, at.index, number)
	if ok && err == nil {
		data, ok, err = e.event(at.index)
	}
	switch {
	case err != nil:
		return nil, 0, fmt.Errorf("read event %x: %w", number, err)
	case !ok:
		return nil, 0, fmt.Errorf("event %x in segment %016x: %w", number, sg.first(), bridge.ErrDamaged)
	}
	return data, e.accepted(at.index), nil
}

// eventFile reads single events of one frame, straight from the file.
type eventFile struct {
	f  File
	at int64
	f0 frame
}

// head reads the frame's header and reports whether the event with that
// number is the one at that index.
func (e *eventFile) head(s salt, index uint32, number uint64) (bool, error) {
	b, err := e.read(e.at, frameHead)
	if err != nil {
		return false, err
	}
	f, ok := parseFrame(b, s)
	if !ok || index >= f.count || !f.tableFits() {
		return false, nil
	}
	e.f0 = f
	switch f.kind {
	case kindIngest:
		return f.first+uint64(index) == number, nil
	case kindMoved:
		back := int64(f.count-index) * movedEntry
		b, err := e.read(e.at+frameHead+int64(f.size)-back, 8)
		if err != nil {
			return false, err
		}
		return binary.LittleEndian.Uint64(b) == number, nil
	}
	return false, nil
}

// event reads the event at that index and reports whether its checksum is
// right.
func (e *eventFile) event(index uint32) ([]byte, bool, error) {
	table := e.at + frameHead
	body := table + int64(e.f0.count)*tableEntry
	b, err := e.read(table+int64(index)*tableEntry, tableEntry)
	if err != nil {
		return nil, false, err
	}
	end, sum, from := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:]), uint32(0)
	if index > 0 {
		if b, err = e.read(table+int64(index-1)*tableEntry, tableEntry); err != nil {
			return nil, false, err
		}
		from = binary.LittleEndian.Uint32(b)
	}
	if from > end || int64(end) > int64(e.f0.size)-int64(e.f0.count)*tableEntry {
		return nil, false, nil
	}
	data, err := e.read(body+int64(from), int(end-from))
	return data, err == nil && eventSum(data) == sum, err
}

// read reads exactly so many bytes; what is behind the file's end reads as
// zero, which is damage.
func (e *eventFile) read(at int64, n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := e.f.ReadAt(b, at); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b, nil
}
