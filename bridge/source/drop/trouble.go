package drop

import (
	"errors"
	"io/fs"
	"syscall"

	"github.com/tailpost/tailpost/bridge/source/access"
)

// saidMax is how many troubles are remembered, and logged, one by one. The
// directory's has a place in any case.
const saidMax = 1000

// trouble logs what keeps a file, or the directory (""), from being read, when
// it is another reason than before.
func (r *reader) trouble(name string, err error) {
	switch {
	case name == "":
		r.troubled("dropped files can't be read", name, err, access.Dir(r.o.Dir, err))
	case !errors.Is(err, fs.ErrNotExist): // else the next scan tells
		r.troubled("a dropped file can't be read", name, err, access.File(r.path(name), err))
	}
}

// stays logs what keeps a file, which was read, from being got out of the way.
func (r *reader) stays(name string, err error) {
	is := access.Reason{Why: err.Error()}
	switch {
	case errors.Is(err, syscall.EXDEV):
		is.Hint = doneDir + " must be on the same file system"
	case errors.Is(err, fs.ErrPermission):
		is.Hint = "our user must be able to write in " + r.o.Dir
	}
	r.troubled("can't "+r.o.Done+" a file", name, err, is)
}

func (r *reader) troubled(what, name string, err error, is access.Reason) {
	why := err.Error()
	if r.said[name] == why || name != "" && len(r.said) >= saidMax {
		return
	}
	r.said[name], r.texts[name] = why, is.Text()
	ev := r.log.Warn().Str("dir", r.o.Dir)
	if name != "" {
		r.texts[name] = what + ": " + name + ": " + is.Text()
		ev = ev.Str("file", name)
	}
	if is.Hint != "" {
		ev = ev.Str("hint", is.Hint)
	}
	ev.Str("reason", is.Why).Str("as", access.Whoami()).Msg(what)
	r.waiting()
}

// clear forgets a trouble that is over.
func (r *reader) clear(name string) {
	if _, ok := r.said[name]; !ok {
		return
	}
	delete(r.said, name)
	delete(r.texts, name)
	if name == "" {
		r.log.Info().Str("dir", r.o.Dir).Msg("dropped files can be read now")
	}
	r.waiting()
}

// waiting shows one trouble in the stats, the directory's before a file's.
func (r *reader) waiting() {
	why, first := r.said[""], ""
	for name := range r.said {
		if name != "" && (first == "" || name < first) {
			first = name
		}
	}
	if why == "" {
		why = r.said[first]
	}
	c := r.counts
	c.mu.Lock()
	defer c.mu.Unlock()
	c.s.Waiting = why
	c.shut.set(r.texts[""])
	c.failed = len(r.said)
	if r.said[""] != "" {
		c.failed--
	}
	text := ""
	if first != "" {
		text = r.texts[first]
	}
	c.partly.set(text)
}
