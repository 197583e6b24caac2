package tail

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tailpost/tailpost/bridge/source/access"
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
	met   time.Time // when it was measured first
	again bool      // the next look judges it: another file began anew during the last one
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
	closed   error      // why it may not be opened again, while it is held
	reason   access.Reason
	dirError error // why the directory can't be read: nothing above is known
	refused  map[fileID]refusal
	open     []sighting // plain files that are not settled
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
	alone bool                   // it is the source's only log
	other func(path string) bool // whether another log of the source has this name
	gauge *gauge

	stopped atomic.Bool // the source ends: nothing more is unpacked

	mu      sync.Mutex
	held    map[fileID]bool   // opened: here in fresh, or with the reader
	settled map[fileID]extent // closed like this: opened again when it is another
	resting map[fileID]extent // likewise, of files that are not done with
	wanted  map[fileID]bool   // opened under whatever name they have
	where   []string          // further directories in which they may be
	probe   probe             // of the log's own file
	fresh   []*found
	list    listing
}

func newLookout(path string, open func(string) (*os.File, error)) *lookout {
	return &lookout{
		path: path, dir: filepath.Dir(path), names: namesOf(path), open: open, room: newRoom(0), alone: true,
		other: func(string) bool { return false }, gauge: &gauge{},
		held: map[fileID]bool{}, settled: map[fileID]extent{}, resting: map[fileID]extent{}, wanted: map[fileID]bool{},
	}
}

// scan looks through the directory until it looks like the last time: a name
// that is moved while the directory is read may be missed once.
func (l *lookout) scan() { l.scanAtLeast(1) }

func (l *lookout) scanAtLeast(looks int) { l.scanUntilAlike(looks, readNames) }

// scanWith looks at least once with the list that it is given.
func (l *lookout) scanWith(list lister) { l.scanUntilAlike(1, list) }

func (l *lookout) scanUntilAlike(looks int, list lister) {
	l.gauge.looks()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lookUntilAlikeLocked(looks, list)
	l.list.reason = l.reasonLocked()
	l.gauge.looked(l.list.reason, slices.Clone(l.list.open))
}

func (l *lookout) lookUntilAlikeLocked(looks int, list lister) {
	for i := range looks + 4 {
		before := l.list
		l.lookLocked(list)
		list = readNames
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

func (l *lookout) lookLocked(list lister) {
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
		more, err := l.lookIntoLocked(p, list, i == 0, &next)
		if err != nil && i == 0 {
			next.dirError = err
		}
		seen = append(seen, more...)
	}
	l.holdAllLocked(seen, live, &next)
	next.open = l.openLocked(seen, live, &next)
	maps.DeleteFunc(l.resting, func(id fileID, _ extent) bool { return next.dirError == nil && next.names[id] == "" })
	l.list = next
}

// openLocked gives the plain files that nobody is done with.
func (l *lookout) openLocked(seen []sighting, live sighting, next *listing) (open []sighting) {
	if next.hasLive {
		open = append(open, live)
	}
	for _, s := range seen {
		if e, ok := l.settled[s.st.id]; ok && e == s.st.extent() || filepath.Ext(s.name) == packedExt {
			continue
		}
		open = append(open, s)
	}
	return open
}

func (l *lookout) placesLocked() []place {
	ps := places(l.path, l.alone)
	for _, dir := range l.where {
		if !slices.ContainsFunc(ps, func(p place) bool { return p.dir == dir }) {
			ps = append(ps, place{dir: dir})
		}
	}
	return ps
}

// lookIntoLocked finds the siblings in one directory, and the wanted files.
func (l *lookout) lookIntoLocked(p place, list lister, own bool, next *listing) (seen []sighting, err error) {
	err = list(p.dir, func(name string) {
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
