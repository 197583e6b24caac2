package tail

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
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
	why, hint := explain(r.o.Path, list.trouble)
	if why == r.said {
		return
	}
	r.said = why
	r.counts.wait(r.o.Path, why)
	if why == "" {
		r.log.Info().Msg("the log file can be read now")
		return
	}
	ev := r.log.Warn().Str("reason", why).Str("as", whoami())
	if hint != "" {
		ev = ev.Str("hint", hint)
	}
	ev.Msg("waiting for the log file")
}

// tellUnlisted logs once that the directory can't be listed though the file
// can be read.
func (r *reader) tellUnlisted(list listing) {
	why, hint := "", ""
	if list.trouble == nil && list.dirError != nil {
		why, hint = explain(r.l.dir, list.dirError)
	}
	if why != r.unlisted && why != "" {
		r.log.Warn().Str("reason", why).Str("as", whoami()).Str("hint", hint).
			Msg("the log's directory can't be listed: what is rotated unseen isn't found")
	}
	r.unlisted = why
}

// explain says why a file can't be read, for a person: whose it is, its mode,
// and what would help.
func explain(path string, err error) (why, hint string) {
	switch {
	case err == nil:
		return "", ""
	case errors.Is(err, fs.ErrNotExist):
		if dir, missing := missingDir(path); missing {
			return "the directory " + dir + " does not exist", "create it, or correct the path"
		}
		return path + " does not exist", "it is read as soon as it appears"
	case errors.Is(err, fs.ErrPermission):
		return denied(path)
	case errors.Is(err, syscall.ELOOP):
		return path + " is a loop of symbolic links", "correct the link"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "no file descriptors left", "raise the limit of open files"
	}
	return err.Error(), ""
}

// missingDir finds the first directory above path that isn't there.
func missingDir(path string) (string, bool) {
	dir := filepath.Dir(path)
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return "", false
	}
	for {
		up := filepath.Dir(dir)
		if _, err := os.Stat(up); up == dir || !errors.Is(err, fs.ErrNotExist) {
			return dir, true
		}
		dir = up
	}
}

// denied finds the first part of the path that keeps us out.
func denied(path string) (why, hint string) {
	at := path
	for {
		up := filepath.Dir(at)
		if _, err := os.Stat(at); err == nil || up == at {
			break
		}
		at = up
	}
	st, err := statPath(at)
	if err != nil {
		return "no permission to read " + path, ""
	}
	need := "read"
	if st.mode.IsDir() {
		need = "enter"
	}
	group := groupName(st.gid)
	why = fmt.Sprintf("no permission to %s %s, which has owner %s, group %s, mode %04o", need, at, userName(st.uid), group, st.mode.Perm())
	if st.mode.Perm()&0o040 != 0 && st.gid != 0 {
		return why, "add our user to the group " + group + ", and start again"
	}
	perm := "r"
	if st.mode.IsDir() {
		perm = "rx"
	}
	return why, fmt.Sprintf("setfacl -m u:%s:%s %s", userName(uint32(os.Geteuid())), perm, at)
}

func whoami() string {
	return fmt.Sprintf("%s (uid %d, gid %d)", userName(uint32(os.Geteuid())), os.Geteuid(), os.Getegid())
}

func userName(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

func groupName(gid uint32) string {
	id := strconv.FormatUint(uint64(gid), 10)
	if g, err := user.LookupGroupId(id); err == nil {
		return g.Name
	}
	return id
}
