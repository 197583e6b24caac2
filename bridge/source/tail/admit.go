package tail

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// orphan is a position whose bytes are no longer where they were: its file
// began anew, or is gone. Another file may hold them still.
type orphan struct {
	state
	name   string
	sure   bool // we were there: nothing is lost but what the state knows of
	unread int64
}

// admission collects what admitting changes; it goes out as one batch.
type admission struct {
	list    listing
	anew    []*file // held files that begin at 0 again
	orphans []orphan
	open    []*found // not yet told what they are
	others  bool     // there were siblings among open
	batch   bridge.Batch
	add     []*file
	count   Stats
}

// admit finds out what the newly found files are, and where to begin in them.
// Files that a saved position names come first, by identity; then those that
// hold, by both sums, what another file held; the rest are copies in the
// making, files older than us, or new ones, which are read from 0.
func (r *reader) admit(ctx context.Context) error {
	if !r.seen {
		return r.first(ctx)
	}
	a := &admission{}
	r.begunAnew(a)
	if len(a.anew) > 0 {
		r.l.scan() // the copy was made before the file was cut
	}
	a.list = r.l.listing()
	a.open = append(r.l.take(), r.unsure...)
	r.unsure = nil
	for _, g := range slices.Clone(r.files) {
		if g.copyOf != nil && len(a.anew) > 0 {
			r.rejudge(g)
		}
	}
	a.open = append(a.open, r.unsure...)
	r.unsure = nil
	if len(a.open) == 0 && len(a.anew) == 0 && len(r.saved) == 0 {
		return nil
	}
	r.refreshStats(a)
	r.byIdentity(a)
	r.bySums(a)
	r.rest(a)
	r.lost(a)
	return r.admitted(ctx, a)
}

// begunAnew finds held files that don't hold any more what was read from
// them, and lets them begin at 0.
func (r *reader) begunAnew(a *admission) {
	for _, g := range r.files {
		if g.copyOf != nil || r.whole(g) {
			continue
		}
		a.orphans = append(a.orphans, orphan{state: g.at, name: g.name, sure: true, unread: max(0, g.size-g.at.off)})
		a.anew = append(a.anew, g)
		a.count.Truncations++
		g.at = state{id: g.at.id}
		g.marks, g.scanned, g.size, g.looked, g.changed = marks{}, 0, 0, false, time.Now()
	}
}

// whole reports whether a held file still holds what was read from it. Where
// nothing was read yet, it must not have shrunk.
func (r *reader) whole(g *file) bool {
	if g.at.off == 0 {
		st, err := statFile(g.f)
		return err != nil || st.size >= g.size
	}
	ok, err := g.marks.hold(g.f, g.at.off)
	return ok || err != nil
}

// rejudge lets the next admission find out what a held copy is.
func (r *reader) rejudge(g *file) {
	r.drop(g)
	r.unsure = append(r.unsure, &found{f: g.f, st: fileStat{id: g.at.id}, name: g.name})
}

// refreshStats asks again for sizes and times, and sorts the files by age.
func (r *reader) refreshStats(a *admission) {
	a.open = slices.DeleteFunc(a.open, func(c *found) bool {
		st, err := statFile(c.f)
		if err != nil {
			r.unsure = append(r.unsure, c)
			return true
		}
		c.st = st
		a.others = a.others || !a.live(c) && st.size > 0
		if name, ok := a.list.names[st.id]; ok {
			c.name = name
		}
		return false
	})
	slices.SortStableFunc(a.open, func(x, y *found) int {
		return cmp.Or(after(a.live(x), a.live(y)), r.byAge(x.st.mtime, x.name, y.st.mtime, y.name))
	})
}

func (a *admission) live(c *found) bool { return a.list.hasLive && a.list.live == c.st.id }

// resume goes on at s in the file c, whatever its identity was.
func (r *reader) resume(a *admission, c *found, s state, m marks) *file {
	s.id, s.finished = c.st.id, false
	if s.off == 0 {
		s.seq = 0 // nothing of it was read: its place is by its age
	}
	g := &file{f: c.f, name: c.name, at: s, marks: m, mtime: c.st.mtime, scanned: s.off, changed: time.Now(), wasLive: a.live(c)}
	a.add = append(a.add, g)
	return g
}

