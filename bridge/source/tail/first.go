package tail

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"syscall"
	"time"
)

// first applies Options.Start, once in the life of a source: to the file that
// has the name now. Its rotated siblings are remembered as finished, and what
// appears later begins at 0. As long as it can't be told whether there is a
// file, nothing is decided.
func (r *reader) first(ctx context.Context) error {
	fresh, list := r.l.take()
	r.unsure = append(r.unsure, fresh...)
	if !list.hasLive && !absent(list.trouble) {
		return nil
	}
	a := &admission{list: list, open: r.unsure}
	r.unsure = nil
	r.refreshStats(a)
	if i := slices.IndexFunc(a.open, a.live); i >= 0 {
		if err := r.begin(a, a.open[i]); err != nil {
			r.unsure = append(r.unsure, a.open...)
			return r.retryFirst(err)
		}
	}
	r.before(r.oldSiblings(a))
	if list.hasLive && len(a.add) == 0 && r.o.Start == StartEnd {
		// It can't be read yet. What is written until it can be is not skipped.
		if st, err := statPath(r.o.Path); err == nil && st.id == list.live {
			s := state{id: st.id, seq: r.next(), off: st.size, size: st.size, align: true}
			r.saved[s.id] = s
			a.batch.Positions = append(a.batch.Positions, r.position(s))
		}
	}
	r.seen = true
	return r.admitted(ctx, a)
}

// absent reports whether the reason means that there is no log file.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP) || errors.As(err, new(notFile))
}

// begin sets the place to begin in the file that is there at the first start.
func (r *reader) begin(a *admission, c *found) error {
	s := state{id: c.st.id, seq: r.next(), size: c.st.size, mtime: c.st.mtime}
	if r.o.Start == StartEnd {
		if err := r.behind(c, &s, c.st.size); err != nil {
			return err
		}
		r.tellSkipped(s.off)
	}
	m, err := readMarks(c.f, s.off)
	if err != nil {
		return err
	}
	s.firstSum, s.lastSum = sum(m.first), sum(m.last)
	r.resume(a, c, s, m)
	a.batch.Positions = append(a.batch.Positions, r.position(s))
	return nil
}

// behind puts the position behind the last newline before off. Where that is
// further away than a line may be long, it is in the middle of one that will
// be skipped.
func (r *reader) behind(c *found, s *state, off int64) error {
	at, near, err := lastNewline(c.f, off, int64(r.o.MaxLine))
	if err != nil {
		return err
	}
	s.off = at
	if !near {
		s.off, s.skip = off, true
	}
	return nil
}

func (r *reader) tellSkipped(bytes int64) {
	if bytes > 0 {
		r.log.Info().Int64("bytes", bytes).
			Msg("first start: skipped what stood in the file; start = \"beginning\" would have read it")
	}
}

// alignTo turns a position that was only a size into one that can be read
// from, now that the file can be opened.
func (r *reader) alignTo(c *found, s state) (state, bool) {
	off := s.off
	s.align, s.off, s.seq = false, 0, r.next()
	if c.st.size < off {
		return s, true // it began anew
	}
	if err := r.behind(c, &s, off); err != nil {
		return s, false
	}
	if !s.finished {
		r.tellSkipped(s.off)
	}
	m, err := readMarks(c.f, s.off)
	s.firstSum, s.lastSum = sum(m.first), sum(m.last)
	return s, err == nil
}

// retryFirst: a file that changes or can't be read at this moment is looked
// at again.
func (r *reader) retryFirst(err error) error {
	if isFileError(err) {
		r.log.Debug().Err(err).Time("at", time.Now()).Msg("the first look at the file is tried again")
		return nil
	}
	return err
}

// isFileError tells what is wrong with a file from what ends the source.
func isFileError(err error) bool {
	return errors.Is(err, errChanged) || errors.As(err, new(readError))
}
