package spool

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
)

// replay gathers what the journal's files say, the older one first. Both are
// read: the newer one begins with all that the older one had come to, so
// where its front is damaged, or was never finished, the older one's word
// holds, and the facts behind the damage go on from there.
type replay struct {
	recipients map[uint32]*progress // by handle
	dropped    map[uint64]bool      // segments that were about to go
	epoch      uint64               // the highest that a head names
	handles    uint32               // the next one to be given
	generation uint64               // the newest that can be read; 0: none
	keep       int                  // the file that must not be written next: 0 or 1
	// lost says that a recipient may have been registered that is not known.
	lost    bool
	damaged int64 // bytes that stood between good frames and could not be read

	// unknown are frames of kinds that we don't know, as a newer version wrote
	// them: they go into the next file as they are, at its front.
	unknown []raw

	// Of the file that was read last:
	older int             // of unknown, so many stand in the file before it
	ended bool            // its front has the end mark
	front map[uint32]bool // the recipients that stand there
	used  bool            // facts stand behind the front
}

// raw is a frame with its payload.
type raw struct {
	frame   frame
	payload []byte
}

// journalFile is one of the journal's two files with its head.
type journalFile struct {
	file  File
	head  fileHead
	index int
}

// replayJournal reads both files; those that don't exist are nil.
func replayJournal(dir string, files [2]File) (*replay, error) {
	r := &replay{recipients: make(map[uint32]*progress), dropped: make(map[uint64]bool)}
	var read []journalFile
	unreadable := 0
	for i, f := range files {
		if f == nil {
			continue
		}
		h, ok, blank := readHead(f, magicJournal)
		if err := h.foreign(journalName(dir, i)); err != nil {
			return nil, err
		}
		switch {
		case ok:
			read = append(read, journalFile{f, h, i})
		case !blank:
			unreadable++
		}
	}
	slices.SortFunc(read, func(a, b journalFile) int { return cmp.Compare(a.head.first, b.head.first) })
	for _, f := range read {
		if err := r.file(f); err != nil {
			return nil, err
		}
		// A front that was never finished says nothing that the other file
		// doesn't: that one is still the truth.
		if r.ended || r.used || len(read) == 1 {
			r.keep = f.index
		}
	}
	switch {
	case unreadable > 0 || len(read) == 0:
		r.lost = true
	case len(read) == 1 && read[0].head.first > 1:
		r.lost = true // the other one was written once, and is gone
	case !r.ended && r.used:
		r.lost = true // facts follow only once the front is durable: its end is damaged
	}
	return r, nil
}

// file replays one file. Damage costs the facts that stood in it, and no
// others.
func (r *replay) file(f journalFile) error {
	size, err := f.file.Size()
	if err != nil {
		return fmt.Errorf("journal generation %d: %w", f.head.first, err)
	}
	r.epoch, r.generation = max(r.epoch, f.head.epoch), f.head.first
	r.handles = max(r.handles, uint32(f.head.prev))
	r.ended, r.used, r.lost = false, false, false
	r.front, r.older = make(map[uint32]bool), len(r.unknown)
	w := newWalker(f.file, f.head.salt, bodyStart, size)
	w.stubborn = true
	torn := int64(0) // bytes that can't be read; damage only if a good frame follows
	for {
		f, at, bad, ok, err := w.next()
		if err != nil || !ok {
			return err
		}
		torn += bad.bytes()
		payload, good, err := w.payload(f, at)
		if err != nil {
			return err
		}
		if !good {
			torn += f.bytes()
			continue
		}
		r.damaged += torn
		torn = 0
		r.frame(f, payload)
	}
}

func (r *replay) frame(f frame, payload []byte) {
	switch f.kind {
	case kindStanding, kindDisable, kindSkip:
		// At the front an older version kept them, which did otherwise: what it
		// says of the recipient counts.
		if r.ended || r.used {
			r.fact(f, payload)
		}
	case kindRecipient:
		p, err := parseCheckpoint(payload, f.count)
		if err != nil { // whole, yet not readable: another version wrote it
			r.lost = true
			return
		}
		if old := r.recipients[p.handle]; old != nil {
			p.batches, p.batchBytes = old.batches, old.batchBytes // they stand in no checkpoint
		}
		r.recipients[p.handle] = p
		if !r.ended {
			r.front[p.handle] = true
		}
	case kindSnapshotEnd:
		r.ended = true
		r.unknown, r.older = r.unknown[r.older:], 0 // the front has the older ones
		if len(r.front) == int(f.count) {           // whoever is missing was forgotten
			maps.DeleteFunc(r.recipients, func(h uint32, _ *progress) bool { return !r.front[h] })
		}
		r.lost = r.lost || int(f.count) > len(r.recipients)
	case kindDrop:
		r.used = true
		r.dropped[f.first] = true
	case kindSettle, kindFail, kindPark, kindPlace, kindRevive, kindPause:
		r.fact(f, payload)
	case kindBatch:
		// It stands at the front, too. One of a recipient that isn't known says
		// nothing: an older version may have kept it.
		r.used = r.used || r.ended
		if p := r.recipients[f.count]; p != nil {
			p.apply(f, payload)
			p.pruneBatches()
		}
	default:
		r.unknown = append(r.unknown, raw{f, slices.Clone(payload)})
	}
}

// fact applies one about a recipient that should be known.
func (r *replay) fact(f frame, payload []byte) {
	r.used = true
	if p := r.recipients[f.count]; p != nil {
		p.apply(f, payload)
	} else {
		r.lost = true
	}
}

// nextOf gives the number behind the last event of the newest segment. Where
// its last records can't be read they look like a write that was cut off; but
// what a recipient knows of was durable, and was given out.
func (r *replay) nextOf(sg segment) uint64 {
	next := sg.next
	known := func(number uint64) { // to it
		if number>>epochBits == sg.first()>>epochBits && number > sg.first() { // else it says nothing of this one
			next = max(next, number)
		}
	}
	for _, p := range r.recipients {
		known(p.frontier().number)
		for run := range p.settled.runs() {
			known(run.first + run.n)
		}
		for _, s := range p.skips {
			known(s.to)
		}
		known(p.off.number)
		for n := range p.parked {
			known(n + 1)
		}
	}
	return next
}

// The folders of the state directory that are the spool's.
const (
	segmentDir    = "segments"
	journalDir    = "journal"
	deadDir       = "dead"
	quarantineDir = "quarantine"
	damagedDir    = "damaged"
	lockName      = "lock"
)

// journalName gives the name of one of the journal's two files.
func journalName(dir string, i int) string {
	return filepath.Join(dir, journalDir, fmt.Sprintf("journal.%d", i))
}

// openJournal opens those of the two files that exist.
func openJournal(fsys FS, dir string, write bool) (files [2]File, err error) {
	for i := range files {
		f, err := fsys.Open(journalName(dir, i), write)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			closeFiles(files[:])
			return [2]File{}, err
		}
		files[i] = f
	}
	return files, nil
}

func closeFiles(files []File) {
	for _, f := range files {
		if f != nil {
			_ = f.Close()
		}
	}
}

// hadEvents reports whether a recipient has come past an event: then there is a
// segment, unless somebody took it away.
func (r *replay) hadEvents() bool {
	for _, p := range r.recipients {
		if st := p.stats(); st.Sum() > 0 || p.before > 0 {
			return true
		}
	}
	return false
}
