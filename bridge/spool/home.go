package spool

import (
	"errors"
	"fmt"
	"io/fs"
)

// ErrAway says that the name of the state directory leads to the open one no
// longer: somebody moved or removed it while the bridge ran. It passes, once
// the directory is back.
var ErrAway = errors.New("was moved or removed under the bridge")

// home is the file system of an open state directory. The spool goes by names,
// and under a name another directory can come to stand, or none: what would be
// written there would be lost, or another's, and what can't be found there is
// no damage. So each way by a name asks first whether the directory is the one
// that was opened. Files that are open go on being written and read; a segment
// looks for itself (see committer.sync).
type home struct {
	FS
	dir   string
	place Place
	// blind: the file system's identities change by themselves, so that another
	// one says nothing.
	blind bool
}

// newHome opens the directory, whose lock we have.
func newHome(fsys FS, dir string) (*home, error) {
	place, err := fsys.OpenDir(dir)
	if err != nil {
		return nil, err
	}
	return &home{FS: fsys, dir: dir, place: place, blind: errors.Is(place.At(dir), ErrElsewhere)}, nil
}

// leads reports whether a name leads to what is open. An error answers to
// ErrAway. Where that can't be known it does: only what is known stops anything.
func (h *home) leads(name string, p Place) error {
	err := p.At(name)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, ErrElsewhere) && !h.blind:
	default:
		return nil
	}
	if p == h.place && errors.Is(err, ErrElsewhere) {
		return fmt.Errorf("the state directory %s %w, and another one stands in its place", h.dir, ErrAway)
	}
	if p == h.place {
		return fmt.Errorf("the state directory %s %w", h.dir, ErrAway)
	}
	if err := h.away(); err != nil {
		return err
	}
	return fmt.Errorf("%s %w", name, ErrAway)
}

// away says that the directory isn't there; nil: it is.
func (h *home) away() error { return h.leads(h.dir, h.place) }

func (h *home) MkdirAll(dir string) error {
	if err := h.away(); err != nil {
		return err
	}
	return h.FS.MkdirAll(dir)
}

func (h *home) Create(name string) (File, error) {
	if err := h.away(); err != nil {
		return nil, err
	}
	return h.FS.Create(name)
}

func (h *home) Open(name string, write bool) (File, error) {
	if err := h.away(); err != nil {
		return nil, err
	}
	return h.FS.Open(name, write)
}

func (h *home) Remove(name string) error {
	if err := h.away(); err != nil {
		return err
	}
	return h.FS.Remove(name)
}

func (h *home) Rename(from, to string) error {
	if err := h.away(); err != nil {
		return err
	}
	return h.FS.Rename(from, to)
}

func (h *home) List(dir string) ([]FileInfo, error) {
	if err := h.away(); err != nil {
		return nil, err
	}
	return h.FS.List(dir)
}

func (h *home) SyncDir(dir string) error {
	if err := h.away(); err != nil {
		return err
	}
	return h.FS.SyncDir(dir)
}

func (h *home) close() { _ = h.place.Close() }