// byIdentity takes the files that positions name.
func (r *reader) byIdentity(a *admission) {
	a.open = slices.DeleteFunc(a.open, func(c *found) bool {
		s, ok := r.saved[c.st.id]
		if !ok {
			if s, ok = r.done[c.st.id]; !ok {
				return false
			}
		}
		if s.align {
			if s, ok = r.alignTo(c, s); !ok {
				return false
			}
		}
		m, fits, err := s.fits(c.f)
		if err != nil {
			r.unsure = append(r.unsure, c)
			return true
		}
		delete(r.saved, s.id)
		delete(r.done, s.id)
		delete(r.gone, s.id)
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
		r.l.want(nil)
	}
}

// bySums takes the files that hold what other files held: the copies that
// copytruncate made, and all files after they were restored elsewhere.
func (r *reader) bySums(a *admission) {
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
			if r.shorter(c, o) {
				a.open = slices.Delete(a.open, i, i+1)
				r.finished(a, c)
				return o.unread == 0
			}
			continue
		}
		m, fits, err := o.fits(c.f)
		if err != nil || !fits {
			continue
		}
		a.open = slices.Delete(a.open, i, i+1)
		g := r.resume(a, c, o.state, m)
		a.batch.Positions = append(a.batch.Positions, g.at.position())
		if c.st.id != o.id && !r.holds(o.id) {
			a.batch.Positions = append(a.batch.Positions, bridge.Position{Stream: o.id.key(), Gone: true})
		}
		if missed := o.size - c.st.size; missed > 0 && o.unread > 0 {
			a.batch.Losses = append(a.batch.Losses, r.loss(o.name, min(missed, o.unread), "written after the copy was made, truncated before it was read"))
		}
		return true
	}
	return false
}

