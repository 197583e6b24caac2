package spooltest

import (
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/tailpost/tailpost/bridge/spool"
)

// folder is a directory, whatever its name.
type folder struct{ _ byte }

type openFolder struct {
	fs   *FS
	node *folder
}

// OpenDir opens a directory.
func (m *FS) OpenDir(dir string) (spool.Place, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.dirs[filepath.Clean(dir)]
	if n == nil {
		return nil, &fs.PathError{Op: "open", Path: dir, Err: fs.ErrNotExist}
	}
	return openFolder{m, n}, nil
}

func (openFolder) Close() error { return nil }

// At is spool.Place's.
func (f openFolder) At(name string) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	switch f.fs.dirs[filepath.Clean(name)] {
	case f.node:
		return nil
	case nil:
		return &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
	}
	return spool.ErrElsewhere
}

// Move gives a directory another name, with all that is in it; durable at once.
// What stood at the new name is gone. Where to is empty, the directory is
// removed. Files that are open stay so.
func (m *FS) Move(from, to string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	moved := func(name string) (string, bool) {
		rest, ok := strings.CutPrefix(name, from)
		return to + rest, ok && (rest == "" || rest[0] == filepath.Separator)
	}
	for _, names := range []map[string]*inode{m.names, m.durable} {
		rename(names, moved, to != "")
	}
	rename(m.dirs, moved, to != "")
	for _, c := range m.log {
		if name, ok := moved(c.name); ok {
			c.name = name
		}
		if name, ok := moved(c.to); ok {
			c.to = name
		}
	}
}

func rename[T any](all map[string]T, to func(string) (string, bool), keep bool) {
	out := map[string]T{}
	for name, v := range all {
		if now, ok := to(name); ok {
			delete(all, name)
			out[now] = v
		}
	}
	for name, v := range out {
		if keep {
			all[name] = v
		}
	}
}
