package spool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// Spool is an open spool. Its methods may be called by several goroutines at
// once.
type Spool struct {
	o           Options
	lock        io.Closer
	home        *home // is o.FS
	segmentSize int64
	segs        segments
	journal     journal
	dead        store
	quarantine  store
	damaged     damaged
	spare       spare

	lost   bool                  // the journal was: a name that is not known may have been
	bereft bool                  // there are no segments, and there were some
	buried map[string]*numberSet // dead letters of names that the journal doesn't know; only if lost
	lines  atomic.Uint64         // number of the next quarantined line

	work   chan struct{} // entries wait
	room   chan struct{} // there may be room again
	kicked chan struct{} // retention should look

	reserved map[string]chan struct{} // names of which a queue is opened, or that are forgotten; guarded by mu
	revising sync.Mutex               // one ReviseDead at a time
	unstruck []revival                // parked, while their letters may still count; guarded by revising

	// owed strikes out letters whose write failed and that can be read perhaps,
	// should their events end otherwise. Guarded by writing.
	owed    map[letterKey]stored
	writing sync.Mutex

	mu        sync.Mutex
	pending   []*entry
	closed    bool
	state     states // durable; written by the committer
	next      uint64 // the number behind the last durable event; written by the committer
	queues    map[string]*Queue
	full      string // why ingest waits for room
	refused   bool   // lines found no room since a segment went
	lacks     int64  // how much more must be free on the file system for them, if that is known
	crammed   bool   // it is the file system that has none
	failing   string // the failure because of which ingest waits
	cause     string // of either, as it was logged
	writes    bool   // the committer is at a group, or tries it again and again
	asks      int64  // bytes by which the next line makes the segments grow
	wrote     time.Time
	probed    probed
	buryFails string // why the last dead letter could not be written
	dropFails string // why the last segment could not be deleted; owned by retain
	stuck     stuck
	replayed  *numberSet // lines whose replay stands in the store; nil: not looked at yet; owned by retain
	pinned    uint64     // from this segment on none goes: what is being revived has no fact yet; 0: all may

	ages ages

	pulse bridge.Pulse // the committer's; a step is one write with its sync

	free, minFree atomic.Int64 // as last looked at
	warned        atomic.Int32 // percent
}

// Open takes the lock of the state directory, makes what is missing in it,
// and recovers what is there. It starts nothing: what is appended becomes
// durable only while Run runs. On a full disk it works, if the directory and
// the journal exist.
func Open(ctx context.Context, o Options) (*Spool, error) {
	if o.FS == nil {
		o.FS = OS()
	}
	if o.RetryEvery <= 0 {
		o.RetryEvery = retryEvery
	}
	for _, dir := range []string{"", segmentDir, journalDir, deadDir, quarantineDir, damagedDir} {
		if err := o.FS.MkdirAll(filepath.Join(o.Dir, dir)); err != nil {
			return nil, fmt.Errorf("make the state directory: %w", err)
		}
	}
	lock, err := takeLock(ctx, &o)
	if err != nil {
		return nil, err
	}
	home, err := newHome(o.FS, o.Dir)
	if err != nil {
		_ = lock.Close()
		return nil, fmt.Errorf("open the state directory: %w", err)
	}
	o.FS = home
	s := &Spool{
		o: o, lock: lock, home: home, queues: make(map[string]*Queue), reserved: make(map[string]chan struct{}), owed: make(map[letterKey]stored),
		work: make(chan struct{}, 1), room: make(chan struct{}, 1), kicked: make(chan struct{}, 1),
	}
	if err := s.recover(); err != nil {
		s.release()
		return nil, fmt.Errorf("open the spool in %s: %w", o.Dir, err)
	}
	return s, nil
}

// lockPoll is how often a lock that another process has is tried.
const lockPoll = 100 * time.Millisecond

func takeLock(ctx context.Context, o *Options) (io.Closer, error) {
	for begun := time.Now(); ; {
		lock, err := o.FS.Lock(filepath.Join(o.Dir, lockName))
		if err == nil {
			return lock, nil
		}
		held := (*LockedError)(nil)
		if !errors.As(err, &held) {
			return nil, fmt.Errorf("lock the state directory: %w", err)
		}
		if time.Since(begun) >= o.LockWait {
			return nil, fmt.Errorf("another tailpost uses the state directory: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lockPoll):
		}
	}
}

// Bereft reports that all segments were gone when it was opened, though there
// had been some: with them the state of the sources, which are not at their
// first start then.
func (s *Spool) Bereft() bool { return s.bereft }

// Run makes durable what is appended, syncs the journal and deletes what is
// over its time, until ctx ends; then it commits what waits, refuses what
// comes, and syncs once more. It is called once.
func (s *Spool) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { s.journal.run(ctx) })
	wg.Go(func() { s.journal.runPassed(ctx) })
	wg.Go(func() { s.retain(ctx) })
	c := committer{s: s, next: s.next}
	c.run(ctx)
	wg.Wait()
	return s.journal.sync()
}

// Busy tells for how long the loop of Run that is at it longest has been at one
// step, a write or a sync; 0: they wait, for work, for room, or for the next try
// of what has failed. It takes no lock, so that it answers whatever hangs.
func (s *Spool) Busy() time.Duration { return max(s.pulse.Busy(), s.journal.pulse.Busy()) }

// Close writes how far the recipients have come, syncs the journal, closes all
// files and gives the lock back. It is called after Run has returned, and after
// the last use of the queues.
func (s *Spool) Close() error {
	s.refuse(nil)
	s.journal.saveAll()
	err := s.journal.sync()
	s.release()
	return err
}

func (s *Spool) release() {
	s.mu.Lock()
	for _, q := range s.queues {
		q.c.close()
	}
	s.mu.Unlock()
	s.journal.close()
	s.dead.close()
	s.quarantine.close()
	s.home.close()
	_ = s.lock.Close()
}

// endMark gives the place behind the last durable event.
func (s *Spool) endMark() mark {
	last, _ := s.segs.last()
	s.mu.Lock()
	defer s.mu.Unlock()
	return mark{number: s.next, place: place{seg: last.first(), off: last.limit}}
}

// beginMark gives the place of the oldest event.
func (s *Spool) beginMark() mark {
	for _, sg := range s.segs.all() {
		if sg.next > sg.first() {
			return mark{number: sg.first(), place: place{seg: sg.first()}}
		}
	}
	return s.endMark()
}

// Status tells how things are. It costs little, but not nothing: it looks at
// every segment and recipient.
func (s *Spool) Status() Status {
	st := Status{
		Bytes: s.used(), MaxBytes: int64(s.o.MaxBytes),
		Damage: s.damaged.status(), Dead: s.dead.status(), Lines: s.quarantine.status(),
	}
	st.Wanted, st.Held = s.wantedBytes()
	st.Free, st.MinFree = s.freeSpace()
	all := s.segs.all()
	st.Segments = len(all)
	if len(all) > 0 {
		st.Oldest = all[0].first()
		_, st.Holder = s.oldest()
	}
	s.journal.mu.Lock()
	st.JournalFailing, st.Parked = s.journal.said, s.journal.parked
	s.journal.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	st.Next = s.next
	st.Full, st.Failing, st.NoSpace = s.troubleLocked()
	return st
}
