package tail

import (
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// found is a file that answers to the log's name or a sibling's, opened, and
// not yet judged by the reader.
type found struct {
	f    body
	st   fileStat // when it was opened
	name string   // within the directory; absolute if it is in another
	live bool     // it had the log's own name when it was opened

	// Owned by the reader: since when it has had this size, while it waits to
	// be judged.
	since time.Time
	was   int64
}

// pack gives the compressed file that it is; nil: it is a plain one.
func (c *found) pack() *packed {
	p, _ := c.f.(*packed)
	return p
}

// listing is what one look through the directories showed.
type listing struct {
	names    map[fileID]string // of the log and its siblings
	live     fileID            // of the file that has the log's own name
	hasLive  bool
	archives bool       // there is a compressed sibling of a kind that we can't read
	full     bool       // files were left unopened, because too many are held
	left     []sighting // of the siblings, these
	trouble  error      // why the log's own file can't be read
	dirError error      // why the directory can't be read: nothing above is known
	refused  map[fileID]refusal
}

// refusal is a file that is there and can't be opened.
type refusal struct {
	name string
	st   fileStat
	err  error
}

// lookout opens every file that answers to a log's name or to a sibling's as
// soon as it is seen, so that renaming and unlinking can't take it away from
// the reader. The name is never trusted for longer than one look. It may be
// used by several goroutines.
type lookout struct {
	path  string
	dir   string
	names names
	open  func(path string) (*os.File, error)
	room  *room
	other func(path string) bool // whether another log of the source has this name

	stopped atomic.Bool // the source ends: nothing more is unpacked

	mu      sync.Mutex
	held    map[fileID]bool   // opened: here in fresh, or with the reader
	settled map[fileID]extent // closed like this: opened again when it is another
	resting map[fileID]extent // likewise, of files that are not done with
	wanted  map[fileID]bool   // opened under whatever name they have
	where   []string          // further directories in which they may be
	fresh   []*found
	list    listing
}

func newLookout(path string, open func(string) (*os.File, error)) *lookout {
	return &lookout{
		path: path, dir: filepath.Dir(path), names: namesOf(path), open: open, room: newRoom(0),
		other: func(string) bool { return false },
		held:  map[fileID]bool{}, settled: map[fileID]extent{}, resting: map[fileID]extent{}, wanted: map[fileID]bool{},
	}
}

// openToRead never waits for the other end of a named pipe.
func openToRead(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
}

// scan looks through the directory until it looks like the last time: a name
// that is moved while the directory is read may be missed once.
func (l *lookout) scan() { l.scanAtLeast(1) }

func (l *lookout) scanAtLeast(looks int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range looks + 4 {
		before := l.list
		l.lookLocked()
		if i+1 < looks {
			continue
		}
		if l.list.dirError != nil || l.list.live == before.live && maps.Equal(l.list.names, before.names) {
			return
		}
	}
}

// sighting is a file that a look came by.
type sighting struct {
	name string // as in found
	st   fileStat
}

func (l *lookout) lookLocked() {
	next := listing{names: map[fileID]string{}, refused: map[fileID]refusal{}}
	live := sighting{name: l.names.base}
	var err error
	if live.st, err = statPath(l.path); err != nil {
		next.trouble = err
	} else if !live.st.regular() {
		next.trouble = notRegular(l.path, live.st.mode)
	} else {
		next.live, next.hasLive = live.st.id, true
		next.names[live.st.id] = live.name
	}
	var seen []sighting
	for i, p := range l.placesLocked() {
		more, err := l.lookIntoLocked(p, i == 0, &next)
		if err != nil && i == 0 {
			next.dirError = err
		}
		seen = append(seen, more...)
	}
	l.holdAllLocked(seen, live, &next)
	l.list = next
}

func (l *lookout) placesLocked() []place {
	ps := places(l.path)
	for _, dir := range l.where {
		if !slices.ContainsFunc(ps, func(p place) bool { return p.dir == dir }) {
			ps = append(ps, place{dir: dir})
		}
	}
	return ps
}

// lookIntoLocked finds the siblings in one directory, and the wanted files.
func (l *lookout) lookIntoLocked(p place, own bool, next *listing) (seen []sighting, err error) {
	err = readNames(p.dir, func(name string) {
		sibling := p.names.sibling(name) || p.names.packed(name)
		if p.names.archived(name) && !sibling {
			next.archives = true
		}
		path := filepath.Join(p.dir, name)
		if path == l.path || !sibling && len(l.wanted) == 0 || l.other(path) {
			return
		}
		st, err := statPath(path)
		if err != nil || !st.regular() || next.names[st.id] != "" || !sibling && !l.wanted[st.id] {
			return
		}
		if !own {
			name = path
		}
		next.names[st.id] = name
		seen = append(seen, sighting{name, st})
	})
	return seen, err
}

// holdAllLocked opens what was seen, the oldest first, the live one last: where
// there is no room for all, the newer ones wait.
func (l *lookout) holdAllLocked(seen []sighting, live sighting, next *listing) {
	slices.SortStableFunc(seen, func(a, b sighting) int {
		return byAge(l.names, a.st.mtime, a.name, b.st.mtime, b.name)
	})
	for _, s := range seen {
		st, err := l.holdLocked(s.name, s.st, false)
		switch {
		case errors.Is(err, errNoRoom):
			next.full, next.left = true, append(next.left, s)
		case err != nil: // it is tried again at the next look
			next.refused[s.st.id] = refusal{s.name, s.st, err}
		case next.names[st.id] == "":
			next.names[st.id] = s.name
		}
	}
	if !next.hasLive {
		return
	}
	// Between the two calls the name may have passed to another file.
	st, err := l.holdLocked(live.name, live.st, true)
	if errors.Is(err, errNoRoom) {
		next.full = true
		return
	}
	next.trouble, next.live = err, st.id
	if err != nil {
		next.refused[st.id] = refusal{live.name, st, err}
	}
	next.names[st.id] = live.name
}

// holdLocked opens the file unless it is held, or settled with nothing new,
// and gives what is known of the one that was opened.
func (l *lookout) holdLocked(name string, st fileStat, live bool) (fileStat, error) {
	if l.held[st.id] {
		return st, nil
	}
	if n, ok := l.settled[st.id]; ok && n == st.extent() && !live {
		return st, nil
	}
	if n, ok := l.resting[st.id]; ok && n == st.extent() && live {
		return st, nil
	}
	if !l.room.take() {
		return st, errNoRoom
	}
	f, err := l.open(l.full(name))
	if err != nil {
		l.room.leave()
		return st, err
	}
	opened, err := statFile(f)
	if err != nil || !opened.regular() || l.held[opened.id] {
		l.room.leave()
		f.Close()
		return cmpStat(opened, st, err), err
	}
	l.held[opened.id] = true
	delete(l.resting, opened.id)
	c := &found{f: plain{f}, st: opened, name: name, live: live}
	if !live && filepath.Ext(name) == packedExt {
		c.f = newPacked(f, &l.stopped)
	}
	l.fresh = append(l.fresh, c)
	return opened, nil
}

// cmpStat gives what was opened, if that could be asked.
func cmpStat(opened, st fileStat, err error) fileStat {
	if err != nil || !opened.regular() {
		return st
	}
	return opened
}

// full gives the path of a file under its name in a listing.
func (l *lookout) full(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(l.dir, name)
}

// readNames hands over the names in a directory, some at a time.
func readNames(dir string, each func(name string)) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	for {
		names, err := d.Readdirnames(1000)
		for _, name := range names {
			each(name)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// take hands over what was opened since the last call, and the look that
// showed the last of it.
func (l *lookout) take() ([]*found, listing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fs := l.fresh
	l.fresh = nil
	return fs, l.list
}

// waiting reports whether take would give something.
func (l *lookout) waiting() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.fresh) > 0
}

func (l *lookout) listing() listing {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.list
}

// extent tells a file that was written again from one that was not: a copy
// over an older copy may have its length. Sizes are as stored.
type extent struct{ size, mtime int64 }

// settle says that the reader is done with the file, as it was then, and
// closes it.
func (l *lookout) settle(f body, id fileID, e extent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settled[id] = e
	l.releaseLocked(f, id)
}

// rest closes a file that has nothing new, to make room: it is opened again
// when it changes.
func (l *lookout) rest(f body, id fileID, e extent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.resting[id] = e
	l.releaseLocked(f, id)
}

// release says that the reader has no more to do with the file, and closes it.
func (l *lookout) release(f body, id fileID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.releaseLocked(f, id)
}

func (l *lookout) releaseLocked(f body, id fileID) {
	if l.held[id] {
		delete(l.held, id)
		l.room.leave()
	}
	f.Close()
}

// disown lets go of a file that the reader has not taken.
func (l *lookout) disown(id fileID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fresh = slices.DeleteFunc(l.fresh, func(c *found) bool {
		if c.st.id == id {
			l.releaseLocked(c.f, id)
		}
		return c.st.id == id
	})
}

// known tells of files that were settled in an earlier run.
func (l *lookout) known(id fileID, e extent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settled[id] = e
}

// forget: the file is new, should it be seen again.
func (l *lookout) forget(id fileID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.settled, id)
}

// want looks for these files under whatever name, until the next call, and in
// these directories, too.
func (l *lookout) want(ids map[fileID]bool, where []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wanted, l.where = ids, where
}

// close lets go of what the reader has not taken.
func (l *lookout) close() {
	fresh, _ := l.take()
	for _, c := range fresh {
		l.release(c.f, c.st.id)
	}
}
