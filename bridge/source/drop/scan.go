package drop

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// entry is a file that may have to be read.
type entry struct {
	name string
	look
}

// listing is what the directory has.
type listing struct {
	files []entry         // to be read or got out of the way, oldest first
	known map[string]bool // of the files that we know: they are there
	kept  map[uint64]struct{}
}

const listAtOnce = 1024

// scan looks through the directory. Files that are remembered as read are left
// out; kept says which of them are there, where that is asked for.
func (r *reader) scan(ctx context.Context, wantKept bool) (listing, error) {
	list := listing{known: map[string]bool{}, kept: map[uint64]struct{}{}}
	d, err := os.Open(r.o.Dir)
	if err != nil {
		return list, err
	}
	defer d.Close()
	if fi, err := d.Stat(); err != nil || !fi.IsDir() {
		return list, errors.Join(err, fmt.Errorf("%s is no directory", r.o.Dir))
	}
	for {
		entries, err := d.ReadDir(listAtOnce)
		for _, de := range entries {
			if !r.o.Takes(de.Name()) || !de.Type().IsRegular() {
				continue
			}
			fi, err := de.Info()
			if err != nil {
				continue // gone by now
			}
			r.list(&list, entry{de.Name(), lookOf(fi)}, wantKept)
		}
		if ctx.Err() != nil {
			return list, ctx.Err()
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return list, err
		}
	}
	slices.SortFunc(list.files, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.mtime, b.mtime), cmp.Compare(a.name, b.name))
	})
	return list, nil
}

func (r *reader) list(to *listing, e entry, wantKept bool) {
	if _, ok := r.files[e.name]; ok {
		to.known[e.name] = true
	} else if len(r.kept.has) > 0 {
		h := hashOf(e.name, e.look)
		if _, ok := r.kept.has[h]; ok {
			if wantKept {
				to.kept[h] = struct{}{}
			}
			return
		}
	}
	to.files = append(to.files, e)
}
