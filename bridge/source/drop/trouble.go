package drop

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// saidMax is how many files' troubles are remembered, and logged, one by one.
const saidMax = 1000

// trouble logs what keeps a file, or the directory (""), from being read, when
// it is another reason than before.
func (r *reader) trouble(name string, err error) {
	if errors.Is(err, fs.ErrNotExist) && name != "" {
		return // the next scan tells
	}
	r.troubled("a dropped file can't be read", name, err)
}

func (r *reader) troubled(what, name string, err error) {
	why := err.Error()
	if r.said[name] == why || len(r.said) >= saidMax {
		return
	}
	r.said[name] = why
	ev := r.log.Warn().Str("dir", r.o.Dir)
	if name != "" {
		ev = ev.Str("file", name)
	}
	if errors.Is(err, fs.ErrPermission) {
		ev = ev.Int("uid", os.Geteuid())
	}
	if errors.Is(err, syscall.EXDEV) {
		ev = ev.Str("hint", doneDir+" must be on the same file system")
	}
	ev.Str("reason", why).Msg(what)
	r.waiting()
}

// clear forgets a trouble that is over.
func (r *reader) clear(name string) {
	if _, ok := r.said[name]; !ok {
		return
	}
	delete(r.said, name)
	if name == "" {
		r.log.Info().Str("dir", r.o.Dir).Msg("dropped files can be read now")
	}
	r.waiting()
}

// waiting shows one trouble in the stats, the directory's before a file's.
func (r *reader) waiting() {
	why, ok := r.said[""]
	if !ok {
		for _, why = range r.said {
			break
		}
	}
	r.counts.update(func(s *Stats) { s.Waiting = why })
}
