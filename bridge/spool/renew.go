package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"time"
)

// renewLocked writes all that is known into the other file and goes over to
// it once it is durable. The file in use stays as it is until then, and takes
// no facts after a try that failed: they would be older than the other file,
// should that be readable after all.
func (j *journal) renewLocked() error {
	if j.closed {
		return ErrClosed
	}
	j.broken = errors.New("the journal's other file is not finished")
	at := 1 - j.cur
	h := fileHead{
		magic: magicJournal, salt: newSalt(), epoch: j.head.epoch,
		first: j.head.first + 1, created: time.Now(), prev: uint64(j.handles),
	}
	j.head.first = h.first // never twice, whatever becomes of this one
	f, size, err := j.blankLocked(at)
	if err != nil {
		return err
	}
	off, err := j.snapshotLocked(f, h, size)
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		return fmt.Errorf("renew journal: %w", err)
	}
	j.cur, j.head, j.off, j.room = at, h, off, size
	j.broken, j.dirty = nil, false
	for _, p := range j.recipients {
		p.base, p.facts = p.frontier(), 0
	}
	return nil
}

// blankLocked gives the file that is written next, as long as it should be if
// there is room for that, and how long it is.
func (j *journal) blankLocked(i int) (File, int64, error) {
	if j.files[i] == nil {
		f, err := j.fs.Create(journalName(j.dir, i))
		if errors.Is(err, fs.ErrExist) {
			f, err = j.fs.Open(journalName(j.dir, i), true)
		}
		if err != nil {
			return nil, 0, fmt.Errorf("make journal: %w", err)
		}
		j.files[i] = f
		if err := j.fs.SyncDir(filepath.Join(j.dir, journalDir)); err != nil {
			j.files[i] = nil
			_ = f.Close()
			return nil, 0, fmt.Errorf("make journal: %w", err)
		}
	}
	f := j.files[i]
	size, err := f.Size()
	if err == nil && size < j.size {
		if err = f.Allocate(j.size); err != nil && size >= journalLeast {
			return f, size, nil // what it has must do
		}
	}
	if err != nil {
		return nil, 0, fmt.Errorf("make journal: %w", err)
	}
	return f, max(size, j.size), nil
}

// snapshotLocked writes head and checkpoints, and gives where facts begin.
func (j *journal) snapshotLocked(f File, h fileHead, size int64) (int64, error) {
	off := int64(0)
	put := func(b []byte) error {
		if off+int64(len(b)) > size {
			return fmt.Errorf("the checkpoints of %d recipients with %d parked events don't fit into %d bytes", len(j.recipients), j.parked, size)
		}
		_, err := f.WriteAt(b, off)
		off += int64(len(b))
		return err
	}
	if err := put(appendHead(nil, h)); err != nil {
		return 0, err
	}
	for _, handle := range slices.Sorted(maps.Keys(j.recipients)) {
		payload := j.recipients[handle].appendCheckpoint(nil)
		b := appendFrame(nil, h.salt, frame{kind: kindRecipient, count: handle}, payload)
		if err := put(b); err != nil {
			return 0, err
		}
	}
	for _, handle := range slices.Sorted(maps.Keys(j.recipients)) {
		p := j.recipients[handle]
		p.batchesLeast = 0
		p.pruneBatches()
		// Only where there is room: what is left out costs an id, and no event.
		if b := p.appendBatches(nil, h.salt); off+int64(len(b)) <= size/4*3 {
			if err := put(b); err != nil {
				return 0, err
			}
		}
	}
	for _, u := range j.unknown {
		if err := put(appendFrame(nil, h.salt, u.frame, u.payload)); err != nil {
			return 0, err
		}
	}
	end := frame{kind: kindSnapshotEnd, count: uint32(len(j.recipients))}
	err := put(appendFrame(nil, h.salt, end, nil))
	return off, err
}

// keepUnknown keeps frames of a newer version, to be copied whenever a file is
// written anew: the newest, if all of them are more than an eighth of a file.
func (j *journal) keepUnknown(all []raw) {
	bytes := int64(0)
	for i := len(all) - 1; i >= 0; i-- {
		if bytes += all[i].frame.bytes(); bytes > j.size/8 {
			j.log.Error().Int("frames", i+1).Msg("the journal holds more of a newer version than can be kept; the oldest of that is left out")
			all = all[i+1:]
			break
		}
	}
	j.unknown = all
}
