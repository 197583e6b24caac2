package tail

import (
	"errors"
	"slices"
	"strings"
	"time"
)

const (
	// A compressed file that ends too soon is waited for until it has been
	// quiet for so many lingers; then it counts as damaged.
	unfinishedLingers = 10
	// What comes after one that goes on growing waits for so many lingers.
	unfinishedMost = 60
)

// unpack measures the compressed files that were found, so that they can be
// judged as others are. Unpacking is dear: what was there before us, and can't
// be the archive of anything that we know, is not touched.
func (r *reader) unpack(a *admission) {
	a.open = slices.DeleteFunc(a.open, func(c *found) bool {
		p := c.pack()
		if p == nil {
			return false
		}
		done, known := r.done[c.st.id]
		if known && done.off == 0 || !r.known(c.st.id) && r.older(c) && !r.mayHold(a, p) {
			r.finished(a, c) // it was there before us: that is all that is known of it
			return true
		}
		if !r.measured(c, p) {
			r.unsure = append(r.unsure, c)
			return true
		}
		c.st.size = p.size
		return false
	})
}

func (r *reader) known(id fileID) bool {
	_, saved := r.saved[id]
	_, done := r.done[id]
	return saved || done
}

// mayHold reports whether p begins like a file that we know.
func (r *reader) mayHold(a *admission, p *packed) bool {
	begins := func(s state) bool { return s.off > 0 && beginsLike(p, s) }
	for _, o := range a.orphans {
		if begins(o.state) {
			return true
		}
	}
	for _, g := range r.files {
		if begins(g.at) {
			return true
		}
	}
	for _, m := range [...]map[fileID]state{r.saved, r.done} {
		for _, s := range m {
			if begins(s) {
				return true
			}
		}
	}
	return false
}

// beginsLike reports whether the file has the first sum of the state.
func beginsLike(f body, s state) bool {
	first, err := readExactly(f, 0, min(s.off, window))
	return err == nil && sum(first) == s.firstSum
}

// measured reports whether the compressed file can be judged: it is whole, or
// has ended too soon, or could not be read, for long.
func (r *reader) measured(c *found, p *packed) bool {
	if c.met.IsZero() {
		c.met, c.since, c.was = time.Now(), time.Now(), c.st.disk
	} else if c.st.disk != c.was {
		c.since, c.was = time.Now(), c.st.disk
		return false
	}
	patient := time.Since(c.since) < unfinishedLingers*r.o.Linger
	if !p.same() {
		// While it grows, it isn't unpacked again and again.
		if p.size >= 0 && time.Since(c.since) < r.o.Linger/4 {
			return false
		}
		switch err := p.measure(); {
		case errors.Is(err, errStopped), err != nil && patient:
			return false
		case err != nil:
			p.giveUp(err)
		}
	}
	return !p.unfinished() || !patient
}

// unpacking reports whether a compressed file is not whole yet, so that it
// can't be told what is in it.
func (r *reader) unpacking() bool {
	return slices.ContainsFunc(r.unsure, func(c *found) bool { return c.pack() != nil })
}

// unpackingOlder reports whether such a file may hold what comes before the
// files that were not begun: it is not being made of one that we know.
func (r *reader) unpackingOlder(list listing) bool {
	return slices.ContainsFunc(r.unsure, func(c *found) bool {
		p := c.pack()
		return p != nil && !r.older(c) && !r.madeOf(c, p, list) && time.Since(c.met) < unfinishedMost*r.o.Linger
	})
}

// madeOf reports whether the compressed file is made of one that still stands
// beside it, or that is held.
func (r *reader) madeOf(c *found, p *packed, list listing) bool {
	of := strings.TrimSuffix(c.name, packedExt)
	for _, name := range list.names {
		if name == of {
			return true
		}
	}
	return slices.ContainsFunc(r.files, func(g *file) bool {
		return g.name == of || g.at.off > 0 && beginsLike(p, g.at)
	})
}

// damage is what is lost with the damaged end of a compressed file.
func (p *packed) damage() string { return "the compressed file is damaged: " + p.bad.Error() }
