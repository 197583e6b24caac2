package tail

import (
	"os"
	"path/filepath"
	"regexp"
)

// place is a directory in which files of a log may be found.
type place struct {
	dir   string
	names names // which of its files are siblings; zero: none are
}

// places gives where the files of a log may be: beside its name, and where the
// name is a symbolic link, also beside the file that it leads to. There, alone
// says, names that differ in a date are siblings, too: no other log's link leads
// to one of them.
func places(path string, alone bool) []place {
	ps := []place{{filepath.Dir(path), namesOf(path)}}
	if st, err := os.Lstat(path); err != nil || st.Mode()&os.ModeSymlink == 0 {
		return ps
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return ps
	}
	n := namesOf(real)
	if alone {
		n.dated = dated(n.base)
	}
	return append(ps, place{filepath.Dir(real), n})
}

var (
	dateRun   = regexp.MustCompile(`[0-9][0-9.:_TZ-]{4,}[0-9]Z?`)
	numberRun = regexp.MustCompile(`^[0-9]+`)
)

// dated gives the pattern of the names among which a program goes on from one
// log to the next by moving a link: they differ in a date (app-2026-01-31.log)
// or are numbers (0.log). It is "" where the name has neither.
func dated(name string) string {
	if p := dateRun.ReplaceAllString(name, "\x00"); p != name {
		return p
	}
	if p := numberRun.ReplaceAllString(name, "\x00"); p == "\x00"+filepath.Ext(name) {
		return p
	}
	return ""
}
