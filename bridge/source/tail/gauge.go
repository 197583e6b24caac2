package tail

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/tailpost/tailpost/bridge/source/access"
	"github.com/tailpost/tailpost/bridge/status"
)

// gauge is what people are told of one log: a copy of what the looks at it and
// its reader know, so that asking waits for no disk. The looks go on while the
// reader waits in emit. It may be used by several goroutines.
type gauge struct {
	mu      sync.Mutex
	looking int       // looks under way
	begun   time.Time // of the first of them

	reason access.Reason // why the log can't be read, as the last look saw it
	state  status.State  // by reason; "": no look has ended yet
	since  time.Time     // of state
	sights []sighting    // plain files that the last look saw, and that nobody is done with; ours

	known
	failed  time.Time // since when reading fails
	arrived map[fileID]arrivals
}

// held is a file that the reader holds.
type held struct {
	id          fileID
	path        string
	off         int64
	size, mtime int64
	packed      bool
}

// lookMost is how long a look may take: a file server that is gone answers
// nothing at all.
const lookMost = 10 * time.Second

// looks notes that a look begins; looked must follow.
func (g *gauge) looks() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.looking++; g.looking == 1 {
		g.begun = time.Now()
	}
}

// looked takes in what a look has shown.
func (g *gauge) looked(r access.Reason, sights []sighting) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if g.looking--; g.looking > 0 {
		g.begun = now
	}
	is := status.OK
	switch {
	case r.Absent:
		is = status.Waiting
	case r.Why != "":
		is = status.Unreadable
	}
	if is != g.state {
		g.state, g.since = is, now
	}
	g.reason, g.sights = r, sights
	g.noteLocked(now)
}

// known is what the reader knows of its files.
type known struct {
	decided bool             // where to begin
	files   []held           // the oldest first
	past    map[fileID]int64 // positions of files that are not held
	hidden  map[fileID]bool  // copies of held files, or not known yet whether they are
	failing string           // why reading a file fails that is open
}

// read takes in what the reader knows. With done it is done, until they are
// seen once more.
func (g *gauge) read(k known, done map[fileID]state) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if (k.failing == "") != (g.failing == "") {
		g.failed = now
	}
	g.known = k
	g.sights = slices.DeleteFunc(g.sights, func(s sighting) bool { _, ok := done[s.st.id]; return ok })
	g.noteLocked(now)
}

// moved notes that what stands before off is accepted.
func (g *gauge) moved(id fileID, off int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range g.files {
		if f := &g.files[i]; f.id == id {
			f.off, f.size = off, max(f.size, off)
		}
	}
}

// unread is what is there of a file and not accepted.
type unread struct {
	id        fileID
	off, size int64
	mtime     int64
}

// noteLocked keeps when which bytes were seen first.
func (g *gauge) noteLocked(now time.Time) {
	next := make(map[fileID]arrivals, len(g.arrived))
	for _, u := range g.unreadLocked() {
		if u.size > u.off {
			next[u.id] = g.arrived[u.id].grown(u, now)
		}
	}
	g.arrived = next
}

// unreadLocked gives the files that are to be read on. A file that was seen
// and that the reader hasn't taken is read from its saved position, or from 0.
func (g *gauge) unreadLocked() []unread {
	if !g.decided {
		return nil
	}
	out := make([]unread, 0, len(g.files)+1)
	for _, f := range g.files {
		u := unread{id: f.id, off: f.off, size: f.size, mtime: f.mtime}
		if i := slices.IndexFunc(g.sights, func(s sighting) bool { return s.st.id == f.id }); i >= 0 && !f.packed {
			u.size, u.mtime = g.sights[i].st.size, g.sights[i].st.mtime
		}
		out = append(out, u)
	}
	for _, s := range g.sights {
		if g.hidden[s.st.id] || slices.ContainsFunc(g.files, func(f held) bool { return f.id == s.st.id }) {
			continue
		}
		out = append(out, unread{id: s.st.id, off: g.past[s.st.id], size: s.st.size, mtime: s.st.mtime})
	}
	return out
}

// fared is how one log fares.
type fared struct {
	state status.State
	text  string
	since time.Time
	files []status.File // the newest first
	bytes int64         // unread
	first time.Time     // when the oldest of them was there; zero: none are
}

func (g *gauge) fares() fared {
	g.mu.Lock()
	defer g.mu.Unlock()
	f := fared{state: cmp.Or(g.state, status.Starting), text: g.reason.Text(), since: g.since}
	switch now := time.Now(); {
	case g.looking > 0 && now.Sub(g.begun) >= lookMost:
		f.state, f.since = status.Unreadable, g.begun
		f.text = "looking at it takes longer than " + lookMost.String() + ": look at the disk, or at the server that has the files"
	case g.failing != "" && f.state != status.Unreadable:
		f.state, f.since, f.text = status.Unreadable, g.failed, g.failing
	}
	for _, u := range g.unreadLocked() {
		if u.size <= u.off {
			continue
		}
		f.bytes += u.size - u.off
		if at := g.arrived[u.id].first(u.off); !at.IsZero() && (f.first.IsZero() || at.Before(f.first)) {
			f.first = at
		}
	}
	for _, h := range slices.Backward(g.files) {
		now := status.File{Path: h.path, Position: h.off, Size: h.size, Changed: time.Unix(0, h.mtime)}
		for _, s := range g.sights {
			if s.st.id == h.id && !h.packed {
				now.Size, now.Changed = s.st.size, time.Unix(0, s.st.mtime)
			}
		}
		f.files = append(f.files, now)
	}
	return f
}
