package socket

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/tailpost/tailpost/bridge/source/live"
)

// backlog is how many connections may wait to be let in.
const backlog = 1024

// listenStream opens the socket for connections.
func listenStream(o *Options) (net.Listener, error) {
	f, own, err := bind(o, unix.SOCK_STREAM)
	if err != nil {
		return nil, err
	}
	defer f.Close() // the listener has a copy of its own
	if err := unix.Listen(int(f.Fd()), backlog); err != nil {
		own.remove()
		return nil, fmt.Errorf("listen on %s: %w", o.Path, err)
	}
	l, err := net.FileListener(f)
	if err != nil {
		own.remove()
		return nil, fmt.Errorf("listen on %s: %w", o.Path, err)
	}
	return &listener{Listener: l, own: own}, nil
}

// listener takes its socket's file away when it is closed.
type listener struct {
	net.Listener
	own *file
}

func (l *listener) Close() error {
	l.own.remove()
	return l.Listener.Close()
}

// Gone reports whether nobody can connect by the path any more.
func (l *listener) Gone() bool { return !l.own.isThere() }

// listenDatagram opens the socket for datagrams.
func listenDatagram(o *Options) (live.PacketConn, error) {
	f, own, err := bind(o, unix.SOCK_DGRAM)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := askPeers(int(f.Fd())); err != nil {
		own.remove()
		return nil, fmt.Errorf("ask who sends to %s: %w", o.Path, err)
	}
	c, err := net.FilePacketConn(f)
	if err != nil {
		own.remove()
		return nil, fmt.Errorf("listen on %s: %w", o.Path, err)
	}
	return &packets{UnixConn: c.(*net.UnixConn), own: own}, nil
}

// packets takes its socket's file away when it is closed.
type packets struct {
	*net.UnixConn
	own *file
}

func (p *packets) Close() error {
	p.own.remove()
	return p.UnixConn.Close()
}

// Gone reports whether nobody can send by the path any more.
func (p *packets) Gone() bool { return !p.own.isThere() }

// file is a socket's file that we have made.
type file struct {
	path string
	is   fs.FileInfo
	once sync.Once
}

// remove takes the file away if it is still ours.
func (f *file) remove() {
	f.once.Do(func() {
		if f.isThere() {
			_ = os.Remove(f.path)
		}
	})
}

// isThere reports whether the path still leads to our socket. A file system
// may have given the inode to another one since.
func (f *file) isThere() bool {
	now, err := os.Lstat(f.path)
	return err == nil && os.SameFile(now, f.is) && now.ModTime().Equal(f.is.ModTime())
}

// bind makes the socket and its file, with group and mode, before anybody can
// use it.
func bind(o *Options, kind int) (*os.File, *file, error) {
	if err := makeWay(o.Path); err != nil {
		return nil, nil, err
	}
	fd, err := unix.Socket(unix.AF_UNIX, kind, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make a socket: %w", err)
	}
	unix.CloseOnExec(fd)
	f := os.NewFile(uintptr(fd), o.Path)
	own, err := bindFile(o, fd)
	if err != nil {
		_ = f.Close()
		return nil, nil, err
	}
	return f, own, nil
}

func bindFile(o *Options, fd int) (*file, error) {
	if err := hide(fd); err != nil {
		return nil, fmt.Errorf("hide the new socket: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: o.Path}); err != nil {
		return nil, fmt.Errorf("make %s: %w%s", o.Path, err, bindHint(o.Path, err))
	}
	is, err := os.Lstat(o.Path)
	if err != nil {
		return nil, fmt.Errorf("look at the new socket: %w", err)
	}
	own := &file{path: o.Path, is: is}
	if err := setAccess(o); err != nil {
		own.remove()
		return nil, err
	}
	return own, nil
}

// setAccess sets the group first: with the mode the door is open.
func setAccess(o *Options) error {
	gid, err := o.gid()
	if err != nil {
		return fmt.Errorf("group of %s: %w", o.Path, err)
	}
	mode, err := o.mode()
	if err != nil {
		return fmt.Errorf("mode of %s: %w", o.Path, err)
	}
	if gid >= 0 {
		if err := os.Lchown(o.Path, -1, gid); err != nil {
			return fmt.Errorf("give the socket to the group %s: %w; our user must be a member of it", o.Group, err)
		}
	}
	if err := os.Chmod(o.Path, mode); err != nil {
		return fmt.Errorf("set the socket's mode: %w", err)
	}
	return nil
}

func bindHint(path string, err error) string {
	dir := filepath.Dir(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "; create the directory " + dir
	case errors.Is(err, fs.ErrPermission):
		return "; our user must be able to write in " + dir
	}
	return ""
}
