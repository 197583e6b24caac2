package notify

import (
	"fmt"
	"net"
	"time"
)

// sendWait bounds the sending of one datagram: systemd's queue may be full.
const sendWait = time.Second

// socket is where datagrams go. It is opened for each of them: whoever listens
// may have been started anew.
type socket struct {
	address *net.UnixAddr
}

// socketAt gives the socket of an address as NOTIFY_SOCKET has it: a path, or @
// before an abstract name.
func socketAt(address string) (socket, error) {
	if address[0] != '/' && address[0] != '@' || len(address) == 1 {
		return socket{}, fmt.Errorf("NOTIFY_SOCKET is %q: neither a path nor an abstract name", address)
	}
	return socket{&net.UnixAddr{Name: address, Net: "unixgram"}}, nil
}

func (s socket) send(text string) error {
	c, err := net.DialUnix("unixgram", nil, s.address)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetWriteDeadline(time.Now().Add(sendWait)); err != nil {
		return err
	}
	_, err = c.Write([]byte(text))
	return err
}
