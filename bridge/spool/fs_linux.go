package spool

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// syncData leaves out what no reader needs, such as the time of the last
// write; the size is synced where it changed.
func syncData(f *os.File) error {
	for {
		err := unix.Fdatasync(int(f.Fd()))
		if err != unix.EINTR {
			return err
		}
	}
}

// allocate takes blocks for a stretch behind the file's end. Where the file
// system has no such call, writing will take them.
func allocate(f *os.File, at, n int64) error {
	for {
		err := unix.Fallocate(int(f.Fd()), 0, at, n)
		switch {
		case err == unix.EINTR:
		case errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS):
			return nil
		default:
			return err
		}
	}
}
