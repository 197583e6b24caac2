package spool

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrTooBig says that a record can never be spooled, however long one waits.
var ErrTooBig = errors.New("too big for the spool")

// entry is a record on its way into a segment. All but done and payload's
// bytes is guarded by the spool's mutex once it is queued.
type entry struct {
	kind    kind
	detail  byte
	count   uint32
	payload []byte
	sum     uint32
	done    chan outcome // buffered: one

	hasty bool // where there is no room now it is refused, instead of waiting
	taken bool // it is being written: it can't be withdrawn
	gone  bool // nobody waits for it: it is not to be tried again
	told  bool // done has been sent (fsync = interval: before the sync)

	// Set by the committer as it writes:
	first uint64 // number of the first event
	at    place  // of the first event; without its size
}

// outcome is what became of an entry.
type outcome struct {
	first uint64
	at    place
	err   error
}

// Append makes one ingest record durable (fsync = "interval": written): all
// of it or nothing. It gives the number of the first event, where there is
// one (fsync = "interval": should the sync fail, it may become a higher one).
// It waits while the spool is full or can't be written, and returns only
// nil, ctx's error, ErrClosed, or an error that wraps ErrTooBig. After ctx's
// error nothing of the record counts, unless the disk took so long that it is
// found at the next start: position and events of it together, then.
//
// Nothing in is kept. Any number of callers may wait at once; they share
// writes and syncs. There must not be two under way for one source.
func (s *Spool) Append(ctx context.Context, in Ingest) (first uint64, err error) {
	if err := s.tooBig(&in); err != nil {
		return 0, err
	}
	e := &entry{kind: kindIngest, count: uint32(len(in.Events)), done: make(chan outcome, 1)}
	line := uint64(0)
	if n := uint64(len(in.Quarantined)); n > 0 {
		e.detail |= detailLines
		line = s.lines.Add(n) - n
	}
	if len(in.Replayed) > 0 {
		e.detail |= detailReplayed
	}
	e.payload = appendIngest(make([]byte, 0, ingestBytes(&in)), &in, time.Now(), line)
	e.sum = checksum(e.payload)
	o, err := s.commit(ctx, e)
	return o.first, err
}

func (s *Spool) tooBig(in *Ingest) error {
	n := ingestBytes(in)
	s.mu.Lock()
	state, heads := s.state.bytesAfter(in.Source, in.Changes)
	s.mu.Unlock()
	switch {
	case state > stateMost:
		return fmt.Errorf("state of %d bytes for source %s: %w", state, in.Source, ErrTooBig)
	case n > payloadMost || int64(n)+3*(int64(heads)+bodyStart+blockSize) > s.segmentRoom():
		return fmt.Errorf("a record of %d bytes, behind a state of %d, with max_bytes = %d: %w", n, heads, s.o.MaxBytes, ErrTooBig)
	}
	return nil
}

// commit queues an entry and waits until the committer is done with it.
func (s *Spool) commit(ctx context.Context, e *entry) (outcome, error) {
	if err := ctx.Err(); err != nil {
		return outcome{}, err
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return outcome{}, ErrClosed
	}
	s.pending = append(s.pending, e)
	s.mu.Unlock()
	notify(s.work)
	if e.hasty {
		notify(s.room) // should the committer wait for that, it answers
	}
	select {
	case o := <-e.done:
		return o, o.err
	case <-ctx.Done():
	}
	if s.withdraw(e) {
		return outcome{}, ctx.Err()
	}
	// It is being written: one write and one sync from now it is known.
	o := <-e.done
	if errors.Is(o.err, errGone) {
		o.err = ctx.Err()
	}
	return o, o.err
}

// errNoRoom answers a hasty entry.
var errNoRoom = errors.New("there is no room in the spool now")

// errGone answers an entry that nobody waits for any more.
var errGone = errors.New("withdrawn")

// withdraw takes an entry out of the queue. It reports false where it is
// being written; then it is not tried again if that fails.
func (s *Spool) withdraw(e *entry) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.gone = true
	if e.taken {
		return false
	}
	if i := slices.Index(s.pending, e); i >= 0 {
		s.pending = slices.Delete(s.pending, i, i+1)
	}
	return true
}

// groupMost bounds what is written and synced at once, in bytes. One record
// is always taken.
const groupMost = 4 << 20

// take gives the next entries to write, in the order they came.
func (s *Spool) take() (group []*entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, bytes := 0, int64(0)
	for _, e := range s.pending {
		bytes += frameBytes(len(e.payload))
		if n > 0 && bytes > groupMost {
			break
		}
		n++
	}
	group = append(group, s.pending[:n]...)
	s.pending = slices.Delete(s.pending, 0, n)
	return group
}

// hold marks a group as being written, without those that nobody waits for.
// Between tries it is let go, so that its callers can leave.
func (s *Spool) hold(group []*entry) []*entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := group[:0]
	for _, e := range group {
		if e.gone && !e.told {
			continue
		}
		e.taken = true
		kept = append(kept, e)
	}
	return kept
}

// letGo ends a try that failed.
func (s *Spool) letGo(group []*entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range group {
		e.taken = false
		if e.gone && !e.told {
			e.done <- outcome{err: errGone}
		}
	}
}

// takeHasty takes those that don't want to wait out of the group and the
// queue.
func (s *Spool) takeHasty(group []*entry) (hasty, rest []*entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sort := func(e *entry) bool {
		if e.hasty {
			hasty = append(hasty, e)
		}
		return e.hasty
	}
	rest = slices.DeleteFunc(group, sort)
	s.pending = slices.DeleteFunc(s.pending, sort)
	return hasty, rest
}

// refuseHasty answers entries that there is no room for.
func (s *Spool) refuseHasty(es []*entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range es {
		if !e.told {
			e.done <- outcome{err: errNoRoom}
		}
	}
}

// refuse ends all that wait, and all that come.
func (s *Spool) refuse(group []*entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, e := range append(group, s.pending...) {
		if !e.told && !e.gone {
			e.done <- outcome{err: ErrClosed}
		}
	}
	s.pending = nil
}

// notify puts a value into a channel of one, unless there is one.
func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
