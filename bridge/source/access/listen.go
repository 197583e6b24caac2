package access

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

// Listen adds to why an address can't be listened on what would help.
func Listen(err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w; ports below 1024 need CAP_NET_BIND_SERVICE", err)
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%w; another process listens there", err)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%w; this machine doesn't have that address", err)
	}
	return err
}
