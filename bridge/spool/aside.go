package spool

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// aside are the stretches of one file that are kept in damaged/, in order.
type aside []span

// asidePrefix gives what the names of a file's stretches begin with. name is
// the file's within the state directory.
func asidePrefix(name string) string {
	base := filepath.Base(name)
	base = strings.TrimSuffix(strings.TrimSuffix(base, segmentSuffix), storeSuffix)
	if dir := filepath.Dir(name); dir != segmentDir {
		return dir + "." + base + "-"
	}
	return base + "-"
}

// asideOf lists what is kept of a file.
func asideOf(fsys FS, dir, name string) (out aside) {
	infos, err := fsys.List(filepath.Join(dir, damagedDir))
	if err != nil {
		return nil
	}
	prefix := asidePrefix(name)
	for _, info := range infos {
		rest, ok := strings.CutPrefix(info.Name, prefix)
		var s span
		if n, _ := fmt.Sscanf(rest, "%x-%x", &s.from, &s.to); ok && n == 2 {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b span) int { return int(a.from - b.from) })
	return out
}

// covers reports whether all of a stretch is kept.
func (a aside) covers(s span) bool {
	for _, kept := range a {
		if kept.from <= s.from && s.from < kept.to {
			s.from = kept.to
		}
		if s.from >= s.to {
			return true
		}
	}
	return false
}
