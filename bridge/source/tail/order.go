package tail

import (
	"cmp"
	"errors"
	"path/filepath"
	"slices"
)

// put adds files in their places: those that were begun, in the order of their
// beginning, then those that were not, by age; of both the live one last. A
// program may write into its next file before it moves the link there: what
// stands in the one that has the name still was there before.
func (r *reader) put(add []*file, list listing) {
	r.files = append(r.files, add...)
	for _, g := range r.files {
		if name, ok := list.names[g.at.id]; ok {
			g.name = name
		}
		if st, err := g.f.stat(); err == nil {
			g.age = st.mtime
		}
	}
	slices.SortStableFunc(r.files, func(a, b *file) int {
		if c := cmp.Or(after(a.at.seq == 0, b.at.seq == 0), after(r.isLive(a, list), r.isLive(b, list))); c != 0 {
			return c
		}
		if a.at.seq != 0 {
			return cmp.Compare(a.at.seq, b.at.seq)
		}
		if a.age == b.age && (list.names[a.at.id] == "" || list.names[b.at.id] == "") {
			return 0 // the name of one that is gone tells nothing: the one that was met first comes first
		}
		return byAge(r.l.names, a.age, a.name, b.age, b.name)
	})
}

// byAge compares two siblings by their times, then by their names.
func byAge(n names, amtime int64, aname string, bmtime int64, bname string) int {
	aname, bname = filepath.Base(aname), filepath.Base(bname)
	switch {
	case amtime != bmtime:
		return cmp.Compare(amtime, bmtime)
	case n.olderName(aname, bname):
		return -1
	case n.olderName(bname, aname):
		return 1
	}
	return 0
}

func after(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// errOlder says that a file must wait: one that comes before it has turned up.
var errOlder = errors.New("an older file turned up")

// isNext gives errOlder if a file was rotated away unseen before g got its
// first lines. They have been searched now, so whatever came before them is
// there to be seen.
func (r *reader) isNext(g *file) error {
	if g.at.off > 0 {
		return nil
	}
	r.l.scanAtLeast(3)
	filled := slices.ContainsFunc(r.unsure, func(c *found) bool {
		st, err := c.f.stat()
		return c.again || err == nil && c.pack() == nil && st.size > 0 && c.st.size == 0
	})
	if r.l.waiting() || r.strayed() || filled {
		return errOlder
	}
	return nil
}
