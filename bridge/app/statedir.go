package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"syscall"
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
