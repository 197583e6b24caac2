package spool

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// committer writes entries into the newest segment, group by group: whatever
// came while the last group was synced is the next one. It is used by the
// goroutine of Run alone.
type committer struct {
	s    *Spool
	file File   // nil: the next group begins a segment
	path string // of the file
	seg  fileHead
	off  int64  // what is written ends here
	size int64  // the file's, with the blocks taken in advance
	full bool   // the segment holds more than its head
	next uint64 // the number that comes next, behind what is written
	// unsynced is what was written since the last sync; only with fsync =
	// interval. It is kept: should the sync fail, it is written once more.
	unsynced []*entry
	bytes    int64     // in unsynced
	since    time.Time // of the oldest in unsynced
	named    uint64    // the last segment's first number, even if it came to nothing
	buf      []byte
}

const (
	// bufferMost bounds a buffer that is kept for the next write, in bytes.
	bufferMost = 1 << 20
	// syncInterval is how long a written record may wait for its sync with
	// fsync = interval.
	syncInterval = 200 * time.Millisecond
	// unsyncedMost bounds what is kept for that, in bytes.
	unsyncedMost = 8 << 20
)

// run commits until ctx ends: then what waits is tried once more, and the
// rest refused.
func (c *committer) run(ctx context.Context) {
	defer c.s.pulse.Wait()
	for ctx.Err() == nil {
		if group := c.s.take(); len(group) > 0 {
			c.commit(ctx, group)
			continue
		}
		var due <-chan time.Time
		if len(c.unsynced) > 0 {
			due = time.After(time.Until(c.since.Add(syncInterval)))
		}
		c.s.pulse.Wait()
		select {
		case <-ctx.Done():
		case <-c.s.work:
		case <-due:
			c.commit(ctx, nil)
		}
	}
	for group := c.s.take(); len(group) > 0; group = c.s.take() {
		c.commit(ctx, group)
	}
	c.last(ctx)
	c.s.refuse(nil)
	if c.file != nil {
		c.s.seal(c.seg.first, c.file, c.off)
		c.file = nil
	}
}

// last syncs what is written.
func (c *committer) last(ctx context.Context) {
	if len(c.unsynced) > 0 {
		c.since = time.Time{}
		c.commit(ctx, nil)
	}
}

// commit makes a group durable (fsync = interval: writes it). It tries for as
// long as that takes, but once only when ctx has ended.
func (c *committer) commit(ctx context.Context, group []*entry) {
	c.s.begins()
	defer func() { c.s.ends(c.asks()) }()
	failed := 0
	for {
		if group = c.s.hold(group); len(group)+len(c.unsynced) == 0 {
			return // nobody waits any more
		}
		asked := len(group) > 0
		err := c.try(&group)
		if err == nil {
			if asked || failed > 0 {
				c.s.writable(nil)
			}
			return
		}
		wait := roomPoll
		full := (*fullError)(nil)
		if errors.As(err, &full) {
			// What is written must not wait for room: it was told already.
			if serr := c.sync(); serr != nil {
				err, full = serr, nil
			}
		}
		if full == nil {
			group = append(c.abandon(), group...)
			wait = c.s.o.RetryEvery
			failed++
		}
		c.s.letGo(group)
		if failed == 1 && full == nil || full != nil && c.rollSettled() {
			continue // the same group, into a new segment
		}
		c.s.writable(err)
		group = c.hasty(group, full != nil)
		c.s.pulse.Wait()
		select {
		case <-ctx.Done():
			c.s.refuse(group)
			return
		case <-c.s.room:
		case <-time.After(wait):
			c.s.kick() // at most once each wait: retention may wake us by asking for room
		}
	}
}

// hasty deals with the entries that don't want to wait, of the group and of the
// queue, and gives back the others. Where lines find no room there may be some
// for them; otherwise they are refused.
func (c *committer) hasty(group []*entry, full bool) []*entry {
	now, later := c.s.takeHasty(group)
	if now = c.s.hold(now); full && len(now) > 0 {
		if err := c.try(&now); err != nil && !errors.As(err, new(*fullError)) {
			later = append(c.abandon(), later...)
		}
	}
	c.s.refuseHasty(now)
	return later
}

// abandon leaves a file whose write or sync failed, and gives back what only
// that file holds. It is never synced again: it counts up to where it was
// durable, and its successor says so.
func (c *committer) abandon() []*entry {
	if c.file != nil {
		_ = c.file.Close()
		c.file = nil
	}
	es := c.unsynced
	c.unsynced, c.bytes = nil, 0
	return es
}

