package tail

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// openToRead never waits for the other end of a named pipe.
func openToRead(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
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
	_, resting := l.resting[live.st.id]
	was := l.held[live.st.id] || resting
	// Between the two calls the name may have passed to another file.
	st, err := l.holdLocked(live.name, live.st, true)
	if errors.Is(err, errNoRoom) {
		next.full = true
		return
	}
	next.trouble, next.live = err, st.id
	switch {
	case err != nil:
		next.refused[st.id] = refusal{live.name, st, err}
	case was:
		next.closed = l.probeLocked(live.st)
	default:
		l.probe = probe{st, time.Now()}
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
