package spool

import (
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/tailpost/tailpost/bridge"
)

// recover brings everything up to where it was. What it deletes never
// counted; what can't be read it sets aside.
func (s *Spool) recover() error {
	o := &s.o
	_, total, err := o.FS.Space(o.Dir)
	if err != nil {
		total = 0
	}
	s.segmentSize = o.segmentBytes(total)
	s.asks = min(preallocate, s.segmentSize)
	s.spare = spare{fs: o.FS, path: filepath.Join(o.Dir, spareName), size: spareBytes(s.segmentSize)}
	s.spare.find()
	s.damaged = damaged{fs: o.FS, dir: filepath.Join(o.Dir, damagedDir), log: o.Log}
	kept, err := s.damaged.load()
	if err != nil {
		return err
	}
	sv, err := surveySegments(o.FS, o.Dir)
	if err != nil {
		return err
	}
	epoch := sv.epoch
	for _, name := range kept {
		if first, err := strconv.ParseUint(name[:min(len(name), 16)], 16, 64); err == nil {
			epoch = max(epoch, first>>epochBits)
		}
	}
	files, err := s.openJournal(o.journalBytes(total))
	if err != nil {
		return err
	}
	r, err := replayJournal(o.Dir, files)
	if err != nil {
		return err
	}
	epoch = max(epoch, r.epoch)
	for dir, m := range map[string]magic{deadDir: magicDead, quarantineDir: magicQuarantine} {
		if err := knownStore(o.FS, filepath.Join(o.Dir, dir), m); err != nil {
			return err
		}
	}
	if err := s.recoverSegments(&sv); err != nil {
		return err
	}
	lettersEpoch, err := s.recoverStores(r)
	if err != nil {
		return err
	}
	if err := s.startEpoch(r, max(epoch, lettersEpoch)+1); err != nil {
		return err
	}
	s.keepSpare()
	return nil
}

// openJournal makes the journal's two files where they are missing.
func (s *Spool) openJournal(size int64) ([2]File, error) {
	j := &s.journal
	j.fs, j.dir, j.size, j.log = s.o.FS, s.o.Dir, size, s.o.Log
	j.maxParked, j.retryEvery = s.o.MaxParked, s.o.RetryEvery
	j.touched, j.passed = make(chan struct{}, 1), make(chan struct{}, 1)
	files, err := openJournal(s.o.FS, s.o.Dir, true)
	j.files = files
	return files, err
}

// recoverSegments lists the segments, goes over the last one, and takes the
// states from it.
func (s *Spool) recoverSegments(sv *survey) error {
	if err := s.clear(sv); err != nil {
		return err
	}
	st, last, whole, err := recoverState(s.o.FS, s.o.Dir, sv.segs)
	if err != nil {
		return err
	}
	if !whole || len(sv.segs) == 0 && len(sv.unreadable) > 0 {
		s.o.Log.Error().Msg("the state of the sources could not be recovered whole: they may read lines again, or go on where they are")
	}
	s.state = st
	if n := len(sv.segs); n > 0 {
		if err := s.trim(&sv.segs[n-1], last); err != nil {
			return err
		}
	}
	if err := sv.measure(s.o.FS, s.o.Dir); err != nil {
		return err
	}
	for _, sg := range sv.segs {
		s.segs.add(sg)
	}
	return nil
}

// clear takes away what never counted, and sets aside what can't be read. The
// names of the others become durable before anybody is told of what is in
// them: a kill may have left them in the page cache.
func (s *Spool) clear(sv *survey) error {
	dir := s.segmentDir()
	for _, first := range append(sv.blank, sv.uncounted...) {
		if err := s.o.FS.Remove(segmentPath(s.o.Dir, first)); err != nil {
			return err
		}
	}
	for _, info := range sv.unreadable {
		first, _ := parseSegmentName(info.Name)
		name := damagedName(first, span{0, info.Size})
		if err := s.o.FS.Rename(filepath.Join(dir, info.Name), filepath.Join(s.o.Dir, damagedDir, name)); err != nil {
			return err
		}
	}
	if len(sv.unreadable) > 0 {
		if err := s.syncDirs(damagedDir); err != nil {
			return err
		}
	}
	if err := s.syncDirs(segmentDir); err != nil {
		return err
	}
	for _, info := range sv.unreadable {
		first, _ := parseSegmentName(info.Name)
		s.damaged.whole(damagedName(first, span{0, info.Size}), info.Size)
	}
	return nil
}

func (s *Spool) syncDirs(names ...string) error {
	for _, n := range names {
		if err := s.o.FS.SyncDir(filepath.Join(s.o.Dir, n)); err != nil {
			return fmt.Errorf("sync %s: %w", n, err)
		}
	}
	return nil
}

