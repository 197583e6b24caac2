package tail

import (
	"bytes"
	"cmp"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// resume goes on at s in the file c, whatever its identity was.
func (r *reader) resume(a *admission, c *found, s state, m marks) *file {
	s.id, s.finished, s.packed, s.disk = c.st.id, false, c.pack() != nil, c.st.disk
	s.where = r.where(c.name)
	if s.off == 0 {
		s.seq = 0 // nothing of it was read: its place is by its age
	}
	g := &file{f: c.f, name: c.name, at: s, marks: m, age: c.st.mtime, scanned: s.off, changed: time.Now(), wasLive: a.live(c)}
	a.add = append(a.add, g)
	return g
}

// where gives the directory of the file, if it is not the log's own.
func (r *reader) where(name string) string {
	path := r.l.full(name)
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if dir := filepath.Dir(path); dir != r.l.dir {
		return dir
	}
	return ""
}

// byIdentity takes the files that positions name.
func (r *reader) byIdentity(a *admission) {
	a.open = slices.DeleteFunc(a.open, func(c *found) bool {
		s, ok := r.saved[c.st.id]
		if !ok {
			if s, ok = r.done[c.st.id]; !ok {
				return false
			}
			if s.off == 0 && !s.align && !s.packed { // it was empty: what it is, shows only now
				delete(r.done, s.id)
				delete(r.missing, s.id)
				r.l.forget(s.id)
				return false
			}
		}
		if s.align {
			if s, ok = r.alignTo(c, s); !ok {
				r.unsure = append(r.unsure, c)
				return true
			}
		}
		m, fits, err := s.fits(c.f)
		if err != nil {
			r.unsure = append(r.unsure, c)
			return true
		}
		delete(r.saved, s.id)
		delete(r.done, s.id)
		delete(r.missing, s.id)
		if fits {
			r.resume(a, c, s, m)
			return true
		}
		r.l.forget(s.id)
		if !s.finished {
			a.orphans = append(a.orphans, orphan{state: s, name: c.name, unread: max(0, s.size-s.off)})
			a.batch.Positions = append(a.batch.Positions, bridge.Position{Stream: s.id.key(), Gone: true})
		}
		return false
	})
	if len(r.saved) == 0 {
		r.l.want(nil, nil)
	}
}

// bySums takes the files that hold what other files held: the copies that
// copytruncate made, and all files after they were restored elsewhere.
func (r *reader) bySums(a *admission) {
	r.refreshStats(a) // a copy has grown, perhaps, until its original was cut
	for _, s := range inOrder(r.saved) {
		if _, there := a.list.names[s.id]; !there && a.list.dirError == nil && !s.align {
			if r.adopt(a, &orphan{state: s, name: r.l.names.base, unread: max(0, s.size-s.off)}) {
				delete(r.saved, s.id)
			}
		}
	}
	a.orphans = slices.DeleteFunc(a.orphans, func(o orphan) bool { return r.adopt(a, &o) })
	// What was read to its end under another identity is not read again.
	a.open = slices.DeleteFunc(a.open, func(c *found) bool { return r.adoptDone(a, c) })
}

func inOrder(m map[fileID]state) []state {
	return slices.SortedFunc(maps.Values(m), func(a, b state) int { return cmp.Compare(a.seq, b.seq) })
}

// adopt goes on with an orphan's position in the file that holds its bytes.
func (r *reader) adopt(a *admission, o *orphan) bool {
	if o.off == 0 {
		return false
	}
	for i, c := range a.open {
		if c.st.size < o.off {
			continue
		}
		m, fits, err := o.fits(c.f)
		if err != nil || !fits {
			continue
		}
		a.open = slices.Delete(a.open, i, i+1)
		g := r.resume(a, c, o.state, m)
		a.batch.Positions = append(a.batch.Positions, r.position(g.at))
		if !r.holds(o.id) {
			a.batch.Positions = append(a.batch.Positions, bridge.Position{Stream: o.id.key(), Gone: true})
		}
		if missed := o.off + o.unread - c.st.size; missed > 0 {
			a.batch.Losses = append(a.batch.Losses, r.loss(o.name, min(missed, o.unread), "written after the copy was made, truncated before it was read"))
		}
		return true
	}
	for i, c := range a.open {
		if p := c.pack(); p != nil && p.bad != nil && c.st.size >= window && c.st.size < o.off && beginsLike(p, o.state) {
			a.open = slices.Delete(a.open, i, i+1)
			r.finished(a, c)
			if !r.holds(o.id) {
				a.batch.Positions = append(a.batch.Positions, bridge.Position{Stream: o.id.key(), Gone: true})
			}
			a.batch.Losses = append(a.batch.Losses, r.loss(c.name, o.unread, p.damage()))
			return true
		}
		if r.shorter(c, o) {
			a.open = slices.Delete(a.open, i, i+1)
			r.finished(a, c)
			return o.unread == 0
		}
	}
	return false
}

// shorter reports whether c is a copy that was made before the last lines of
// o were written: all of it has been read. It must begin as o did, and hold what
// stood before a position that was passed, or its last line must be one of the
// last that were taken.
func (r *reader) shorter(c *found, o *orphan) bool {
	if c.st.size >= o.off || c.st.size < min(o.off, window) {
		return false
	}
	first, err := readExactly(c.f, 0, min(o.off, window))
	if err != nil || sum(first) != o.firstSum {
		return false
	}
	if o.begins(c.f, c.st.size) {
		return true
	}
	n := min(c.st.size, aheadBytes)
	tail, err := readExactly(c.f, c.st.size-n, n)
	if err != nil {
		return false
	}
	lines := bytes.Split(tail, []byte{'\n'})
	return len(lines) > 2 && slices.Contains(o.lines, sum(lines[len(lines)-2]))
}

// adoptDone knows a finished file again under another identity. What has the
// log's own name is one only if the finished file has gone.
func (r *reader) adoptDone(a *admission, c *found) bool {
	for _, s := range r.done {
		if _, there := a.list.names[s.id]; there && a.live(c) || s.off == 0 || c.st.size < s.off {
			continue
		}
		if m, fits, err := s.fits(c.f); err == nil && fits {
			s.seq = r.next()
			r.resume(a, c, s, m)
			return true
		}
	}
	return false
}

// replaced goes on in a file that was put in the place of another and has the
// same content, as editors do. Little content may be equal by chance: then it
// is a new file.
func (r *reader) replaced(a *admission, c *found) bool {
	for _, g := range r.files {
		if _, named := a.list.names[g.at.id]; named || g.copyOf != nil || g.at.off < 2*window || c.st.size < g.size {
			continue
		}
		st, err := g.f.stat()
		if err != nil || st.links > 0 || c.st.size < st.size {
			continue
		}
		m, fits, err := g.at.fits(c.f)
		if err != nil || !fits {
			continue
		}
		to := r.resume(a, c, g.at, m)
		a.batch.Positions = append(a.batch.Positions, r.position(to.at), bridge.Position{Stream: g.at.id.key(), Gone: true})
		r.drop(g)
		r.l.settle(g.f, g.at.id, st.extent())
		return true
	}
	return false
}

func (r *reader) holds(id fileID) bool {
	return slices.ContainsFunc(r.files, func(g *file) bool { return g.at.id == id })
}
