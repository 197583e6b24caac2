package tail

import (
	"context"
	"io"

	nxtail "github.com/nxadm/tail"
)

// pass has the library read the first n lines of the region once more, from a
// held descriptor that it can't mistake, and compares them and their offsets
// with what was searched. It gives errChanged where they differ.
//
// The library reads on behind the line that it hands out, however long the
// next one is: the caller sees to it that what follows is short, or has been
// searched. Not following, it uses none of its watchers, and none of the paths
// on which it ends the process.
func (r *reader) pass(ctx context.Context, g *file, reg region, n int) error {
	f, ok := g.f.(plain)
	if n == 0 || !ok { // what is unpacked can't change under us
		return nil
	}
	t, err := nxtail.TailFile(descriptorPath(f.File), nxtail.Config{
		Location:      &nxtail.SeekInfo{Offset: g.at.off, Whence: io.SeekStart},
		MustExist:     true,
		CompleteLines: true,
		Logger:        nxtail.DiscardingLogger,
	})
	if err != nil {
		// No /proc, or the mode changed since it was opened. What was searched
		// is good without the library.
		r.log.Debug().Err(err).Msg("reading without the library")
		return nil
	}
	defer func() {
		t.Kill(nil)
		_ = t.Wait()
	}()
	begin := 0
	for i := range n {
		var l *nxtail.Line
		var ok bool
		select {
		case <-ctx.Done():
			return ctx.Err()
		case l, ok = <-t.Lines:
		}
		if !ok {
			if err := t.Wait(); err != nil {
				return readError{err}
			}
			return errChanged
		}
		end := reg.ends[i]
		if l.Err != nil || l.SeekInfo.Offset != g.at.off+int64(end)+1 || l.Text != string(reg.buf[begin:end]) {
			return errChanged
		}
		begin = end + 1
	}
	return nil
}
