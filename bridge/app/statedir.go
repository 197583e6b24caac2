package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/rs/zerolog"
)

// makeStateDir makes the state directory where it is missing. An error says
// as whom we run and what would help.
func makeStateDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the state directory: %w; %s", err, stateDirHint(dir, err))
	}
	probe, err := os.CreateTemp(dir, ".probe-*")
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return nil // a full disk is no reason not to deliver what is there
	}
	if err != nil {
		return fmt.Errorf("write in the state directory: %w; %s", err, stateDirHint(dir, err))
	}
	_ = probe.Close()
	return os.Remove(probe.Name())
}

// stateDirHint says what would help.
func stateDirHint(dir string, err error) string {
	me := strconv.Itoa(os.Getuid())
	if u, uerr := user.Current(); uerr == nil && u.Username != "" {
		me = u.Username + " (uid " + me + ")"
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Sprintf("this process runs as %s: give it the directory (chown %d %s), or set state_dir to one it may write in", me, os.Getuid(), dir)
	case errors.Is(err, syscall.EROFS):
		return fmt.Sprintf("the file system is read-only: mount a writable volume at %s, or set state_dir to a writable place", dir)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "make room there, or set state_dir to a place with room"
	}
	return fmt.Sprintf("this process runs as %s; set state_dir to a directory that it may write in", me)
}

// foreignHint says what would help where a file in dir can't be opened.
func foreignHint(dir string, err error) string {
	if !errors.Is(err, fs.ErrPermission) {
		return ""
	}
	if other := belongsTo(dir, os.Geteuid()); other != nil {
		return "; " + other.Error()
	}
	return fmt.Sprintf("; another user has run in it: give all of it to this one (chown -R %d %s)", os.Geteuid(), dir)
}

// warnStateDir names what lets others into the state directory, or makes files
// that its own user can't open later. It refuses nothing: owners and modes are
// not what they seem to be on every volume.
func warnStateDir(dir string, uid int, log zerolog.Logger) {
	info, err := os.Stat(dir)
	if err != nil {
		return
	}
	if mode := info.Mode(); mode&0o022 != 0 {
		log.Warn().Str("state_dir", dir).Stringer("mode", mode).Str("hint", "chmod 0700, or a directory of its own").
			Msg("others can write in the state directory")
	}
	if _, err := os.Stat(filepath.Join(dir, "lock")); err != nil {
		return
	}
	if err := belongsTo(dir, uid); err != nil {
		log.Warn().Err(err).Msg("the state directory is another user's, who can't open what is written now")
	}
}
