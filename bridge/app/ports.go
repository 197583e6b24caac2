package app

import (
	"net"
	"net/url"

	"github.com/tailpost/tailpost/bridge/config"
)

// frees reports whether a source that leaves may be who has the address of
// another.
func (p *plan) frees(it config.Item) bool {
	want := portOf(it)
	for _, s := range p.leave {
		if portOf(s.item) == want {
			return true
		}
	}
	return false
}

// portOf gives what two sources can't both have: a port, whatever the address,
// or a socket's path.
func portOf(it config.Item) string {
	switch s := it.What.(type) {
	case config.HTTPSource:
		_, port, _ := net.SplitHostPort(s.HTTP.Listen)
		return port
	case config.SyslogSource:
		if u, err := url.Parse(s.Syslog.Listen); err == nil {
			return u.Port()
		}
	case config.SocketSource:
		return s.Socket.Path
	}
	return ""
}
