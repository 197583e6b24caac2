package spooltest

import (
	"maps"
	"math/rand/v2"
)

// Kill gives the file system as it is found after the end of the process: all
// that was written, and no more of it durable than before.
func (m *FS) Kill() *FS {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.copyLocked()
}

// Crash gives the file system as it is found after a power cut: what is
// durable, and of the rest the first keep bytes in the order they were
// written (a change of a name or a length counts as one). The old one goes on
// by itself.
func (m *FS) Crash(keep int) *FS {
	m.mu.Lock()
	defer m.mu.Unlock()
	var kept []*change
	for _, c := range m.log {
		if keep <= 0 {
			break
		}
		cut := *c
		if c.what == Write {
			cut.data = c.data[:min(keep, len(c.data))]
			keep -= len(cut.data)
		} else {
			keep--
		}
		kept = append(kept, &cut)
	}
	return m.cutLocked(kept)
}

// cutLocked gives the file system with what is durable, and those changes.
func (m *FS) cutLocked(kept []*change) *FS {
	out := New(m.total)
	out.dirs = maps.Clone(m.dirs)
	copies := copier{}
	for name, n := range m.durable {
		out.names[name] = copies.cut(n)
	}
	for _, c := range kept {
		node := copies[c.node]
		if node == nil {
			node = copies.cut(c.node)
		}
		c.apply(out.names, node)
	}
	for name, n := range out.names {
		n.durable, n.shared = n.data, true
		out.durable[name] = n
	}
	return out
}

// Pending is how many changes a power cut may take or leave.
func (m *FS) Pending() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.log)
}

// Cuts gives what a power cut may leave: what is durable, and any of the
// changes that are not: each name's and each length's by itself, and of a
// write any of its sectors. Only within one sector, and for one name, the
// later change doesn't come without the earlier one. Where these are more than
// most, it gives most of them (all is false): nothing kept, all kept, those
// that lack one change, those that have one alone, and others drawn from rnd.
func (m *FS) Cuts(most int, rnd *rand.Rand) (cuts []*FS, all bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := orderOf(m.log)
	sets := o.every(most)
	if all = sets != nil; !all {
		sets = o.some(most, rnd)
	}
	for _, set := range sets {
		var kept []*change
		for i, c := range m.log {
			if set[i] {
				kept = append(kept, c)
			}
		}
		cuts = append(cuts, m.cutLocked(kept))
	}
	return cuts, all
}

// Cut draws one of the states that Cuts speaks of.
func (m *FS) Cut(rnd *rand.Rand) *FS {
	cuts, _ := m.Cuts(16, rnd)
	return cuts[rnd.IntN(len(cuts))]
}
