package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tailpost/tailpost/bridge/option"
)

// includeMax bounds how many files an include may find.
const includeMax = 1000

// include reads the files that the main file's include names: globs relative
// to the folder of the main file, each one's files in the order of their
// names. A name that begins with a dot is found only by a pattern that has the
// dot: editors leave such files behind. A file that was read already is not
// read again.
func (l *loader) include(main *file) {
	var globs option.List
	if _, ok := main.top.values["include"]; !ok {
		return
	}
	if !l.set(main.top, "include", &globs) {
		return
	}
	seen := map[string]bool{absolute(main.name): true}
	for _, glob := range globs {
		names, err := l.expand(filepath.Dir(main.name), glob)
		if err != nil {
			l.complain(main.top, "include", err.Error(), "")
			continue
		}
		for _, name := range names {
			if seen[absolute(name)] {
				continue
			}
			seen[absolute(name)] = true
			if len(seen) > includeMax {
				l.complain(main.top, "include", fmt.Sprintf("more than %d files", includeMax), "")
				return
			}
			l.open(name)
		}
	}
}

// open reads an included file.
func (l *loader) open(name string) {
	l.depends.file(name)
	text, bad := read(name, "a pattern such as \"conf.d/*.toml\" may find nothing, a name may not")
	if bad != nil {
		l.report.add(*bad)
		l.files = append(l.files, &file{name: name})
		l.partial = true
		return
	}
	l.parse(name, text)
}

// expand gives the names that a glob finds. A name without wildcards stands
// for itself, there or not.
func (l *loader) expand(dir, glob string) ([]string, error) {
	if !strings.ContainsAny(glob, `*?[\`) {
		return []string{option.AbsPath(glob, dir)}, nil
	}
	pattern, depends := glob, glob
	if !filepath.IsAbs(glob) {
		pattern, depends = filepath.Join(escapeGlob(dir), glob), filepath.Join(escapeGlob(absolute(dir)), glob)
	}
	names, err := included(pattern)
	if err != nil {
		return nil, fmt.Errorf("%q is no pattern: %w", glob, err)
	}
	l.depends.Globs = append(l.depends.Globs, depends)
	return names, nil
}

// included gives the files that a pattern finds, sorted.
func included(pattern string) ([]string, error) {
	names, err := filepath.Glob(pattern)
	hidden := strings.HasPrefix(filepath.Base(pattern), ".")
	names = slices.DeleteFunc(names, func(name string) bool {
		return !hidden && strings.HasPrefix(filepath.Base(name), ".") || isFolder(name)
	})
	slices.Sort(names)
	return names, err
}

// escapeGlob makes a path match itself alone.
func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

func isFolder(name string) bool {
	fi, err := os.Stat(name)
	return err == nil && fi.IsDir()
}

// absolute is for comparing names; one that can't be resolved stays as it is.
func absolute(name string) string {
	if abs, err := filepath.Abs(name); err == nil {
		return abs
	}
	return name
}
