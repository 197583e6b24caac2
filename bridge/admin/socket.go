package admin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// SocketName is the control socket's name in the state directory.
const SocketName = "control.sock"

// makingName is a folder in which the socket is made.
const makingName = "control.new"

// pathMost is how long a socket's path may be anywhere (Linux takes 107
// bytes, macOS 103). Longer ones are reached through an open directory.
const pathMost = 100

// listen makes the socket. It takes the place of one that an earlier process
// left: the caller has the lock of the directory, so nobody listens there. It
// is made in a folder that is ours alone and moved into its place once it has
// its mode: it never exists wider.
func listen(dir string) (*net.UnixListener, error) {
	path := filepath.Join(dir, SocketName)
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() != fs.ModeSocket {
		return nil, fmt.Errorf("%s is no socket: move it away", path)
	}
	making := filepath.Join(dir, makingName)
	if err := os.RemoveAll(making); err != nil {
		return nil, err
	}
	if err := os.Mkdir(making, 0o700); err != nil {
		return nil, err
	}
	l, err := bind(making)
	if err == nil {
		made := filepath.Join(making, SocketName)
		if err = os.Chmod(made, 0o600); err == nil {
			err = os.Rename(made, path)
		}
		if err != nil {
			_ = l.Close()
		}
	}
	if err := errors.Join(err, os.RemoveAll(making)); err != nil {
		return nil, err
	}
	return l, nil
}

func bind(dir string) (l *net.UnixListener, err error) {
	err = reach(dir, func(path string) error {
		l, err = net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		return err
	})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false) // its name is another one soon
	return l, nil
}

// dialMost bounds connecting: where a bridge runs it takes no time.
const dialMost = 5 * time.Second

func dial(ctx context.Context, dir string) (c net.Conn, err error) {
	d := net.Dialer{Timeout: dialMost}
	err = reach(dir, func(path string) error {
		c, err = d.DialContext(ctx, "unix", path)
		return err
	})
	return c, err
}

// reach calls f with a path of the socket in dir that is short enough.
func reach(dir string, f func(path string) error) error {
	path := filepath.Join(dir, SocketName)
	if len(path) <= pathMost {
		return f(path)
	}
	if runtime.GOOS != "linux" {
		return fmt.Errorf("%s: the path is too long for a socket: use a state_dir of %d bytes at most", path, pathMost-len(SocketName)-1)
	}
	open, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer open.Close()
	return f(fmt.Sprintf("/proc/self/fd/%d/%s", open.Fd(), SocketName))
}
