package config

import (
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/rs/zerolog"
)

// hints tells when something may have happened to the files of a Depends. It
// watches directories, never a file, which another may take the place of. A
// hint may be late or missing: whoever asks looks by himself now and then.
type hints struct {
	log    zerolog.Logger
	make   func() (*fsnotify.Watcher, error)
	beside time.Duration     // how often to look in spite of hints
	w      *fsnotify.Watcher // nil: none could be made
	dirs   map[string]watchedDir
	told   string // why there are none, as it was said last
	short  bool   // a directory is not watched
}

// watchedDir is a directory as it was when its watch was made.
type watchedDir struct {
	is    os.FileInfo
	names map[string]bool // of which content counts
}

// follow watches the places of these files, and reports whether it began to
// watch one: what happened there before was not seen.
func (h *hints) follow(d Depends) (began bool) {
	if h.w == nil {
		w, err := h.make()
		if err != nil {
			h.tell(err)
			h.short = true
			return false
		}
		h.w, h.dirs = w, map[string]watchedDir{}
	}
	want := d.places()
	for dir := range h.dirs {
		if _, ok := want[dir]; !ok {
			_ = h.w.Remove(dir)
			delete(h.dirs, dir)
		}
	}
	h.short = false
	for dir, names := range want {
		if h.followDir(dir, names) {
			began = true
		}
	}
	if !h.short {
		h.told = ""
	}
	return began
}

func (h *hints) followDir(dir string, names map[string]bool) (began bool) {
	is, err := os.Stat(dir)
	if err != nil {
		return false // what lies above it is watched
	}
	had, ok := h.dirs[dir]
	if ok && os.SameFile(had.is, is) {
		h.dirs[dir] = watchedDir{had.is, names}
		return false
	}
	if ok {
		_ = h.w.Remove(dir) // it may have gone with its directory
		delete(h.dirs, dir)
	}
	if err := h.w.Add(dir); err != nil {
		h.tell(err)
		h.short = true
		return false
	}
	h.dirs[dir] = watchedDir{is, names}
	return true
}

func (h *hints) tell(err error) {
	if s := err.Error(); s != h.told {
		h.told = s
		h.log.Warn().Err(err).Dur("every", pollAlone).Msg("no notifications of the configuration's files; they are looked at now and then instead")
	}
}

// events and errs are nil where there are no hints.
func (h *hints) events() <-chan fsnotify.Event {
	if h.w == nil {
		return nil
	}
	return h.w.Events
}

func (h *hints) errs() <-chan error {
	if h.w == nil {
		return nil
	}
	return h.w.Errors
}

// counts reports whether an event may mean something: whatever comes, goes or
// is renamed, since links are switched under any name; of content only that of
// the files themselves.
func (h *hints) counts(ev fsnotify.Event) bool {
	if ev.Op&^(fsnotify.Write|fsnotify.Chmod) != 0 {
		return true
	}
	return h.dirs[filepath.Dir(ev.Name)].names[filepath.Base(ev.Name)]
}

// every is how often the files are looked at whatever the hints say.
func (h *hints) every() time.Duration {
	if h.w == nil || h.short {
		return pollAlone
	}
	return h.beside
}

func (h *hints) close() {
	if h.w != nil {
		_ = h.w.Close()
	}
	h.w, h.dirs = nil, nil
}

const (
	pollAlone  = 2 * time.Second  // without hints
	pollBeside = 10 * time.Second // with them: a mount of a single file gives none
)