// try writes a group, piece by piece where it doesn't fit into one segment,
// and takes what is written off it.
func (c *committer) try(group *[]*entry) error {
	for len(*group) > 0 {
		c.s.pulse.Work()
		part := (*group)[:c.fits(*group)]
		if err := c.write(part); err != nil {
			return err
		}
		*group = (*group)[len(part):]
		if c.s.o.Fsync == fsyncInterval {
			c.s.tell(part, false)
		} else if err := c.sync(); err != nil {
			return err
		}
	}
	if c.bytes > unsyncedMost || len(c.unsynced) > 0 && time.Since(c.since) >= syncInterval {
		c.s.pulse.Work()
		return c.sync()
	}
	return nil
}

// fits gives how many entries go into one write: one at least.
func (c *committer) fits(group []*entry) int {
	room := c.s.segmentSize - c.off
	if c.file == nil || frameBytes(len(group[0].payload)) > room {
		room = c.s.segmentSize - bodyStart
	}
	n := 0
	for _, e := range group {
		room -= frameBytes(len(e.payload))
		if n > 0 && room < 0 {
			break
		}
		n++
	}
	return n
}

// write puts entries behind what is written, or into a new segment, which is
// durable then.
func (c *committer) write(part []*entry) error {
	bytes, events := int64(0), uint64(0)
	for _, e := range part {
		bytes += frameBytes(len(e.payload))
		events += e.numbers()
	}
	crosses := events > 0 && c.next>>epochBits != (c.next+events-1)>>epochBits
	if c.file == nil || c.full && c.off+bytes > c.s.segmentSize || crosses {
		return c.begin(part, crosses)
	}
	if err := c.reserve(c.off+bytes, purposeOf(part)); err != nil {
		return err
	}
	c.buf = c.frames(c.buf[:0], part, c.off)
	if _, err := c.file.WriteAt(c.buf, c.off); err != nil {
		return fmt.Errorf("write segment %016x: %w", c.seg.first, err)
	}
	c.wrote(part, c.off+int64(len(c.buf)))
	return nil
}

// wrote notes what stands in the file and is not synced.
func (c *committer) wrote(part []*entry, off int64) {
	if len(c.unsynced) == 0 {
		c.since = time.Now()
	}
	c.unsynced = append(c.unsynced, part...)
	c.bytes += off - c.off
	c.off, c.full = off, true
	if cap(c.buf) > bufferMost {
		c.buf = nil
	}
}

// frames appends the entries' frames as they stand from off on, and numbers
// their events.
func (c *committer) frames(b []byte, part []*entry, off int64) []byte {
	start := len(b)
	for i, e := range part {
		at := off + int64(len(b)-start)
		e.at = place{seg: c.seg.first, off: at}
		e.detail &^= detailUnsynced
		if c.s.o.Fsync == fsyncInterval && len(c.unsynced)+i > 0 {
			e.detail |= detailUnsynced
		}
		if e.kind == kindIngest {
			e.first = c.next
			c.next += uint64(e.count)
		}
		f := frame{kind: e.kind, detail: e.detail, count: e.count, first: e.first}
		b = appendSummed(b, c.seg.salt, f, e.payload, e.sum)
	}
	return b
}

// numbers is how many new numbers an entry takes.
func (e *entry) numbers() uint64 {
	if e.kind != kindIngest {
		return 0
	}
	return uint64(e.count)
}

// sync makes what is written durable, and only then known.
func (c *committer) sync() error {
	if len(c.unsynced) == 0 {
		return nil
	}
	if err := c.file.Sync(); err != nil {
		return err
	}
	// What is durable in a file that no name leads to is nobody's.
	if err := c.s.home.leads(c.path, c.file); err != nil {
		return err
	}
	c.s.durable(c.seg.first, c.unsynced, c.off, c.next)
	clear(c.unsynced)
	c.unsynced, c.bytes = c.unsynced[:0], 0
	return nil
}

// durable makes entries known that a sync has covered: to State, to the
// queues, and to those who wait.
func (s *Spool) durable(seg uint64, es []*entry, off int64, next uint64) {
	lines, events := 0, uint64(0)
	s.mu.Lock()
	for _, e := range es {
		events += e.numbers()
		if e.kind != kindIngest {
			continue
		}
		if rec, err := parseRest(skipEvents(e.payload, e.count)); err == nil {
			s.state.merge(rec.source, rec.changes)
			lines += len(rec.lines) + len(rec.replayed)
		}
	}
	s.next = next
	s.segs.change(seg, func(sg *segment) {
		sg.limit, sg.changed = off, time.Now()
		sg.lines += lines
		if events > 0 {
			sg.next = next
		}
	})
	for _, q := range s.queues {
		q.signal()
	}
	s.mu.Unlock()
	s.tell(es, true)
}

// tell answers those who wait for entries. What is moved has to be durable
// first in any case: its old segment goes next.
func (s *Spool) tell(es []*entry, durable bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range es {
		if !e.told && (durable || e.kind != kindMoved) {
			e.told = true
			e.done <- outcome{first: e.first, at: e.at}
		}
	}
}

// State gives the durable state of a source, merged, sorted by key.
func (s *Spool) State(source string) []bridge.Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.entries(source)
}
