package tail

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tailpost/tailpost/bridge/source/access"
)

// field is where a source looks for its logs: the one that it names, or those
// that answer to its glob. It may be used by several goroutines: one looks, as
// soon as there is a hint, while another waits with what was found before.
type field struct {
	pattern string // an absolute path or glob
	glob    bool
	open    func(path string) (*os.File, error)
	room    *room

	looking sync.Mutex // held while the glob is expanded

	mu     sync.Mutex
	logs   map[string]*lookout
	marked map[*lookout]bool // something may have happened
	fault  error             // why the glob can't be expanded
	reason access.Reason     // why no file answers to it
	since  time.Time         // since when that is of its kind
	known  atomic.Pointer[map[string]bool]
}

func newField(pattern string, open func(string) (*os.File, error), room *room) *field {
	f := &field{
		pattern: pattern, glob: isGlob(pattern), open: open, room: room,
		logs: map[string]*lookout{}, marked: map[*lookout]bool{},
	}
	f.known.Store(&map[string]bool{})
	if !f.glob {
		f.add(pattern)
	}
	return f
}

// add follows one more log.
func (f *field) add(path string) *lookout {
	f.mu.Lock()
	defer f.mu.Unlock()
	if l := f.logs[path]; l != nil {
		return l
	}
	l := newLookout(path, f.open)
	l.room, l.alone = f.room, !f.glob
	l.other = func(p string) bool { return p != path && (*f.known.Load())[p] }
	f.logs[path] = l
	f.marked[l] = true
	f.publishLocked()
	return l
}

// remove ends a log: nothing of it is left.
func (f *field) remove(l *lookout) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.logs, l.path)
	delete(f.marked, l)
	f.publishLocked()
}

func (f *field) publishLocked() {
	known := make(map[string]bool, len(f.logs))
	for path := range f.logs {
		known[path] = true
	}
	f.known.Store(&known)
}

// all gives the lookouts in the order of their paths.
func (f *field) all() []*lookout {
	f.mu.Lock()
	defer f.mu.Unlock()
	ls := make([]*lookout, 0, len(f.logs))
	for _, l := range f.logs {
		ls = append(ls, l)
	}
	slices.SortFunc(ls, func(a, b *lookout) int { return strings.Compare(a.path, b.path) })
	return ls
}

// scan looks for new logs, and at all there are.
func (f *field) scan() {
	list := readNames
	logs := f.all()
	if len(logs) > 1 {
		list = listOnce()
	}
	for _, l := range logs {
		l.scanWith(list)
		f.mark(l)
	}
	f.expand() // last: a file may have passed from one log to another
}

// lister hands over the names in a directory.
type lister func(dir string, each func(name string)) error

// listOnce reads each directory once, for all that ask for it: many logs in one
// directory would else read all of it for each of them.
func listOnce() lister {
	type list struct {
		names []string
		err   error
	}
	read := map[string]*list{}
	return func(dir string, each func(string)) error {
		l := read[dir]
		if l == nil {
			l = &list{}
			l.err = readNames(dir, func(name string) { l.names = append(l.names, name) })
			read[dir] = l
		}
		for _, name := range l.names {
			each(name)
		}
		return l.err
	}
}

func (f *field) mark(l *lookout) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.logs[l.path] == l {
		f.marked[l] = true
	}
}

// takeMarked gives those in which something may have happened since the last
// call.
func (f *field) takeMarked() map[*lookout]bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := f.marked
	f.marked = map[*lookout]bool{}
	return m
}

// expand looks for logs that answer to the glob and are not followed yet. What
// may be a rotated sibling of one that is, or of another match, is no log of
// its own; nor is a link to another match, nor what is compressed or hidden.
func (f *field) expand() {
	if !f.glob {
		return
	}
	f.looking.Lock()
	defer f.looking.Unlock()
	found := f.matches()
	if len(found) == 0 {
		f.none()
		return
	}
	f.setFault(nil, access.Reason{})
	for _, path := range f.newLogs(found) {
		f.add(path).scan()
	}
}

// none notes why no file answers to the glob.
func (f *field) none() {
	dir := fixedDir(f.pattern)
	err := listable(dir)
	is := access.Reason{Why: "no file matches " + f.pattern, Hint: "each is read as soon as it appears", Absent: true}
	if err != nil {
		is = access.Dir(dir, err)
	}
	if len(f.all()) > 0 {
		err = nil // it was expanded once
	}
	f.setFault(err, is)
}

func listable(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if _, err := d.Readdirnames(1); err != io.EOF {
		return err
	}
	return nil
}

func (f *field) setFault(err error, is access.Reason) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.since.IsZero() || is.Absent != f.reason.Absent || (is.Why == "") != (f.reason.Why == "") {
		f.since = time.Now()
	}
	f.fault, f.reason = err, is
}

// getReason says why no file answers to the glob, and since when that is so.
func (f *field) getReason() (access.Reason, time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reason, f.since
}

func (f *field) getFault() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fault
}

// dirs are the directories that are worth watching.
func (f *field) dirs() map[string]bool {
	dirs := map[string]bool{}
	if f.glob {
		dirs[fixedDir(f.pattern)] = true
	}
	for _, l := range f.all() {
		for _, p := range places(l.path, l.alone) {
			dirs[p.dir] = true
		}
	}
	return dirs
}

// hint looks at the logs that the file may belong to; anything but a write may
// have changed names. It reports whether there are any.
func (f *field) hint(path string, onlyWritten bool) bool {
	any := false
	for _, l := range f.all() {
		if !l.concerns(path) {
			continue
		}
		any = true
		if !onlyWritten {
			l.scan()
		}
		f.mark(l)
	}
	if f.glob && !onlyWritten {
		f.expand()
		any = true
	}
	return any
}

// concerns reports whether the file may be one of this log's.
func (l *lookout) concerns(path string) bool {
	dir, name := filepath.Split(path)
	dir = filepath.Clean(dir)
	if dir == l.dir {
		return name == l.names.base || l.names.sibling(name) || l.names.packed(name)
	}
	return slices.ContainsFunc(places(l.path, l.alone)[1:], func(p place) bool { return p.dir == dir })
}

// stop has whatever is unpacked end.
func (f *field) stop() {
	for _, l := range f.all() {
		l.stopped.Store(true)
	}
}

func (f *field) close() {
	for _, l := range f.all() {
		l.close()
	}
}
