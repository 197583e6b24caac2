package syslogd

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/source/access"
	"github.com/tailpost/tailpost/bridge/source/live"
)

// Source is a listener that can be run, with its counters.
type Source interface {
	bridge.Source
	Stats() live.Stats
}

// New gives a source that does nothing until Run. The options must have been
// checked.
func New(o Options) Source {
	scheme, addr, _ := parseListen(o.Listen)
	log := o.Log.With().Str("source", o.Name).Str("listen", o.Listen).Logger()
	if scheme == "udp" {
		return live.NewDatagrams(live.DatagramOptions{
			Name: o.Name, MaxLine: int(o.MaxLine), Log: log,
			Listen: func(ctx context.Context) (live.PacketConn, error) { return listenUDP(ctx, addr) },
		})
	}
	so := live.StreamOptions{
		Name: o.Name, MaxLine: int(o.MaxLine), MustEnd: true, Log: log,
		Listen: func(ctx context.Context) (net.Listener, error) { return listenTCP(ctx, addr) },
	}
	if scheme == "tls" {
		c := &certificate{certFile: o.CertFile, keyFile: o.KeyFile, log: log}
		so.Admit = newServer(c).admit
	}
	return live.NewStreams(so)
}

// keepAlive finds senders that are gone; quiet ones stay for ever.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: 15 * time.Second, Count: 4}

func listenTCP(ctx context.Context, addr string) (net.Listener, error) {
	l, err := (&net.ListenConfig{KeepAliveConfig: keepAlive}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, access.Listen(err)
	}
	return l, nil
}

// receiveBuffer is what we ask the kernel to hold for us, in bytes. It gives
// net.core.rmem_max at most.
const receiveBuffer = 8 << 20

func listenUDP(ctx context.Context, addr string) (live.PacketConn, error) {
	c, err := (&net.ListenConfig{}).ListenPacket(ctx, "udp", addr)
	if err != nil {
		return nil, access.Listen(err)
	}
	udp := c.(*net.UDPConn)
	if err := udp.SetReadBuffer(receiveBuffer); err != nil {
		_ = udp.Close()
		return nil, fmt.Errorf("ask for a buffer: %w", err)
	}
	return udp, nil
}

// server is the TLS side of connections.
type server struct{ config tls.Config }

// newServer gives no session tickets: a sender that closes with one unread
// resets the connection, and what its kernel still held is gone.
func newServer(c *certificate) *server {
	return &server{tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get, SessionTicketsDisabled: true}}
}

// admit makes the handshake. ctx and the connection's deadline bound it.
func (s *server) admit(ctx context.Context, c net.Conn) (net.Conn, string, error) {
	t := tls.Server(c, &s.config)
	if err := t.HandshakeContext(ctx); err != nil {
		return nil, "", fmt.Errorf("TLS handshake: %w", err)
	}
	return t, c.RemoteAddr().String(), nil
}
