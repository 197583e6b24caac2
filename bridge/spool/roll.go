package spool

import (
	"errors"
	"fmt"
	"syscall"
	"time"
)

// begin makes a new segment: its head, which says how far the one before
// counts, the state of all sources, and the first entries, all in one write.
// It counts once the file and its name are durable; until then it is as if it
// were not there, and if it comes to nothing it is removed. Its name is never
// used again, because the removal may be undone by a power cut: its successor
// names the same segment before it, and whatever lies between doesn't count.
func (c *committer) begin(part []*entry, nextEpoch bool) error {
	if err := c.sync(); err != nil { // fsync = interval: the old one first
		return err
	}
	s := c.s
	prev, _ := s.segs.last()
	next := s.next
	if nextEpoch {
		next = (next>>epochBits + 1) << epochBits
	}
	first := max(next, c.named+1)
	h := fileHead{
		magic: magicSegment, salt: newSalt(), epoch: first >> epochBits, first: first,
		prev: prev.first(), prevEnd: prev.limit, prevNext: prev.next, created: time.Now(), given: prev.given(),
	}
	old := *c
	c.named, c.seg, c.next = first, h, first
	b := s.state.appendStates(appendHead(nil, h), h.salt)
	b = c.frames(b, part, int64(len(b)))
	c.file, c.size, c.off = nil, 0, 0
	if err := c.fill(b, purposeOf(part)); err != nil {
		if full := (*fullError)(nil); errors.As(err, &full) {
			named := c.named
			*c = old // it is as good as it was
			c.named = named
		} else if old.file != nil {
			_ = old.file.Close()
		}
		return err
	}
	s.segs.add(segment{head: h, limit: bodyStart, next: h.prevNext, size: c.size, changed: h.created})
	c.off, c.full = int64(len(b)), len(part) > 0
	s.durable(first, part, c.off, c.next)
	if old.file != nil {
		s.seal(prev.first(), old.file, old.off)
	}
	return nil
}

// fill makes the file of a new segment, durable with what it holds.
func (c *committer) fill(b []byte, what purpose) error {
	size := int64(len(b))
	if what == forLines {
		size = max(size, min(c.s.segmentSize, preallocate))
	}
	size = (size + blockSize - 1) &^ (blockSize - 1)
	if err := c.s.haveRoom(size, what); err != nil {
		return err
	}
	if what == forLines {
		return c.fillFile(b, size)
	}
	return c.s.wayOut(func() error { return c.fillFile(b, size) })
}

// purposeOf tells what a write is for.
func purposeOf(part []*entry) purpose {
	what := forHead
	for _, e := range part {
		if !e.hasty {
			return forLines
		}
		what = forOut
	}
	return what
}

func (c *committer) fillFile(b []byte, size int64) (err error) {
	s := c.s
	name := segmentPath(s.o.Dir, c.seg.first)
	f, err := s.o.FS.Create(name)
	if err != nil {
		return outOfSpace(fmt.Errorf("make segment %016x: %w", c.seg.first, err))
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = s.o.FS.Remove(name)
		}
	}()
	if err = f.Allocate(size); err != nil {
		return outOfSpace(err)
	}
	if _, err = f.WriteAt(b, 0); err != nil {
		return fmt.Errorf("write segment %016x: %w", c.seg.first, err)
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = s.o.FS.SyncDir(s.segmentDir()); err != nil {
		return fmt.Errorf("sync %s: %w", segmentDir, err)
	}
	if err = s.home.leads(name, f); err != nil {
		return err
	}
	c.file, c.path, c.size = f, name, size
	return nil
}

// reserve takes blocks for the segment up to there; for lines some in advance.
func (c *committer) reserve(to int64, what purpose) error {
	if to <= c.size {
		return nil
	}
	size := to
	if what == forLines {
		size = max(to, min(c.size+preallocate, c.s.segmentSize))
	}
	size = (size + blockSize - 1) &^ (blockSize - 1)
	if err := c.s.haveRoom(size-c.size, what); err != nil {
		return err
	}
	take := func() error { return c.file.Allocate(size) }
	err := error(nil)
	if what == forLines {
		err = take()
	} else {
		err = c.s.wayOut(take)
	}
	if err != nil {
		return outOfSpace(err)
	}
	c.size = size
	c.s.segs.change(c.seg.first, func(sg *segment) { sg.size = size })
	return nil
}

// asks gives how many bytes the segments grow by when the next line comes:
// none, while one of an ordinary size, a block, fits into what is taken already.
func (c *committer) asks() int64 {
	step, whole := int64(preallocate), c.s.segmentSize
	switch {
	case c.file == nil || whole-c.off < blockSize:
		return min(step, whole)
	case c.size-c.off >= blockSize:
		return 0
	}
	return max(0, min(step, whole-c.size))
}

// seal cuts off the blocks that were taken in advance and not used. They hold
// zero bytes; the successor's head says anyway where the segment ends.
func (s *Spool) seal(first uint64, f File, end int64) {
	if f.Truncate(end) == nil {
		s.segs.change(first, func(sg *segment) { sg.size = end })
	}
	_ = f.Close()
}

// rollSettled begins a new segment, with nothing but its head, where the
// newest one holds only what nobody wants: so that it can go. It reports
// whether it did.
func (c *committer) rollSettled() bool {
	last, ok := c.s.segs.last()
	if !ok || c.file != nil && !c.full || len(c.unsynced) > 0 || c.s.wantedBy(last).any() {
		return false
	}
	return c.begin(nil, false) == nil
}

// outOfSpace makes a full disk a reason to wait for room, as the spool's own
// limits are.
func outOfSpace(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return &fullError{why: err.Error(), err: err}
	}
	return err
}
