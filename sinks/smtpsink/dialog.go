package smtpsink

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"time"
	"unicode"

	"github.com/wneessen/go-mail/smtp"

	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/redact"
)

const (
	// quitWait is how long a server may take to say goodbye to a mail that it
	// already has.
	quitWait = 2 * time.Second
	// reviveWait is how long a server may take to answer on a connection that
	// has been idle: one that a firewall has forgotten never answers.
	reviveWait = 5 * time.Second
)

// dialog is a connection to the server, logged in. It is used by one
// goroutine at a time.
type dialog struct {
	client  *smtp.Client
	conn    *boundedConn
	release func() bool // ends the watch on the attempt's context
	peer    string
	from    string
	wait    time.Duration // for each step
	hide    redact.Words
	trace   *trace
	token   option.Secret // that it logged in with

	encrypted bool
	state     tls.ConnectionState // of an encrypted one
	reused    bool                // it has been idle
	mails     int                 // that it carried
	expiry    *time.Timer         // of an idle one
}

// stepError is a failure at a step of the dialog.
type stepError struct {
	step  string
	event bool // the event may be why
	err   error
}

func (e *stepError) Error() string { return e.step + ": " + e.err.Error() }
func (e *stepError) Unwrap() error { return e.err }

// step runs one exchange with a deadline of its own, and tells of it.
func (d *dialog) step(name string, do func() error) error {
	err := d.bounded(name, do)
	if err == nil {
		d.trace.answered(name)
	}
	return err
}

// bounded is step; it tells of a failure alone.
func (d *dialog) bounded(name string, do func() error) error {
	err := d.client.UpdateDeadline(d.wait)
	if err == nil {
		err = do()
	}
	if err == nil {
		return nil
	}
	d.trace.failed(name, err)
	return &stepError{step: name, err: err}
}

// bind makes the connection end with ctx. unbind, which must follow, reports
// whether it has not ended so.
func (d *dialog) bind(ctx context.Context, conn net.Conn) {
	d.release = context.AfterFunc(ctx, func() { _ = conn.Close() })
}

func (d *dialog) unbind() bool { return d.release() }

// revive reports whether a connection that was idle still answers, with
// nothing left of the mail before.
func (d *dialog) revive(ctx context.Context) bool {
	d.bind(ctx, d.conn.Conn)
	d.conn.left, d.reused = saidMax, true
	wait := d.wait
	d.wait = min(wait, reviveWait)
	err := d.step("RSET", d.client.Reset)
	d.wait = wait
	return err == nil
}

// quit takes leave politely and closes. The mail is delivered, so nothing that
// happens here matters.
func (d *dialog) quit() {
	d.wait = min(d.wait, quitWait)
	_ = d.step("QUIT", func() error {
		err := d.client.Quit()
		if !d.client.HasConnection() { // it was answered; that it then closed first doesn't matter
			return nil
		}
		return err
	})
	d.close()
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

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

var errNoStartTLS = errors.New("the server does not offer it")
