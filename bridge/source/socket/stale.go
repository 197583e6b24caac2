package socket

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// makeWay takes away what an earlier process has left: a socket on which nobody
// answers. Anything else stays, and is an error.
func makeWay(path string) error {
	is, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case is.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is there already, and is no socket; move it away, or use another path", path)
	}
	err = answers(path)
	switch {
	case errors.Is(err, unix.ECONNREFUSED):
	case err == nil, errors.Is(err, unix.EPROTOTYPE), errors.Is(err, unix.EAGAIN):
		return fmt.Errorf("another process listens on %s; stop it, or use another path", path)
	default:
		return fmt.Errorf("ask whether somebody listens on %s: %w", path, err)
	}
	if now, err := os.Lstat(path); err != nil || !os.SameFile(now, is) {
		return fmt.Errorf("%s has changed just now", path)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove the socket that an earlier process has left: %w", err)
	}
	return nil
}

// answers tries to connect, without waiting. A socket of the other kind says
// that it is one, if it is alive.
func answers(path string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		return err
	}
	return unix.Connect(fd, &unix.SockaddrUnix{Name: path})
}
