package smtpsink

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
	"unicode"

	"crypto/tls"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

const (
	// saidMax is all that a server may say in one connection, in bytes: the
	// library reads an answer to its end, however long.
	saidMax = 1 << 20
	// quitWait is how long a server may take to say goodbye to a mail that it
	// already has.
	quitWait = 2 * time.Second
)

// dialog is a connection to the server, logged in. It is used by one
// goroutine.
type dialog struct {
	client  *smtp.Client
	conn    net.Conn
	release func() bool // ends the watch on the context
	peer    string
	from    string
	wait    time.Duration // for each step
	hide    redactor
}

// dial connects, secures the connection and logs in. The dialog is never nil;
// on an error it is closed and only its peer is of use.
func (r *Relay) dial(ctx context.Context, m Mail) (*dialog, error) {
	d := &dialog{from: r.from.Address, wait: r.o.Step, hide: r.hide}
	opts := []mail.Option{
		mail.WithPort(r.o.Port),
		mail.WithTimeout(r.o.Step),
		mail.WithTLSConfig(r.tls),
		mail.WithTLSPolicy(mail.NoTLS),
		// Its own context ends with the dial; the connection is to end with ours.
		mail.WithDialContextFunc(func(dialing context.Context, network, address string) (net.Conn, error) {
			return d.open(ctx, dialing, r, network, address)
		}),
	}
	if r.o.Security == securityStartTLS {
		opts = append(opts, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if r.o.Username != "" && r.o.Auth != authNone {
		opts = append(opts, mail.WithSMTPAuthCustom(r.login()))
	}
	if isASCII(d.from) && isASCII(strings.Join(m.Envelope, "")) {
		opts = append(opts, mail.WithoutSMTPUTF8())
	}
	c, err := mail.NewClient(r.o.Host, opts...)
	if err != nil {
		return d, err
	}
	if d.client, err = c.DialToSMTPClientWithContext(ctx); err != nil {
		d.close()
		return d, err
	}
	return d, nil
}

// open makes the connection. ctx is the attempt's, dialing the dial's own.
func (d *dialog) open(ctx, dialing context.Context, r *Relay, network, address string) (net.Conn, error) {
	dial := r.o.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	conn, err := dial(dialing, network, address)
	if err != nil {
		return nil, err
	}
	d.peer = conn.RemoteAddr().String()
	d.conn = &boundedConn{Conn: conn, left: saidMax}
	d.release = context.AfterFunc(ctx, func() { _ = conn.Close() })
	if r.o.Security != securityTLS {
		return d.conn, nil
	}
	secured := tls.Client(d.conn, r.tls)
	if err := secured.HandshakeContext(dialing); err != nil {
		return nil, fmt.Errorf("TLS handshake: %w", err)
	}
	return secured, nil
}

// step runs one exchange with a deadline of its own.
func (d *dialog) step(do func() error) error {
	if err := d.client.UpdateDeadline(d.wait); err != nil {
		return err
	}
	return do()
}

// quit takes leave politely; the mail is delivered, so nothing that happens
// here matters.
func (d *dialog) quit() {
	d.wait = min(d.wait, quitWait)
	_ = d.step(d.client.Quit)
}

// close drops the connection. The library leaves it open when connecting
// fails half way.
func (d *dialog) close() {
	if d.conn == nil {
		return
	}
	d.release()
	_ = d.conn.Close()
}

var errSaidTooMuch = errors.New("the server says more than 1 MiB")

// boundedConn ends a connection whose other side talks without end.
type boundedConn struct {
	net.Conn
	left int // owned by the reader
}

func (c *boundedConn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errSaidTooMuch
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}
