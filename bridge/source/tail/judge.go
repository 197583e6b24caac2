package tail

import (
	"slices"
	"time"
)

// rest judges what no position speaks of: the live file first, for others may be
// copies of it.
func (r *reader) rest(a *admission) {
	slices.SortStableFunc(a.open, func(x, y *found) int { return after(a.live(y), a.live(x)) })
	for _, c := range a.open {
		live := a.live(c)
		c.again = false
		switch {
		case !live && c.st.size == 0:
			r.empty(a, c)
		case !live && r.isCopy(a, c):
		case !live && r.older(c):
			r.finished(a, c)
		case !live && r.growsLikeDone(c):
			r.unsure = append(r.unsure, c)
		case !live && r.anyBegunAnew():
			c.again = true
			r.unsure = append(r.unsure, c) // it may be the copy of that one: the next round tells
		case live && r.replaced(a, c):
		default:
			if live && len(r.files)+len(a.add)+len(r.done)+len(a.open) > 1 {
				a.count.Rotations++
			}
			s := r.resume(a, c, state{mtime: c.st.mtime}, marks{}).at
			s.seq = r.next()
			a.batch.Positions = append(a.batch.Positions, r.position(s)) // it was met: it is not to be taken for an older one
		}
	}
	a.open = nil
}

// isCopy holds a sibling that has, so far, the same content as a held file: a
// copy in the making.
func (r *reader) isCopy(a *admission, c *found) bool {
	for _, g := range slices.Concat(r.files, a.add) {
		if g.copyOf != nil || g.wasLive && g.at.off == 0 && c.st.mtime < g.at.id.birth { // written before there was anything to copy
			continue
		}
		if same, err := prefixOf(c.f, c.st.size, g.f); err == nil && same {
			r.resume(a, c, state{}, marks{}).copyOf = g
			return true
		}
	}
	return false
}

// unseenFor is how long a file can at most have been there without one of
// our looks showing it.
const unseenFor = time.Minute

// before sets the time before which siblings that we don't know were last
// written to before the newest of those that we know: they are never read.
// A file may have a time in the future.
func (r *reader) before(newest int64) {
	r.oldest = min(newest, time.Now().UnixNano()) - int64(unseenFor)
}

// older: one that we saw under the log's own name is none, whatever its time.
func (r *reader) older(c *found) bool { return !c.live && c.st.mtime < r.oldest }

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
	if p := c.pack(); p != nil && p.bad != nil {
		a.batch.Losses = append(a.batch.Losses, r.loss(c.name, 0, p.damage()))
	}
	r.finished(a, c)
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

// finished remembers a file that is not to be read. Of a compressed one that
// was not measured only the identity is known.
func (r *reader) finished(a *admission, c *found) {
	m, err := readMarks(c.f, c.st.size)
	if err != nil { // the next start will look at it again
		r.l.settle(c.f, c.st.id, c.st.extent())
		return
	}
	s := state{
		id: c.st.id, seq: r.next(), off: c.st.size, size: c.st.size, mtime: c.st.mtime, finished: true,
		firstSum: sum(m.first), lastSum: sum(m.last), packed: c.pack() != nil, disk: c.st.disk,
	}
	a.batch.Positions = append(a.batch.Positions, r.position(s))
	r.done[s.id] = s
	r.l.settle(c.f, s.id, c.st.extent())
}
