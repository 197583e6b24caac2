package tail

import (
	"maps"
	"os"
	"path/filepath"
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
	name string   // within the directory

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

// listing is what one look through the directory showed.
type listing struct {
	names    map[fileID]string // of the log and its siblings
	live     fileID            // of the file that has the log's own name
	hasLive  bool
	archives bool  // there is a compressed sibling of a kind that we can't read
	trouble  error // why the log's own file can't be read
	dirError error // why the directory can't be read: nothing above is known
}

// lookout opens every file that answers to the log's name or to a sibling's
// as soon as it is seen, so that renaming and unlinking can't take it away
// from the reader. The name is never trusted for longer than one look. It may
// be used by several goroutines.
type lookout struct {
	dir   string
	names names
	open  func(path string) (*os.File, error)

	stopped atomic.Bool // the source ends: nothing more is unpacked

	mu      sync.Mutex
	held    map[fileID]bool   // opened: here in fresh, or with the reader
	settled map[fileID]extent // closed like this: opened again when it is another
	wanted  map[fileID]bool   // opened under whatever name they have
	fresh   []*found
	list    listing
}

func newLookout(path string, open func(string) (*os.File, error)) *lookout {
	return &lookout{
		dir: filepath.Dir(path), names: namesOf(path), open: open,
		held: map[fileID]bool{}, settled: map[fileID]extent{}, wanted: map[fileID]bool{},
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

func (l *lookout) lookLocked() {
	next := listing{names: map[fileID]string{}}
	live := filepath.Join(l.dir, l.names.base)
	st, err := statPath(live)
	switch {
	case err != nil:
		next.trouble = err
	case !st.regular():
		next.trouble = notRegular(live, st.mode)
	default:
		// Between the two calls the name may have passed to another file.
		st, next.trouble = l.holdLocked(l.names.base, st, true)
		next.live, next.hasLive = st.id, true
		next.names[st.id] = l.names.base
	}
	entries, err := readNames(l.dir)
	if err != nil {
		next.dirError = err
		l.list = next
		return
	}
	for _, name := range entries {
		sibling := l.names.sibling(name) || l.names.packed(name)
		if l.names.archived(name) && !sibling {
			next.archives = true
		}
		if name == l.names.base || !sibling && len(l.wanted) == 0 {
			continue
		}
		st, err := statPath(filepath.Join(l.dir, name))
		if err != nil || !st.regular() || next.names[st.id] != "" || !sibling && !l.wanted[st.id] {
			continue
		}
		// A sibling that can't be opened is tried again at the next look.
		if st, _ = l.holdLocked(name, st, false); next.names[st.id] == "" {
			next.names[st.id] = name
		}
	}
	l.list = next
}

// holdLocked opens the file unless it is held, or settled with nothing new,
// and gives what is known of the one that was opened. The log's own file is
// always held.
func (l *lookout) holdLocked(name string, st fileStat, live bool) (fileStat, error) {
	if l.held[st.id] {
		return st, nil
	}
	if n, ok := l.settled[st.id]; ok && n == st.extent() && !live {
		return st, nil
	}
	f, err := l.open(filepath.Join(l.dir, name))
	if err != nil {
		return st, err
	}
	opened, err := statFile(f)
	if err != nil || !opened.regular() {
		f.Close()
		return st, err
	}
	if l.held[opened.id] {
		f.Close()
		return opened, nil
	}
	l.held[opened.id] = true
	c := &found{f: plain{f}, st: opened, name: name}
	if !live && filepath.Ext(name) == packedExt {
		c.f = newPacked(f, &l.stopped)
	}
	l.fresh = append(l.fresh, c)
	return opened, nil
}

func readNames(dir string) ([]string, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.Readdirnames(-1)
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
	delete(l.held, id)
	l.settled[id] = e
	f.Close()
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

// want looks for these files under whatever name, until the next call.
func (l *lookout) want(ids map[fileID]bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wanted = ids
}

// close lets go of what the reader has not taken.
func (l *lookout) close() {
	fresh, _ := l.take()
	for _, c := range fresh {
		c.f.Close()
	}
}