// trim makes the last segment end where its last good frame does. A torn
// write behind that is kept in damaged/ first; where it can't be, it stays in
// the file, and doesn't count. What a kill left in the page cache becomes
// durable before anybody is told of it.
func (s *Spool) trim(sg *segment, r scanned) error {
	f, err := s.o.FS.Open(segmentPath(s.o.Dir, sg.first()), true)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := writeAgain(f, r.unsure()); err != nil {
		return err
	}
	for _, bad := range r.bad {
		s.damaged.found(*sg, f, bad)
	}
	sg.limit, sg.next, sg.lines = r.end, r.next, r.lines
	if r.blind > 0 || r.tail.bytes() == 0 {
		return nil
	}
	if r.zero || s.damaged.torn(*sg, f, r.tail) {
		if f.Truncate(r.end) == nil {
			sg.size = r.end
		}
	}
	return nil
}

// recoverStores lists dead letters and quarantined lines. Every dead letter
// counts as settled: its write was the settling, and the fact in the journal
// may be lost. Then the letter may not be durable either, and it has to be
// before the journal says so; what strikes letters out has to be, too, before
// their events are sent.
func (s *Spool) recoverStores(r *replay) (epoch uint64, err error) {
	for st, dir := range map[*store]string{&s.dead: deadDir, &s.quarantine: quarantineDir} {
		st.fs, st.dir, st.keep = s.o.FS, filepath.Join(s.o.Dir, dir), s.o.KeepDead.D()
		if st.files, err = listStore(st.fs, st.dir); err != nil {
			return 0, fmt.Errorf("list %s: %w", dir, err)
		}
	}
	s.dead.magic, s.quarantine.magic = magicDead, magicQuarantine
	byName := make(map[string]*progress, len(r.recipients))
	for _, p := range r.recipients {
		byName[p.name] = p
	}
	s.buried = make(map[string]*numberSet)
	out, err := readStruck(s.o.FS, s.o.Dir)
	if err != nil {
		return 0, err
	}
	unsure := out.unsure()
	damage := func(rec stored) {
		s.damaged.Ranges++
		s.damaged.Bytes += rec.at.bytes()
		s.o.Log.Error().Str("file", storeName(deadDir, rec.file)).Int64("from", rec.at.from).Int64("to", rec.at.to).Msg("a stretch of the dead letters can't be read")
	}
	epoch, err = scanLetters(s.o.FS, s.o.Dir, out, damage, func(l DeadLetter, rec stored) error {
		switch p := byName[l.Recipient]; {
		case p != nil:
			if _, _, news := p.settle(l.Number, bridge.Dead); news {
				unsure[rec.file] = append(unsure[rec.file], rec.at)
			}
		case r.lost:
			if s.buried[l.Recipient] == nil {
				s.buried[l.Recipient] = new(numberSet)
			}
			s.buried[l.Recipient].add(l.Number)
		}
		return nil
	})
	if err != nil {
		return epoch, err
	}
	return epoch, s.dead.writeAgain(unsure)
}

// startEpoch opens a new epoch: durable, with all that was replayed, in a journal
// file of its own, before anything else is written.
func (s *Spool) startEpoch(r *replay, epoch uint64) error {
	all := s.segs.all()
	fresh := r.generation == 0 && len(all) == 0
	s.lost = r.lost && !fresh
	if s.lost {
		s.o.Log.Error().Msg("the journal is damaged or missing: recipients that it doesn't know are sent all that the spool holds")
	} else if r.damaged > 0 {
		// A power cut leaves that, too: of what was not synced any sector.
		s.o.Log.Warn().Int64("bytes", r.damaged).Msg("parts of the journal can't be read: some events may be sent again")
	}
	if s.bereft = len(all) == 0 && r.hadEvents(); s.bereft {
		s.o.Log.Error().Msg("the journal knows of events, and no segment is left: what was waiting is gone, and so are the positions of the sources")
	}
	for first := range r.dropped { // its lines were saved before that was written
		s.segs.change(first, func(sg *segment) { sg.lines = 0 })
	}
	if err := s.rescue(r, all); err != nil {
		return err
	}
	if last, ok := s.segs.last(); ok {
		next := r.nextOf(last)
		s.segs.change(last.first(), func(sg *segment) { sg.next = next })
	}
	s.dead.epoch, s.quarantine.epoch = epoch, epoch
	s.next = epoch << epochBits
	s.lines.Store(epoch << epochBits)
	j := &s.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	j.recipients, j.handles = r.recipients, max(1, r.handles)
	j.keepUnknown(r.unknown)
	j.recountLocked()
	j.cur, j.head = r.keep, fileHead{epoch: epoch, first: r.generation}
	for i := range j.files {
		if _, _, err := j.blankLocked(i); err != nil {
			return err
		}
	}
	return j.renewLocked()
}
