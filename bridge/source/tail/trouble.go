package tail

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/tailpost/tailpost/bridge/source/access"
)

// notFile says that what has the log's name is no regular file.
type notFile struct{ what string }

func (e notFile) Error() string { return e.what + ", not a log file" }

func notRegular(path string, mode os.FileMode) error {
	what := "no regular file"
	switch {
	case mode.IsDir():
		what = "a directory"
	case mode&os.ModeNamedPipe != 0:
		what = "a named pipe"
	}
	return notFile{path + " is " + what}
}

// tellTrouble logs once why the file can't be read, and once that it can.
func (r *reader) tellTrouble(list listing) {
	r.tellUnlisted(list)
	is := list.reason
	if is.Why == r.said {
		return
	}
	r.said = is.Why
	r.counts.wait(r.o.Path, is.Why)
	if is.Why == "" {
		r.log.Info().Msg("the log file can be read now")
		return
	}
	ev := r.log.Warn().Str("reason", is.Why).Str("as", access.Whoami())
	if is.Hint != "" {
		ev = ev.Str("hint", is.Hint)
	}
	if list.closed != nil {
		ev.Msg("the log file may not be opened any more")
		return
	}
	ev.Msg("waiting for the log file")
}

// tellUnlisted logs once that the directory can't be listed though the file
// can be read.
func (r *reader) tellUnlisted(list listing) {
	var is access.Reason
	if list.trouble == nil && list.dirError != nil {
		is = access.Dir(r.l.dir, list.dirError)
	}
	if is.Why != r.unlisted && is.Why != "" {
		r.log.Warn().Str("reason", is.Why).Str("as", access.Whoami()).Str("hint", is.Hint).
			Msg("the log's directory can't be listed: what is rotated unseen isn't found")
	}
	r.unlisted = is.Why
}

// reasonLocked says why the log can't be read, as the last look saw it.
func (l *lookout) reasonLocked() access.Reason {
	err, absent := l.list.trouble, errors.Is(l.list.trouble, fs.ErrNotExist)
	switch {
	case err == nil && l.list.closed != nil:
		return closed(l.path, l.list.closed)
	case err == nil:
		return access.Reason{}
	case errors.As(err, new(notFile)):
		return access.Reason{Why: err.Error(), Hint: "correct the path, or move that away"}
	case !l.alone && (absent || errors.Is(err, syscall.ENOTDIR)): // of a glob: others may come and go with their directories
		return access.Reason{Why: l.path + " is gone", Hint: "what appears there is read", Absent: true}
	case absent && errors.Is(l.list.dirError, fs.ErrPermission): // it is not seen when it comes
		return access.Dir(l.dir, l.list.dirError)
	}
	return access.File(l.path, err)
}
