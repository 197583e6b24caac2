package tail

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func isGlob(path string) bool { return strings.ContainsAny(path, "*?[") }

// matches gives what answers to the glob, archives and hidden files left out.
func (f *field) matches() []string {
	paths, err := filepath.Glob(f.pattern)
	if err != nil { // Check has looked
		return nil
	}
	hidden := strings.HasPrefix(filepath.Base(f.pattern), ".")
	return slices.DeleteFunc(paths, func(p string) bool {
		base := filepath.Base(p)
		return compressed(base) || !hidden && strings.HasPrefix(base, ".")
	})
}

// newLogs gives the matches that are logs of their own and not followed yet.
func (f *field) newLogs(found []string) []string {
	bases := map[string][]names{} // by directory
	is := map[string]bool{}
	known := *f.known.Load()
	for path := range known {
		is[path] = true
		bases[filepath.Dir(path)] = append(bases[filepath.Dir(path)], namesOf(path))
	}
	for _, path := range found {
		is[path] = true
		if !known[path] {
			bases[filepath.Dir(path)] = append(bases[filepath.Dir(path)], namesOf(path))
		}
	}
	live := map[fileID]bool{}
	for _, l := range f.all() {
		live[l.listing().live] = true
	}
	var logs []string
	for _, path := range found {
		if known[path] {
			continue
		}
		name := filepath.Base(path)
		sibling := slices.ContainsFunc(bases[filepath.Dir(path)], func(n names) bool { return n.sibling(name) })
		if sibling || !leadsToFile(path, is) {
			continue
		}
		st, err := statPath(path)
		if err != nil || live[st.id] { // a further name of the same file
			continue
		}
		live[st.id] = true
		logs = append(logs, path)
	}
	return logs
}

// leadsToFile reports whether the path is a file, or a link to one that is no
// log of its own.
func leadsToFile(path string, logs map[string]bool) bool {
	st, err := os.Lstat(path)
	if err != nil {
		return false
	}
	if st.Mode()&os.ModeSymlink != 0 {
		real, err := filepath.EvalSymlinks(path)
		if err != nil || logs[real] {
			return false
		}
		if st, err = os.Stat(real); err != nil {
			return false
		}
	}
	return st.Mode().IsRegular()
}

// fixedDir is the longest directory above a glob's first meta character.
func fixedDir(pattern string) string {
	for isGlob(pattern) {
		pattern = filepath.Dir(pattern)
	}
	return pattern
}
