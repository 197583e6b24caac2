package socket

import (
	"context"
	"fmt"
	"net"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/source/live"
)

// Source is a socket that can be run, with its counters.
type Source interface {
	bridge.Source
	Stats() live.Stats
}

// New gives a source that does nothing until Run. The options must have been
// checked.
func New(o Options) Source {
	log := o.Log.With().Str("source", o.Name).Str("path", o.Path).Logger()
	if o.Kind == KindDatagram {
		return live.NewDatagrams(live.DatagramOptions{
			Name: o.Name, MaxLine: int(o.MaxLine), Allow: o.allows, Log: log,
			Listen: func(context.Context) (live.PacketConn, error) { return listenDatagram(&o) },
		})
	}
	return live.NewStreams(live.StreamOptions{
		Name: o.Name, MaxLine: int(o.MaxLine), Ack: o.Ack, Log: log,
		Listen: func(context.Context) (net.Listener, error) { return listenStream(&o) },
		Admit:  o.admit,
	})
}

// admit lets a connection of an allowed user in.
func (o *Options) admit(_ context.Context, c net.Conn) (net.Conn, string, error) {
	uid, pid, known, err := peer(c)
	switch {
	case err != nil:
		return nil, "", fmt.Errorf("ask who sends: %w", err)
	case !known:
		return c, "local", nil
	case !o.allows(uid):
		return nil, "", fmt.Errorf("user %d is not in allow_uid", uid)
	}
	return c, fmt.Sprintf("uid %d pid %d", uid, pid), nil
}
