package live

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// drops gives how many datagrams the kernel had no room for since the socket
// was made; before, where it doesn't say (Linux before 4.12).
func drops(fd int, before uint32) uint32 {
	var info [unix.SK_MEMINFO_VARS]uint32
	n := uint32(unsafe.Sizeof(info))
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_MEMINFO,
		uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&n)), 0)
	if errno != 0 || n <= 4*unix.SK_MEMINFO_DROPS {
		return before
	}
	return info[unix.SK_MEMINFO_DROPS]
}

// senderBytes is the room that senderUID needs. The kernel puts the sender
// first.
var senderBytes = unix.CmsgSpace(unix.SizeofUcred)

// senderUID gives the user of a local sender, which the kernel attests where
// SO_PASSCRED is set.
func senderUID(oob []byte) (uid uint32, ok bool) {
	if len(oob) == 0 {
		return 0, false
	}
	ms, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return 0, false
	}
	for i := range ms {
		if len(ms[i].Data) < unix.SizeofUcred {
			continue
		}
		if c, err := unix.ParseUnixCredentials(&ms[i]); err == nil {
			return c.Uid, true
		}
	}
	return 0, false
}
