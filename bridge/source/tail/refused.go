package tail

import (
	"context"
	"errors"
	"io/fs"

	"github.com/tailpost/tailpost/bridge"
)

// remember keeps a place for files that are there and that we may not read, so
// that they are read from their beginning once we may, under whatever name,
// and are missed if they go before.
func (r *reader) remember(ctx context.Context, list listing) error {
	if !r.seen {
		return nil // what is there at the first start is another matter
	}
	var b bridge.Batch
	for id, no := range list.refused {
		if !errors.Is(no.err, fs.ErrPermission) {
			continue
		}
		s, ok := r.saved[id]
		switch {
		case ok:
			s.size, s.mtime = max(s.size, no.st.size), no.st.mtime
		case r.known(id) || r.holds(id) || !r.isNews(no):
			continue
		default:
			s = state{id: id, seq: r.next(), size: no.st.size, mtime: no.st.mtime}
			b.Positions = append(b.Positions, r.position(s))
		}
		r.saved[id] = s
	}
	if len(b.Positions) == 0 {
		return nil
	}
	if err := r.send(ctx, b); err != nil {
		return err
	}
	r.want()
	return nil
}

// isNews reports whether the file is none that was there before us.
func (r *reader) isNews(no refusal) bool {
	return no.name == r.l.names.base || no.st.mtime >= r.oldest
}
