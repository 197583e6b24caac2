package smtpsink

import (
	"context"
	"crypto/tls"
	"net"
	"strconv"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// connect gives a new connection, secured and logged in. A token that the
// server refuses is dropped, and another one is tried, once. The dialog is
// never nil; on an error it is closed and only its peer is of use.
func (r *Relay) connect(ctx context.Context, t *trace) (*dialog, error) {
	d, err := r.dial(ctx, t)
	if err != nil && isRefusedLogin(err) && d.token.IsSet() {
		r.tokens.Drop(d.token)
		t.say("the token was refused: another one is fetched")
		return r.dial(ctx, t)
	}
	return d, err
}

func (r *Relay) dial(ctx context.Context, t *trace) (*dialog, error) {
	d := &dialog{from: r.from.Address, wait: r.o.Step, hide: r.hide, trace: t}
	err := r.open(ctx, d)
	if err != nil {
		d.close()
	}
	return d, err
}

// open goes through the steps before the first mail.
func (r *Relay) open(ctx context.Context, d *dialog) error {
	login, err := r.login(ctx, d)
	if err != nil {
		return &stepError{step: "login", err: err}
	}
	conn, err := r.reach(ctx, d)
	if err != nil {
		return err
	}
	if err := r.greet(d, conn); err != nil {
		return err
	}
	if err := d.step("EHLO "+r.hello, func() error { return d.client.Hello(r.hello) }); err != nil {
		return err
	}
	if r.o.Security == securityStartTLS {
		if err := r.startTLS(d); err != nil {
			return err
		}
	}
	if login == nil {
		return nil
	}
	return r.logIn(d, login)
}

// reach makes the connection, with TLS on it if it begins so.
func (r *Relay) reach(ctx context.Context, d *dialog) (net.Conn, error) {
	dial := r.o.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	dialing, cancel := context.WithTimeout(ctx, r.o.Step)
	defer cancel()
	start := time.Now()
	conn, err := dial(dialing, "tcp", net.JoinHostPort(r.o.Host, strconv.Itoa(r.o.Port)))
	if err != nil {
		d.trace.failed("connect", err)
		return nil, err
	}
	d.peer = conn.RemoteAddr().String()
	d.trace.say("connected to %s in %s", d.peer, time.Since(start).Round(time.Millisecond/10))
	d.conn = &boundedConn{Conn: conn, left: saidMax}
	d.bind(ctx, conn)
	if r.o.Security != securityTLS {
		return d.conn, nil
	}
	secured := tls.Client(d.conn, r.tls)
	if err := secured.HandshakeContext(dialing); err != nil {
		d.trace.untrusted("TLS handshake", err)
		return nil, &stepError{step: "TLS handshake", err: hinted(err, r.o.Security)}
	}
	d.encrypted, d.state = true, secured.ConnectionState()
	d.trace.secured(&d.state)
	return secured, nil
}

// greet waits for the server's first word.
func (r *Relay) greet(d *dialog, conn net.Conn) error {
	const step = "greeting"
	greeted := &greetedConn{Conn: conn}
	err := conn.SetDeadline(time.Now().Add(d.wait))
	if err == nil {
		d.client, err = smtp.NewClient(greeted, r.o.Host)
	}
	if err != nil {
		d.trace.failed(step, err)
		return &stepError{step: step, err: hinted(err, r.o.Security)}
	}
	d.trace.say("%s: %s", step, greeted.line)
	d.trace.listen(d.client)
	return nil
}

// startTLS secures the connection. A server that doesn't offer it gets
// nothing: whoever stands between us may have taken it out of the list.
func (r *Relay) startTLS(d *dialog) error {
	const step = "STARTTLS"
	if ok, _ := d.client.Extension(step); !ok {
		d.trace.failed(step, errNoStartTLS)
		return &stepError{step: step, err: errNoStartTLS}
	}
	if err := d.client.UpdateDeadline(d.wait); err != nil {
		return &stepError{step: step, err: err}
	}
	if err := d.client.StartTLS(r.tls); err != nil {
		d.trace.untrusted(step, err)
		return &stepError{step: step, err: hinted(err, r.o.Security)}
	}
	d.encrypted = true
	d.state, _ = d.client.TLSConnectionState()
	d.trace.secured(&d.state)
	d.trace.answered("EHLO " + r.hello)
	return nil
}

// logIn logs in, by what the server offers now: what it said before the
// connection was secured doesn't count.
func (r *Relay) logIn(d *dialog, l *login) error {
	const step = "login"
	offered, mechanisms := d.client.Extension("AUTH")
	if !offered {
		d.trace.failed(step, errNoLogin)
		return &stepError{step: step, err: errNoLogin}
	}
	l.offered, l.encrypted = mechanisms, d.encrypted
	return d.step(step, func() error {
		err := d.client.Auth(l)
		if l.chosen != nil {
			d.trace.say("%s by %s as %q", step, l.mechanism, r.o.Username)
		}
		return err
	})
}

// helloName is what we call ourselves: the machine's name, if it can be one.
func helloName(hostname string, err error) string {
	if err != nil || hostname == "" || !isHost(hostname) || !isASCII(hostname) {
		return "localhost"
	}
	return hostname
}
