package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// Finding is something that Verify came upon.
type Finding struct {
	File     string // within the state directory
	From, To int64  // the bytes
	What     string
	Damage   bool // false: it is set aside
}

// Verified is what Verify went over.
type Verified struct {
	Files, Frames int
	Bytes         int64
	Damaged       int // findings that are damage
}

// Verify goes over every file of a state directory, checks every frame, and
// gives what is not as it should be. It takes no lock: the bridge may be
// running or not; what is being written is no finding. What is set aside in
// damaged/ already is a finding, and no damage any more: the balance has it.
// An error of each ends it and is given back.
func Verify(dir string, each func(Finding) error) (Verified, error) { return verify(OS(), dir, each) }

func verify(fsys FS, dir string, each func(Finding) error) (Verified, error) {
	for range lookTries {
		v := verifier{fs: fsys, dir: dir}
		err := v.all()
		if errors.Is(err, errDeleted) {
			continue
		}
		for _, f := range v.found {
			if err == nil {
				err = each(f)
			}
		}
		return v.Verified, err
	}
	return Verified{}, fmt.Errorf("the files change faster than they can be read: %w", errDeleted)
}

type verifier struct {
	Verified
	fs    FS
	dir   string
	found []Finding
	used  bool // there are segments
}

func (v *verifier) finding(f Finding) {
	v.found = append(v.found, f)
	if f.Damage {
		v.Damaged++
	}
}

func (v *verifier) all() error {
	if err := v.segments(); err != nil {
		return err
	}
	files, err := openJournal(v.fs, v.dir, false)
	if err != nil {
		return err
	}
	defer closeFiles(files[:])
	for i, f := range files {
		if f == nil {
			v.finding(Finding{File: journalName("", i), What: "there is no such file", Damage: true})
		} else if err := v.file(f, journalName("", i), magicJournal); err != nil {
			return err
		}
	}
	if v.used && newestGeneration(files) == 0 {
		v.finding(Finding{File: journalDir, What: "no journal can be read: a start would send again all that the segments hold", Damage: true})
	}
	for name, m := range stores {
		if err := v.store(name, m); err != nil {
			return err
		}
	}
	return nil
}

// stores are the folders of the stores.
var stores = map[string]magic{deadDir: magicDead, quarantineDir: magicQuarantine}

func (v *verifier) store(name string, m magic) error {
	files, err := listStore(v.fs, filepath.Join(v.dir, name))
	if err != nil {
		return fmt.Errorf("list %s: %w", name, err)
	}
	for _, sf := range files {
		f, err := v.fs.Open(storeName(filepath.Join(v.dir, name), sf.index), false)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it was over its time
		}
		if err != nil {
			return err
		}
		err = v.file(f, storeName(name, sf.index), m)
		_ = f.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// file checks a file whose end nobody else tells. One of the journal may be
// begun anew while it is read: what was read then is a mixture.
func (v *verifier) file(f File, name string, m magic) error {
	for range lookTries {
		was := *v
		h, err := v.fileOnce(f, name, m)
		if err != nil || m != magicJournal {
			return err
		}
		if now, _, _ := readHead(f, m); now.salt == h.salt {
			return nil
		}
		*v = was
	}
	return errDeleted
}

func (v *verifier) fileOnce(f File, name string, m magic) (fileHead, error) {
	size, err := f.Size()
	if err != nil {
		return fileHead{}, fmt.Errorf("%s: %w", name, err)
	}
	h, ok, blank := readHead(f, m)
	if !ok {
		v.Files++
		if !blank {
			v.finding(Finding{File: name, To: bodyStart, What: "both copies of its head are damaged", Damage: true})
		}
		return h, nil
	}
	_, err = v.frames(f, name, h.salt, size)
	return h, err
}

func (v *verifier) segments() error {
	sv, err := surveySegments(v.fs, v.dir)
	if err != nil {
		return err
	}
	v.used = len(sv.segs) > 0
	for _, info := range sv.unreadable {
		v.Files++
		v.finding(Finding{File: filepath.Join(segmentDir, info.Name), To: info.Size, What: "both copies of its head are damaged", Damage: true})
	}
	for i, sg := range sv.segs {
		f, err := v.fs.Open(segmentPath(v.dir, sg.first()), false)
		if err != nil {
			return deleted(err)
		}
		name := filepath.Join(segmentDir, segmentName(sg.first()))
		end, err := v.frames(f, name, sg.head.salt, sg.limit)
		if err == nil && i+1 < len(sv.segs) && sv.segs[i+1].head.prev == sg.first() {
			v.stretch(name, span{end, max(end, sv.segs[i+1].head.prevEnd)})
		}
		_ = f.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// frames checks every frame of a file and gives where the last good one ends.
func (v *verifier) frames(f File, name string, s salt, limit int64) (end int64, err error) {
	bad, end, n, err := badFrames(f, s, limit)
	v.Files, v.Frames, v.Bytes = v.Files+1, v.Frames+n, v.Bytes+end
	for _, b := range bad {
		v.stretch(name, b)
	}
	return end, err
}

// stretch notes what can't be read.
func (v *verifier) stretch(name string, s span) {
	switch {
	case s.bytes() == 0:
	case asideOf(v.fs, v.dir, name).covers(s):
		v.finding(Finding{File: name, From: s.from, To: s.to, What: "a stretch can't be read; it is set aside"})
	default:
		v.finding(Finding{File: name, From: s.from, To: s.to, What: "a stretch can't be read", Damage: true})
	}
}

// badFrames goes over a file's frames and gives the stretches that are none,
// with good frames behind them, and where the last good frame ends.
func badFrames(f File, s salt, limit int64) (bad []span, end int64, n int, err error) {
	w := newWalker(f, s, bodyStart, limit)
	w.stubborn = true
	end = bodyStart
	from := end
	for {
		h, at, _, ok, err := w.next()
		if err != nil || !ok {
			return bad, end, n, err
		}
		_, good, err := w.payload(h, at)
		if err != nil {
			return bad, end, n, err
		}
		if !good {
			continue
		}
		if at > from {
			bad = append(bad, span{from, at})
		}
		end = at + h.bytes()
		from, n = end, n+1
	}
}
