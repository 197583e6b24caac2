package spool

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"
)

const (
	// probeEvery lies between two looks whether the spool could be written.
	probeEvery = 5 * time.Second
	// probeMost is how long such a look may take: longer, and the disk counts
	// as failing.
	probeMost = 10 * time.Second

	probeName  = "probe"
	probeBytes = 512
)

// begins notes that the committer is at a group.
func (s *Spool) begins() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes = true
}

// ends notes that it is done with it, and what the next line asks for.
func (s *Spool) ends(asks int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes, s.asks = false, asks
}

// probed is what the last look has found.
type probed struct {
	began         time.Time // of the look under way; zero: none is
	full, failing string    // why lines would find no space, or could not be written
	cause         string    // of either, as it was logged
}

// Watch looks every 5 s whether lines could be spooled, so that this is known,
// and told by Status, while none come in: whether there is space for what the
// next line makes the segments grow by, and whether a block can be written and
// synced. What a line found whose source then gave up counts until there. That
// block is a file of its own, always the same, that nothing reads: the spool
// doesn't grow by it, and where lines have been written in the meantime it is
// not touched. Watch returns when ctx ends.
func (s *Spool) Watch(ctx context.Context) error {
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		s.probeOnce()
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (s *Spool) probeOnce() {
	s.mu.Lock()
	s.probed.began = time.Now()
	written, asks := time.Since(s.wrote) < probeEvery, s.asks
	s.mu.Unlock()
	err := s.home.away()
	if err == nil {
		err = s.probeSpace(asks)
	}
	if err == nil && !written {
		err = s.probeWrite()
	}
	s.foundProbe(err)
}

// probeSpace is what haveRoom asks of the file system for lines. Where the next
// one fits into blocks that are taken already, a disk that has a block left is
// enough: one without is told of at once, and not when these are used up.
func (s *Spool) probeSpace(need int64) error {
	free, least := s.freeSpace()
	if need == 0 {
		need, least = blockSize, 0
	}
	if free >= 0 && free-need < least {
		return noSpace(least, need-free)
	}
	return nil
}

// probeWrite writes a block onto itself, and syncs it. The file is opened each
// time: its directory may have become another, or read-only.
func (s *Spool) probeWrite() (err error) {
	name := filepath.Join(s.o.Dir, probeName)
	f, err := s.o.FS.Open(name, true)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = s.o.FS.Create(name)
	}
	if err != nil {
		return outOfSpace(err)
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}()
	b := make([]byte, probeBytes)
	binary.LittleEndian.PutUint64(b, uint64(time.Now().UnixNano())) // no disk may think that nothing has changed
	if _, err := f.WriteAt(b, 0); err != nil {
		return outOfSpace(fmt.Errorf("write %s: %w", probeName, err))
	}
	return outOfSpace(f.Sync())
}

// foundProbe notes how a look has ended, and logs what is new and not known
// otherwise.
func (s *Spool) foundProbe(err error) {
	var is probed
	if full := (*fullError)(nil); errors.As(err, &full) {
		is.full = withAdvice(err)
	} else if err != nil {
		is.failing = withAdvice(err)
	}
	is.cause = cause(err)
	over := s.unwaited(err)
	s.mu.Lock()
	was, known := s.probed, s.full != "" || s.failing != ""
	s.probed = is
	s.mu.Unlock()
	switch {
	case is.cause == was.cause && !over || known:
	case err != nil:
		s.o.Log.Error().Err(err).Str("hint", advice(err)).Dur("retry_every", probeEvery).Msg("the spool could not be written if a line came")
	default:
		s.o.Log.Info().Msg("the spool can be written again")
	}
}

// unwaited forgets why lines could not be taken, once the last of them has been
// withdrawn: nothing is tried any more that could show the end of it, and the
// looks tell. err is what this one has found. It reports whether that was all:
// the trouble is over, as far as is known. Room under max_bytes is another
// matter, which no look asks for.
func (s *Spool) unwaited(err error) (over bool) {
	s.mu.Lock()
	idle := !s.writes && len(s.pending) == 0 && s.cause != ""
	ours, asks := s.full != "" && !s.crammed, s.asks
	s.mu.Unlock()
	if !idle || ours && s.haveRoom(asks, forLines) != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writes || len(s.pending) > 0 {
		return false
	}
	s.full, s.failing, s.crammed = "", "", false
	if err == nil {
		s.cause = ""
	}
	return err == nil
}

// troubleLocked says why ingest waits, or would wait if a line came. noSpace:
// full because of the file system.
func (s *Spool) troubleLocked() (full, failing string, noSpace bool) {
	full, failing, noSpace = s.full, s.failing, s.full != "" && s.crammed
	if p := &s.probed; p.full != "" {
		full, noSpace = p.full, true
	} else if failing == "" {
		failing = p.failing
	}
	if b := s.probed.began; failing == "" && !b.IsZero() && time.Since(b) >= probeMost {
		failing = fmt.Sprintf("the disk has not written a block for %s: see the kernel's log", probeMost)
	}
	return full, failing, noSpace
}
