package tail

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// maxDone is how many finished files a source remembers.
const maxDone = 1000

// linger lets go of a file that has lost its name to another and has been
// quiet for a while. A last line without a newline is then taken as it is.
func (r *reader) linger(ctx context.Context, g *file, st fileStat) error {
	list := r.l.listing()
	if time.Since(g.changed) < r.o.Linger || r.isLive(g, list) {
		return nil
	}
	hidden := list.dirError != nil || !list.hasLive && list.trouble != nil && !absent(list.trouble)
	if hidden && st.links > 0 {
		return nil // it may have its name still
	}
	if live, err := statPath(r.o.Path); err == nil && live.id == g.at.id {
		return nil // it has its name back
	}
	s := g.at
	s.finished = true
	p := step{to: s}
	if z, ok := g.f.(*packed); ok && z.bad != nil {
		p.lost = append(p.lost, r.loss(g.name, 0, z.damage()))
	}
	if rest := st.size - s.off; rest > 0 && !s.skip {
		line, err := readExactly(g.f, s.off, min(rest, int64(r.o.MaxLine)))
		if err != nil {
			g.looked = false // it changes still
			return nil
		}
		if bytes.IndexByte(line, '\n') >= 0 { // written over what was searched
			g.looked, g.scanned = false, s.off
			return nil
		}
		cut := rest - int64(len(line))
		p.to.off, p.to.partial, p.to.skip = st.size, true, cut > 0
		p.peek = line
		p.recs = []bridge.Record{{Offset: s.off, Line: line, Cut: cut, Partial: true}}
		p.count = func(c *Stats) {
			c.Partial++
			if cut > 0 {
				c.Cut++
				c.CutBytes += cut
			}
			if s.partial {
				c.Continued++
			}
		}
	}
	p.also = r.finishCopies(g)
	switch err := r.commit(ctx, g, p); {
	case err == nil:
		r.letGo(g, st)
		return nil
	case isFileError(err):
		g.looked = false
		return nil
	default:
		return err
	}
}

// finishCopies remembers what repeats the file as finished too: all of it has
// been read.
func (r *reader) finishCopies(g *file) []bridge.Position {
	a := &admission{}
	for _, c := range slices.Clone(r.files) {
		if c.copyOf != g {
			continue
		}
		st, err := c.f.stat()
		same := false
		if err == nil {
			same, err = prefixOf(c.f, st.size, g.f)
		}
		if err != nil || !same {
			r.rejudge(c)
			continue
		}
		r.drop(c)
		r.finished(a, &found{f: c.f, st: st, name: c.name})
	}
	return a.batch.Positions
}

// strayed lets held copies be judged anew that are no longer what their
// originals begin with. It reports whether there were any.
func (r *reader) strayed() bool {
	any := false
	for _, c := range slices.Clone(r.files) {
		if c.copyOf == nil {
			continue
		}
		if p, ok := c.f.(*packed); ok && p.same() {
			continue
		}
		st, err := c.f.stat()
		if err != nil {
			continue
		}
		if same, err := prefixOf(c.f, st.size, c.copyOf.f); err == nil && !same {
			r.rejudge(c)
			any = true
		}
	}
	return any
}

// letGo closes a finished file.
func (r *reader) letGo(g *file, st fileStat) {
	r.drop(g)
	r.done[g.at.id] = g.at.settled() // removed or not: it may be compressed
	if before := r.oldest; g.at.seq > 0 {
		r.before(g.at.mtime)
		r.oldest = max(r.oldest, before)
	}
	r.l.settle(g.f, g.at.id, st.extent())
}

// forget drops finished files from the state that nothing can be mistaken for
// any more, and the oldest where there are too many.
func (r *reader) forget(ctx context.Context, list listing) error {
	var b bridge.Batch
	if list.dirError == nil && r.stands(list) && !list.archives && !r.unpacking() && r.seen {
		for id := range r.done {
			if r.isMissing(id, list) {
				b.Positions = append(b.Positions, r.forgetOne(id))
			}
		}
	}
	var evicted int64
	others, _ := r.others()
	if over := min(len(r.done), len(r.done)+others-maxDone); over > 0 {
		for _, s := range inOrder(r.done)[:over] {
			delete(r.done, s.id) // as long as we run it is not taken for a new one
			b.Positions = append(b.Positions, bridge.Position{Stream: s.id.key(), Gone: true})
			evicted++
		}
	}
	if len(b.Positions) == 0 {
		return nil
	}
	if err := r.send(ctx, b); err != nil {
		return err
	}
	r.counts.add(func(c *Stats) { c.Forgotten += evicted })
	return nil
}

func (r *reader) forgetOne(id fileID) bridge.Position {
	delete(r.done, id)
	delete(r.missing, id)
	r.l.forget(id)
	return bridge.Position{Stream: id.key(), Gone: true}
}

// stands reports whether the log is there, or, of a glob, another one beside
// it. If not, it may only be hidden, as on a file system that isn't mounted.
func (r *reader) stands(list listing) bool {
	_, near := r.others()
	return list.hasLive || near
}

// isMissing reports whether the file has been missing for a linger: one look
// may miss a file that is being renamed.
func (r *reader) isMissing(id fileID, list listing) bool {
	if _, there := list.names[id]; there {
		delete(r.missing, id)
		return false
	}
	since, ok := r.missing[id]
	if !ok {
		r.missing[id] = time.Now()
	}
	return ok && time.Since(since) >= r.o.Linger
}
