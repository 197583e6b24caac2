package tail

import (
	"bytes"
	"cmp"
	"context"
	"errors"
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
	list     listing
	anew     []*file // held files that begin at 0 again
	orphans  []orphan
	open     []*found   // not yet told what they are
	siblings []fileStat // what was among open
	batch    bridge.Batch
	add      []*file
	count    Stats
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
		r.l.scanAtLeast(3) // the copy was made before the file was cut: it is there to be seen
	}
	a.open, a.list = r.l.take()
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
	r.unpack(a)
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
		o := orphan{state: g.at, name: g.name, sure: true, unread: max(0, g.size-g.at.off)}
		o.mtime = g.mtime
		a.orphans = append(a.orphans, o)
		a.anew = append(a.anew, g)
		a.count.Truncations++
		g.at = state{id: g.at.id, where: g.at.where}
		g.marks, g.scanned, g.begins, g.size, g.looked, g.changed = marks{}, 0, nil, 0, false, time.Now()
	}
}

// whole reports whether a held file still holds what was read from it, or, where
// that is nothing, what was searched.
func (r *reader) whole(g *file) bool {
	if g.at.off == 0 {
		st, err := g.f.stat()
		return err != nil || g.sameBeginning(st)
	}
	ok, err := g.marks.hold(g.f, g.at.off)
	return ok || err != nil
}

// sameBeginning reports whether a file of which nothing was read yet is still the
// one that was searched: it has not shrunk, and begins alike.
func (g *file) sameBeginning(st fileStat) bool {
	if st.size < g.size {
		return false
	}
	now, err := readExactly(g.f, 0, int64(len(g.begins)))
	if err != nil {
		return !errors.Is(err, errChanged)
	}
	return bytes.Equal(now, g.begins)
}

// rejudge lets the next admission find out what a held copy is.
func (r *reader) rejudge(g *file) {
	r.drop(g)
	r.unsure = append(r.unsure, &found{f: g.f, st: fileStat{id: g.at.id}, name: g.name})
}

// refreshStats asks again for sizes and times, and sorts the files by age.
func (r *reader) refreshStats(a *admission) {
	a.open = slices.DeleteFunc(a.open, func(c *found) bool {
		st, err := c.f.stat()
		if err != nil { // a stale handle, perhaps: the next look opens it again
			r.l.release(c.f, c.st.id)
			return true
		}
		c.st = st
		if !a.live(c) {
			a.siblings = append(a.siblings, st)
		}
		if name, ok := a.list.names[st.id]; ok {
			c.name = name
		}
		return false
	})
	slices.SortStableFunc(a.open, func(x, y *found) int {
		return cmp.Or(after(a.live(x), a.live(y)), byAge(r.l.names, x.st.mtime, x.name, y.st.mtime, y.name))
	})
}

func (a *admission) live(c *found) bool { return a.list.hasLive && a.list.live == c.st.id }

// admitted makes the new positions durable, then reads on from them.
func (r *reader) admitted(ctx context.Context, a *admission) error {
	r.put(a.add, a.list)
	r.placed = r.placed || len(a.add)+len(a.anew) > 0
	for _, g := range a.anew { // in one batch with the copy's: neither without the other
		s := g.at
		s.seq = r.next()
		a.batch.Positions = append(a.batch.Positions, r.position(s))
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

// lost gives up positions whose bytes nobody has. One whose file may only be
// hidden, as on a file system that isn't mounted yet, is kept until there is
// a log under the name again.
func (r *reader) lost(a *admission) {
	if r.stands(a.list) && a.list.dirError == nil && !r.unpacking() {
		for _, s := range inOrder(r.saved) {
			if r.isMissing(s.id, a.list) {
				delete(r.saved, s.id)
				delete(r.missing, s.id)
				a.batch.Positions = append(a.batch.Positions, bridge.Position{Stream: s.id.key(), Gone: true})
				a.orphans = append(a.orphans, orphan{state: s, name: r.l.names.base, unread: max(0, s.size-s.off)})
			}
		}
	}
	for _, o := range a.orphans {
		if o.off == 0 && r.mayBeCopied(a, o) {
			continue
		}
		if o.unread > 0 || !o.sure {
			a.batch.Losses = append(a.batch.Losses, r.loss(o.name, o.unread, "truncated, removed or replaced before it was read to its end"))
		}
	}
}

// mayBeCopied reports whether a sibling may be the copy of a file of which
// nothing was read, so that no sums tell it: it is as long, and not older. It
// is read from 0.
func (r *reader) mayBeCopied(a *admission, o orphan) bool {
	fits := func(size, mtime int64) bool { return size >= o.unread && mtime >= o.mtime }
	for _, st := range a.siblings {
		if fits(st.size, st.mtime) {
			return true
		}
	}
	for _, g := range r.files {
		if st, err := g.f.stat(); err == nil && g.at.id != o.id && fits(st.size, st.mtime) {
			return true
		}
	}
	for _, s := range r.done {
		if fits(s.size, s.mtime) {
			return true
		}
	}
	return false
}
