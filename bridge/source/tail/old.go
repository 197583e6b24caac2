package tail

import (
	"path/filepath"
	"slices"
)

// old is a sibling that is there at the very first start.
type old struct {
	sighting
	c *found // nil: it could not be opened
}

// oldSiblings remembers as finished what is there at the very first start, so
// that it is never read: the newest of very many, for the others are told by
// their times. It gives the time of the newest of all files.
func (r *reader) oldSiblings(a *admission) (newest int64) {
	var all []old
	for _, c := range a.open {
		newest = max(newest, c.st.mtime)
		if !a.live(c) {
			all = append(all, old{sighting{c.name, c.st}, c})
		}
	}
	for _, s := range a.list.unopened() {
		newest = max(newest, s.st.mtime)
		all = append(all, old{sighting: s})
	}
	slices.SortFunc(all, func(x, y old) int {
		return byAge(r.l.names, x.st.mtime, x.name, y.st.mtime, y.name)
	})
	for i, o := range all {
		switch kept := i >= len(all)-maxDone; {
		case o.c == nil:
			r.there(a, o.sighting, kept)
		case kept:
			r.finished(a, o.c)
		default:
			r.l.settle(o.c.f, o.st.id, o.st.extent())
		}
	}
	return newest
}

// unopened gives the siblings that could not be opened.
func (l listing) unopened() []sighting {
	all := slices.Clone(l.left)
	for id, no := range l.refused {
		if id != l.live {
			all = append(all, sighting{no.name, no.st})
		}
	}
	return all
}

// there remembers as finished what we know nothing of but that it was there.
func (r *reader) there(a *admission, c sighting, keep bool) {
	s := state{
		id: c.st.id, size: c.st.size, mtime: c.st.mtime, finished: true,
		packed: filepath.Ext(c.name) == packedExt, disk: c.st.disk,
	}
	if !s.packed {
		s.off, s.align = s.size, true
	}
	r.l.known(s.id, s.extent())
	r.l.disown(s.id) // it may just have been opened
	if keep {
		s.seq = r.next()
		a.batch.Positions = append(a.batch.Positions, r.position(s))
		r.done[s.id] = s
	}
}
