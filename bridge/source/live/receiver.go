package live

import (
	"net/netip"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tailpost/tailpost/bridge"
)

// datagramMost is the longest datagram whose bytes are all taken, in bytes. A
// longer one needs a sender with an uncommon buffer; it is cut and counted.
const datagramMost = 1 << 20

// receiver reads datagrams into packs. It is used by one goroutine.
type receiver struct {
	d     *Datagrams
	head  []byte
	buf   []byte // one datagram; a byte longer than a line, for its newline
	oob   []byte // as long as what we want to know: a descriptor that someone sends along finds no room
	drops uint32 // what the kernel has dropped of this socket
	next  int64  // offset: bytes of datagrams so far, each counted a byte longer

	from netip.Addr // the last sender, and its name
	uid  uint32
	name string
}

// fill waits for datagrams and takes all that there are, as far as they fit.
// They may all have been refused.
func (r *receiver) fill(raw syscall.RawConn, p *pack) error {
	var failed error
	bufs := [][]byte{r.buf}
	err := raw.Read(func(fd uintptr) bool {
		for i := 0; i < packLines && p.stats.Bytes < packBytes; i++ {
			n, oobn, flags, from, err := unix.RecvmsgBuffers(int(fd), bufs, r.oob, unix.MSG_TRUNC|unix.MSG_DONTWAIT)
			switch err {
			case nil:
				r.add(p, n, flags, from, r.oob[:oobn])
			case unix.EINTR:
			case unix.EAGAIN:
				return i > 0
			default:
				failed = err
				return true
			}
		}
		return true
	})
	if err == nil && len(p.recs) == 0 { // else the next read fails again
		err = failed
	}
	return err
}

// add adds the datagram in buf, which was n bytes long, to the pack.
func (r *receiver) add(p *pack, n, flags int, from unix.Sockaddr, oob []byte) {
	offset := r.next
	r.next += int64(n) + 1
	if !r.sentBy(from, oob) {
		return
	}
	line := r.buf[:min(n, len(r.buf))]
	if n == len(line) && flags&unix.MSG_TRUNC != 0 {
		n++ // a system that doesn't say how long it was
	}
	cut := int64(n - len(line))
	if cut == 0 && len(line) > 0 && line[len(line)-1] == '\n' {
		line = line[:len(line)-1]
	}
	if most := len(r.buf) - 1; len(line) > most {
		cut += int64(len(line) - most)
		line = line[:most]
	}
	p.add(bridge.Record{
		Source: r.d.o.Name, Stream: r.name, Offset: offset, Time: time.Now(), Head: r.head, Once: true,
		Line: p.hold(line), Cut: cut,
	})
}

// sentBy sets the name of who has sent a datagram, and reports whether it may.
func (r *receiver) sentBy(from unix.Sockaddr, oob []byte) bool {
	if uid, ok := senderUID(oob); ok {
		return r.allows(uid)
	}
	var addr netip.Addr
	switch a := from.(type) {
	case *unix.SockaddrInet4:
		addr = netip.AddrFrom4(a.Addr)
	case *unix.SockaddrInet6:
		addr = netip.AddrFrom16(a.Addr).Unmap()
	}
	if addr.IsValid() && addr != r.from {
		r.from, r.name = addr, addr.String()
	}
	return true
}

// allows does for a local sender what sentBy does.
func (r *receiver) allows(uid uint32) bool {
	if r.name == "" || r.uid != uid {
		r.uid, r.name = uid, "uid "+strconv.FormatUint(uint64(uid), 10)
	}
	if r.d.o.Allow == nil || r.d.o.Allow(uid) {
		return true
	}
	r.d.counts.add(func(s *Stats) { s.Refused++ })
	if n, say := r.d.refused.count(1); say {
		r.d.o.Log.Warn().Uint32("uid", uid).Int("datagrams", n).Msg("datagram refused: its user is not in allow_uid")
	}
	return false
}
