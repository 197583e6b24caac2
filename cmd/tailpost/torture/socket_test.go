//go:build torture

package torture

import (
	"bufio"
	"context"
	"net"
	"strings"
	"time"
)

// talker is a program that sends lines into the bridge's socket and is told of
// each one that is durable.
type talker struct {
	path string
	conn net.Conn
	back *bufio.Reader
}

// hand sends the rows on one connection, and waits for as many
// acknowledgements. Where the connection breaks the rest is not known.
func (k *talker) hand(ctx context.Context, rows []line) (acknowledged, unsure int) {
	if k.conn == nil {
		conn, err := (&net.Dialer{}).DialContext(ctx, "unix", k.path)
		if err != nil {
			return 0, 0
		}
		k.conn, k.back = conn, bufio.NewReader(conn)
	}
	var all strings.Builder
	for _, l := range rows {
		all.WriteString(l.text)
	}
	k.conn.SetDeadline(time.Now().Add(10 * time.Second))
	_, err := k.conn.Write([]byte(all.String()))
	for err == nil && acknowledged < len(rows) {
		var said string
		if said, err = k.back.ReadString('\n'); err == nil && said == "ok\n" {
			acknowledged++
		}
	}
	if err != nil {
		k.conn.Close()
		k.conn = nil
	}
	return acknowledged, len(rows) - acknowledged
}
