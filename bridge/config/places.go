package config

import (
	"os"
	"path/filepath"
	"strings"
)

// linksMost bounds the symbolic links on one path, as the system does.
const linksMost = 40

// placeInDir is a name in a directory: when it changes there, a path may lead
// somewhere else, or to other content.
type placeInDir struct{ dir, name string }

// placesOf gives all of them on the way to a file: each symbolic link, the file
// itself, and, where the way ends, the name that is missing. Kubernetes
// switches a link in the middle, and never touches the file.
func placesOf(path string) (out []placeInDir) {
	at, rest, links := string(filepath.Separator), steps(path), 0
	for len(rest) > 0 {
		name := rest[0]
		rest = rest[1:]
		if name == ".." {
			at = filepath.Dir(at)
			continue
		}
		next := filepath.Join(at, name)
		info, err := os.Lstat(next)
		switch {
		case err != nil:
			return append(out, placeInDir{at, name})
		case info.Mode()&os.ModeSymlink != 0:
			out = append(out, placeInDir{at, name})
			target, err := os.Readlink(next)
			if links++; err != nil || links > linksMost {
				return out
			}
			if filepath.IsAbs(target) {
				at = string(filepath.Separator)
			}
			rest = append(steps(target), rest...)
		case len(rest) == 0:
			out = append(out, placeInDir{at, name})
		default:
			at = next
		}
	}
	return out
}

// steps takes a path apart.
func steps(path string) (out []string) {
	for _, s := range strings.Split(path, string(filepath.Separator)) {
		if s != "" && s != "." {
			out = append(out, s)
		}
	}
	return out
}

// placesOfGlob gives the directories in which a pattern looks, without names:
// what comes or goes there counts, whatever its name.
func placesOfGlob(pattern string) (out []placeInDir) {
	for dir := filepath.Dir(pattern); ; dir = filepath.Dir(dir) {
		found, _ := filepath.Glob(dir)
		for _, d := range found[:min(len(found), includeMax)] {
			out = append(out, placesOf(d)...)
			if to, err := filepath.EvalSymlinks(d); err == nil {
				out = append(out, placeInDir{dir: to})
			}
		}
		fixed := !strings.ContainsAny(filepath.Base(dir), `*?[\`)
		if len(found) > 0 && fixed || dir == filepath.Dir(dir) {
			return out
		}
	}
}

// places gives the directories in which a change counts, each with the names of
// which content counts, too.
func (d Depends) places() map[string]map[string]bool {
	dirs := map[string]map[string]bool{}
	add := func(ps []placeInDir) {
		for _, p := range ps {
			if dirs[p.dir] == nil {
				dirs[p.dir] = map[string]bool{}
			}
			dirs[p.dir][p.name] = true
		}
	}
	for _, f := range d.Files {
		add(placesOf(f))
	}
	for _, g := range d.Globs {
		add(placesOfGlob(g))
	}
	return dirs
}
