package spool

import (
	"errors"
	"syscall"
)

// advice says what a person can do about an error of the file system; empty:
// nothing is known.
func advice(err error) string {
	full := (*fullError)(nil)
	switch {
	case errors.Is(err, ErrAway):
		return "put it back as it was, and it goes on by itself; or restart the bridge, which begins anew where nothing is left"
	case errors.Is(err, syscall.ENOSPC), errors.As(err, &full) && full.why == fullDisk:
		return "free some space on the file system of state_dir"
	case errors.Is(err, syscall.EDQUOT):
		return "raise the disk quota of the user that runs the bridge, or free some space"
	case errors.Is(err, syscall.EROFS):
		return "the file system of state_dir is read-only: see the kernel's log for the reason, and mount it for writing again"
	case errors.Is(err, syscall.EIO):
		return "the disk fails: see the kernel's log, and move state_dir to a good one"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "raise the limit of open files: LimitNOFILE= in the unit, or ulimit -n"
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return "state_dir and all in it must belong to the user that runs the bridge"
	case errors.As(err, &full) && full.why == fullMaxBytes:
		return "events go when their recipients have taken them: see why that one doesn't, or raise max_bytes"
	case errors.As(err, &full) && full.why == fullMinFree:
		return "free some space on the file system of state_dir, or lower min_free"
	}
	return ""
}

// withAdvice gives the error's text, and the advice behind it.
func withAdvice(err error) string {
	if hint := advice(err); hint != "" {
		return err.Error() + ": " + hint
	}
	return err.Error()
}
