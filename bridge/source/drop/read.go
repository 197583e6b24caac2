package drop

import (
	"context"
	"errors"
	"io"
	"os"
	"strconv"
	"syscall"
	"time"
)

// file is a file in work, or one that is not yet out of the way.
type file struct {
	place
	known bool      // it has a position: taken size and time hold
	since time.Time // when it was first seen as look says
	old   bool      // when it was first seen it had been quiet for long
	taken time.Time // when emit took its last line; zero: in an earlier run
}

// headOf tells what was dropped now from what was dropped before.
func headOf(name string, p *place, first []byte) []byte {
	h := append([]byte(name), 0)
	h = append(strconv.AppendInt(h, p.takenSize, 10), 0)
	h = append(strconv.AppendInt(h, p.takenTime, 10), 0)
	return append(h, first...)
}

// see notes how a file looks, and reports whether it has been quiet for the
// linger.
func (r *reader) see(f *file, now look, fresh bool) (quiet bool) {
	at := time.Now()
	switch {
	case fresh:
		f.since, f.old = at, at.Sub(time.Unix(0, now.mtime)) >= r.o.Linger
	case now.size != f.size || now.mtime != f.mtime:
		f.since, f.old = at, false
	}
	f.look = now
	return f.old || at.Sub(f.since) >= r.o.Linger
}

// read looks at a file, and takes what is there of it.
func (r *reader) read(ctx context.Context, e entry) error {
	f := r.files[e.name]
	fresh := f == nil || f.since.IsZero()
	if f != nil && !fresh && f.look == e.look && !f.finished && time.Since(f.since) < r.o.Linger && !f.old {
		return nil // nothing new, and not quiet long enough
	}
	fd, err := os.OpenFile(r.path(e.name), os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		r.trouble(e.name, err)
		return nil
	}
	defer fd.Close()
	fi, err := fd.Stat()
	if err != nil || !fi.Mode().IsRegular() {
		return nil // another look will tell
	}
	now := lookOf(fi)
	if f != nil && !f.holds(fd, e.name, now) {
		r.replaced(e.name, f)
		f, fresh = nil, true
	}
	if f == nil {
		f = &file{}
		r.files[e.name] = f
	}
	if f.finished {
		if now.size == f.size && now.mtime == f.mtime {
			r.finish([]string{e.name}) // a try that failed before, or was cut short by a crash
			return nil
		}
		f.finished = false // it has grown since
	}
	quiet := r.see(f, now, fresh)
	if !f.known {
		f.takenSize, f.takenTime = now.size, now.mtime
	}
	err = r.pass(ctx, e.name, f, fd, quiet)
	switch {
	case err == nil:
		r.clear(e.name)
		return nil
	case errors.As(err, new(fileError)):
		r.trouble(e.name, err)
		if !f.known {
			delete(r.files, e.name)
		}
		return nil
	}
	return err
}

// fileError is what is wrong with one file; others go on.
type fileError struct{ error }

func (e fileError) Unwrap() error { return e.error }

// pass reads a file to the end that it has now, and finishes it if it is quiet.
func (r *reader) pass(ctx context.Context, name string, f *file, fd *os.File, quiet bool) error {
	c, err := openContent(ctx, fd, name, f.size, f.off, int(r.o.MaxLine))
	switch {
	case err != nil && isDamaged(err):
		return r.ended(ctx, name, f, fd, nil, text{}, quiet, err)
	case err != nil:
		return r.fault(ctx, err)
	}
	now := time.Now()
	begin := f.off
	for {
		t, err := c.next(ctx)
		if err != nil {
			r.save(name, f, fd, begin)
			return r.ended(ctx, name, f, fd, c.first, t, quiet, err)
		}
		r.b.add(r.stamp(name, &f.place, c.first, t, now))
		f.off += t.size
		r.b.count.Bytes += t.size
		if !r.b.full() {
			continue
		}
		r.save(name, f, fd, begin)
		if err := r.flush(ctx); err != nil {
			return err
		}
		begin = f.off
	}
}

// save puts the place into the batch, beside the lines before it, if it is
// another than at begin.
func (r *reader) save(name string, f *file, fd *os.File, begin int64) {
	if f.off == begin {
		return
	}
	f.sum = 0
	if !packed(name) {
		// Without a sum the file will be found to be another: it has lost what
		// was read of it.
		f.sum, _ = sumBefore(fd, f.off)
	}
	f.known = true
	r.b.places[name] = f.place
}

// ended deals with the end of what is there: err is io.EOF or what else ended
// it, t what stands there without a newline.
func (r *reader) ended(ctx context.Context, name string, f *file, fd *os.File, first []byte, t text, quiet bool, err error) error {
	broken := isDamaged(err)
	if err != io.EOF && !broken {
		return r.fault(ctx, err)
	}
	fi, serr := fd.Stat()
	if serr != nil {
		return r.fault(ctx, serr)
	}
	if !quiet || lookOf(fi) != f.look {
		return nil // it may grow: its last line waits
	}
	if t.size > 0 {
		r.b.add(r.stamp(name, &f.place, first, t, time.Now()))
		f.off += t.size
		r.b.count.Bytes += t.size
	}
	if broken {
		r.b.lose(name, 0, "the rest can't be unpacked: "+err.Error())
	}
	f.finished = true
	r.save(name, f, fd, -1)
	r.b.ended = append(r.b.ended, name)
	r.b.count.Files++
	return nil
}

// fault is an error of the file, unless ctx has ended.
func (r *reader) fault(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fileError{err}
}

// replaced gives up the position of a file that another has taken the place
// of.
func (r *reader) replaced(name string, f *file) {
	r.unread(name, f, "replaced or changed before it was read to its end")
	r.forget(name, f)
}

// vanished gives up the position of a file that is not there any more.
func (r *reader) vanished(name string, f *file) {
	r.unread(name, f, "removed before it was read to its end")
	r.forget(name, f)
}

// unread tells of bytes that were seen and not taken.
func (r *reader) unread(name string, f *file, why string) {
	switch {
	case f.finished:
	case packed(name):
		r.b.lose(name, 0, why)
	case f.size > f.off:
		r.b.lose(name, f.size-f.off, why)
	}
}

// renamed goes on under another name.
func (r *reader) renamed(from, to string) {
	f := r.files[from]
	known := f.known
	r.forget(from, f)
	r.files[to] = f
	if known {
		r.b.places[to] = f.place
	}
}

func (r *reader) forget(name string, f *file) {
	delete(r.files, name)
	delete(r.b.places, name)
	if f.known {
		r.b.gone = append(r.b.gone, name)
	}
}