// shorter reports whether c is a copy made before the last lines of o were
// written: all of it has been read.
func (r *reader) shorter(c *found, o *orphan) bool {
	if c.st.size < min(o.off, window) {
		return false
	}
	first, err := readExactly(c.f, 0, min(o.off, window))
	return err == nil && sum(first) == o.firstSum
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

// growsLikeDone waits for a sibling that may become the copy of a finished
// file, until it has been quiet for a linger.
func (r *reader) growsLikeDone(c *found) bool {
	if c.st.size < window {
		return false
	}
	first, err := readExactly(c.f, 0, window)
	if err != nil {
		return false
	}
	for _, s := range r.done {
		if s.off <= c.st.size || sum(first) != s.firstSum {
			continue
		}
		if c.since.IsZero() || c.was != c.st.size {
			c.since, c.was = time.Now(), c.st.size
		}
		return time.Since(c.since) < r.o.Linger
	}
	return false
}

func (r *reader) holds(id fileID) bool {
	return slices.ContainsFunc(r.files, func(g *file) bool { return g.at.id == id })
}

// rest judges what no position speaks of.
func (r *reader) rest(a *admission) {
	for _, c := range a.open {
		live := a.live(c)
		switch {
		case !live && c.st.size == 0:
			r.empty(a, c)
		case !live && r.isCopy(a, c):
		case !live && r.older(a, c):
			r.finished(a, c)
		case !live && r.growsLikeDone(c):
			r.unsure = append(r.unsure, c)
		case !live && r.anyBegunAnew():
			r.unsure = append(r.unsure, c) // it may be the copy of that one: the next round tells
		case live && r.replaced(a, c):
		default:
			if live && len(r.files)+len(a.add) > 0 {
				a.count.Rotations++
			}
			r.resume(a, c, state{}, marks{})
		}
	}
	a.open = nil
}

// isCopy holds a sibling that has, so far, the same content as a held file: a
// copy in the making.
func (r *reader) isCopy(a *admission, c *found) bool {
	for _, g := range slices.Concat(r.files, a.add) {
		if g.copyOf != nil {
			continue
		}
		if same, err := prefixOf(c.f, c.st.size, g.f); err == nil && same {
			r.resume(a, c, state{}, marks{}).copyOf = g
			return true
		}
	}
	return false
}

// older reports whether the sibling was there before what we have read, or
// before we came.
func (r *reader) older(a *admission, c *found) bool {
	if name := a.list.names[r.oldestID]; c.st.mtime == r.oldest && name != "" {
		return r.l.names.olderName(c.name, name)
	}
	return c.st.mtime < r.oldest
}

func (r *reader) anyBegunAnew() bool {
	return slices.ContainsFunc(r.files, func(g *file) bool { return g.copyOf == nil && !r.whole(g) })
}

// empty waits for what an empty sibling will hold, a linger long.
func (r *reader) empty(a *admission, c *found) {
	if c.since.IsZero() {
		c.since = time.Now()
	}
	if time.Since(c.since) < r.o.Linger {
		r.unsure = append(r.unsure, c)
		return
	}
	r.finished(a, c)
}

// replaced goes on in a file that was put in the place of another and has the
// same content, as editors do. Little content may be equal by chance: then it
// is a new file.
func (r *reader) replaced(a *admission, c *found) bool {
	for _, g := range r.files {
		if _, named := a.list.names[g.at.id]; named || g.copyOf != nil || g.at.off < 2*window || c.st.size < g.size {
			continue
		}
		st, err := statFile(g.f)
		if err != nil || st.links > 0 || c.st.size < st.size {
			continue
		}
		m, fits, err := g.at.fits(c.f)
		if err != nil || !fits {
			continue
		}
		to := r.resume(a, c, g.at, m)
		a.batch.Positions = append(a.batch.Positions, to.at.position(), bridge.Position{Stream: g.at.id.key(), Gone: true})
		r.drop(g)
		r.l.settle(g.f, g.at.id, st.size)
		return true
	}
	return false
}

// lost gives up positions whose bytes nobody has. One whose file may only be
// hidden, as on a file system that isn't mounted yet, is kept until there is
// a log under the name again.
func (r *reader) lost(a *admission) {
	if a.list.hasLive && a.list.dirError == nil {
		for _, s := range inOrder(r.saved) {
			if _, there := a.list.names[s.id]; !there {
				delete(r.saved, s.id)
				a.batch.Positions = append(a.batch.Positions, bridge.Position{Stream: s.id.key(), Gone: true})
				a.orphans = append(a.orphans, orphan{state: s, name: r.l.names.base, unread: max(0, s.size-s.off)})
			}
		}
	}
	for _, o := range a.orphans {
		if o.off == 0 && a.others {
			continue // nothing was read of it, so nothing tells its copy: a sibling that is read from 0
		}
		if o.unread > 0 || !o.sure {
			a.batch.Losses = append(a.batch.Losses, r.loss(o.name, o.unread, "truncated, removed or replaced before it was read to its end"))
		}
	}
}

// finished remembers a file that is not to be read.
func (r *reader) finished(a *admission, c *found) {
	m, err := readMarks(c.f, c.st.size)
	if err != nil { // the next start will look at it again
		r.l.settle(c.f, c.st.id, c.st.size)
		return
	}
	s := state{
		id: c.st.id, seq: r.next(), off: c.st.size, size: c.st.size, mtime: c.st.mtime, finished: true,
		firstSum: sum(m.first), lastSum: sum(m.last),
	}
	a.batch.Positions = append(a.batch.Positions, s.position())
	r.done[s.id] = s
	r.l.settle(c.f, s.id, s.size)
}

// admitted makes the new positions durable, then reads on from them.
func (r *reader) admitted(ctx context.Context, a *admission) error {
	r.put(a.add, a.list)
	for _, g := range a.anew { // in one batch with the copy's: neither without the other
		s := g.at
		s.seq = r.next()
		a.batch.Positions = append(a.batch.Positions, s.position())
	}
	if len(a.batch.Positions) > 0 || len(a.batch.Losses) > 0 {
		if err := r.send(ctx, a.batch); err != nil {
			return err
		}
	}
	r.counts.add(func(c *Stats) {
		c.Rotations += a.count.Rotations
		c.Truncations += a.count.Truncations
	})
	return nil
}
