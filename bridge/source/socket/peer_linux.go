package socket

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// knowsPeers says that the kernel attests who sends.
const knowsPeers = true

// peer gives who made a connection, as it was when it was made.
func peer(c net.Conn) (uid uint32, pid int32, known bool, err error) {
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		return 0, 0, false, err
	}
	var cred *unix.Ucred
	var failed error
	err = raw.Control(func(fd uintptr) {
		cred, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return 0, 0, false, err
	}
	return cred.Uid, cred.Pid, true, nil
}

// askPeers makes the kernel tell whose each datagram is.
func askPeers(fd int) error { return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PASSCRED, 1) }

// hide makes the file that bind will create one that nobody may use, until it
// has its owner and mode.
func hide(fd int) error { return unix.Fchmod(fd, 0) }
