package spool

import (
	"context"
	"fmt"
	"path/filepath"
	"time"
)

// retainEvery is how often retention looks by itself.
const retainEvery = time.Minute

// retain deletes what nobody wants and what is over its time, until ctx ends.
func (s *Spool) retain(ctx context.Context) {
	tick := time.NewTicker(retainEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.kicked:
		}
		s.retainOnce(ctx)
	}
}

// retainOnce looks at every sealed segment, oldest first. One goes when no
// recipient wants an event in it and either its time is over or room is
// needed, whatever stands before it.
func (s *Spool) retainOnce(ctx context.Context) {
	s.strikeAgain()
	s.expire()
	all := s.segs.all()
	for i, sg := range all {
		if i == len(all)-1 || ctx.Err() != nil {
			break
		}
		if time.Since(sg.changed) < s.o.Keep.D() && !s.tight() {
			continue
		}
		if s.isPinned(sg) {
			continue
		}
		w := s.wantedBy(sg)
		if w.unread != "" || w.parked.events > 0 && !s.move(ctx, sg) {
			continue
		}
		if err := s.drop(sg); err != nil {
			if why := cause(err); why != s.dropFails {
				s.dropFails = why
				s.o.Log.Error().Err(err).Str("hint", advice(err)).Str("segment", segmentName(sg.first())).Msg("a segment can't be deleted")
			}
			break
		}
		s.dropFails = ""
		s.mu.Lock()
		s.refused = false // that may be room enough
		s.mu.Unlock()
		notify(s.room)
	}
	s.askRelief()
	s.keepSpare()
	s.warn()
}

// drop deletes a segment that nobody wants. Before the file goes these are
// durable: its quarantined lines, in their store; that the recipients have
// come past it; and that it is meant to go.
func (s *Spool) drop(sg segment) error {
	if err := s.saveLines(sg); err != nil {
		return err
	}
	if err := s.intend(sg); err != nil {
		return err
	}
	s.segs.remove(sg.first())
	if err := s.o.FS.Remove(segmentPath(s.o.Dir, sg.first())); err != nil {
		s.segs.insert(sg)
		return err
	}
	if err := s.o.FS.SyncDir(s.segmentDir()); err != nil {
		return fmt.Errorf("sync %s: %w", segmentDir, err)
	}
	s.o.Log.Debug().Str("segment", segmentName(sg.first())).Int64("bytes", sg.size).Msg("a segment is deleted")
	return nil
}

func (s *Spool) segmentDir() string { return filepath.Join(s.o.Dir, segmentDir) }

// intend makes durable that a segment is about to go.
func (s *Spool) intend(sg segment) error {
	j := &s.journal
	j.mu.Lock()
	for _, p := range j.recipients {
		if p.base.number >= sg.next {
			continue
		}
		if err := j.checkpointLocked(p); err != nil {
			j.mu.Unlock()
			return err
		}
	}
	err := j.writeLocked(frame{kind: kindDrop, first: sg.first()}, nil)
	j.mu.Unlock()
	if err != nil {
		return err
	}
	return j.sync()
}

// lineBatch is how much of a segment's quarantined lines is copied at once,
// in bytes.
const lineBatch = 1 << 20

// saveLines copies a segment's quarantined lines into their store, and what it
// says of those that were replayed.
func (s *Spool) saveLines(sg segment) error {
	if sg.lines == 0 {
		return nil
	}
	var batch []stored
	var marks []uint64
	bytes := 0
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		err := s.wayOut(func() error { return s.quarantine.put(batch) })
		batch, bytes = nil, 0
		return err
	}
	put := func(r stored) error {
		batch = append(batch, r)
		if bytes += len(r.payload) + frameHead; bytes < lineBatch {
			return nil
		}
		return flush()
	}
	from := &noting{FS: s.o.FS}
	replayed, err := s.replayedLines()
	if err != nil {
		return err
	}
	err = readLines(from, s.o.Dir, sg, func(l QuarantinedLine) error {
		if replayed.has(l.Number) {
			return nil // it would outlive what says so
		}
		return put(stored{kind: kindLine, number: l.Number, payload: appendLine(nil, l)})
	})
	if err == nil {
		err = readReplayed(from, s.o.Dir, sg, func(n uint64) error {
			marks = append(marks, n)
			return put(stored{kind: kindParsed, number: n})
		})
	}
	if err == nil && !s.stuck.over(sg.first(), from.err) {
		err = from.err
	}
	if err == nil {
		err = flush()
	}
	if err != nil {
		return fmt.Errorf("save quarantined lines: %w", err)
	}
	for _, n := range marks {
		replayed.add(n)
	}
	s.segs.change(sg.first(), func(sg *segment) { sg.lines = 0 })
	return nil
}

// replayedLines gives the lines of which the store says that they were
// replayed.
func (s *Spool) replayedLines() (*numberSet, error) {
	if s.replayed == nil {
		set := new(numberSet)
		_, err := readStoreKind(s.o.FS, s.quarantine.dir, magicQuarantine, kindParsed, func(r stored) error {
			if r.kind == kindParsed {
				set.add(r.number)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read what was replayed: %w", err)
		}
		s.replayed = set
	}
	return s.replayed, nil
}

// stuck is a segment of which something can't be read, that is about to be
// deleted. It is owned by retain.
type stuck struct {
	first uint64
	since time.Time
}

// over reports whether a segment can go: there was no error, or it has lasted
// for so long that what can't be read counts as damaged. An error may pass,
// and a bad sector must not hold a segment for ever.
func (st *stuck) over(first uint64, err error) bool {
	if err == nil {
		return true
	}
	if st.first != first {
		*st = stuck{first, time.Now()}
	}
	return time.Since(st.since) >= unreadableFor
}

// expire deletes the oldest dead letters and quarantined lines.
func (s *Spool) expire() {
	for _, st := range []*store{&s.dead, &s.quarantine} {
		n, err := st.expire(time.Now())
		if err != nil {
			s.o.Log.Error().Err(err).Msg("old records can't be deleted")
		}
		if n > 0 {
			s.o.Log.Warn().Str("store", filepath.Base(st.dir)).Int("files", n).Msg("the oldest records are deleted: over keep_dead or 1 GiB")
		}
	}
}
