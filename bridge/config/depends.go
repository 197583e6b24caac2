package config

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/tailpost/tailpost/bridge/option"
)

// Depends is what a configuration was read from: where one of these changes,
// it may be another.
type Depends struct {
	Files []string // absolute, each once: the configuration's own, and those that keys ending in _file name; there or not
	Globs []string // absolute patterns of include
}

// Read is Load that also gives what the outcome depends on, be the files
// refused or not.
func Read(name string) (*Config, []Problem, Depends) {
	return (&loader{tables: map[string][]*table{}}).read(name)
}

func (l *loader) read(name string) (*Config, []Problem, Depends) {
	l.depends.file(name)
	text, bad := read(name, unnamedHint)
	if bad != nil {
		return nil, []Problem{*bad}, l.depends
	}
	c, ps := l.load(name, text)
	slices.Sort(l.depends.Files)
	l.depends.Files = slices.Compact(l.depends.Files)
	if c != nil {
		c.Depends, c.Warnings = l.depends, ps
	}
	return c, ps, l.depends
}

// same reports whether two readings looked at the same files.
func (d Depends) same(other Depends) bool {
	return slices.Equal(d.Files, other.Files) && slices.Equal(d.Globs, other.Globs)
}

func (d *Depends) file(path string) {
	d.Files = append(d.Files, filepath.Clean(absolute(path)))
}

// named notes the file that a key of a table names, if it is such a key.
func (d *Depends) named(t *table, key string) {
	if !strings.HasSuffix(key, "_file") {
		return
	}
	if name, ok := t.raw(key).(string); ok && name != "" {
		d.file(option.FilePath(name, t.file.dir))
	}
}
