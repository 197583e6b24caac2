package smtpsink

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/textproto"

	"github.com/wneessen/go-mail/smtp"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/sinks/oauth"
)

// connecting classifies a failure before the mail transaction: the
// recipient's, and one is enough to show that it is down.
func (r *Relay) connecting(ctx, bounded context.Context, d *dialog, err error) error {
	e := &bridge.DeliveryError{Scope: bridge.ThisRecipient, Down: ctx.Err() == nil}
	if isSetupFault(err) {
		e.Status = "misconfigured"
	}
	e.Err = fmt.Errorf("connect to %s: %w", r.o.Host, r.why(ctx, bounded, d, err))
	return e
}

// waiting classifies the end of a wait for a turn: nothing was tried.
func (r *Relay) waiting(ctx context.Context) error {
	why := ctx.Err()
	if why == nil {
		why = fmt.Errorf("no turn within %s: %w", r.turnWait(), context.DeadlineExceeded)
	}
	return &bridge.DeliveryError{Scope: bridge.ThisRecipient, Err: fmt.Errorf("%s: %w", r.o.Host, why)}
}

// failed classifies a failure within the mail transaction.
func (r *Relay) failed(ctx, bounded context.Context, d *dialog, err error) error {
	e := &bridge.DeliveryError{Scope: bridge.ThisRecipient}
	step := "mail"
	var se *stepError
	if errors.As(err, &se) {
		step, err = se.step, se.err
		if se.event {
			e.Scope = bridge.ThisEvent
		}
	}
	if e.Scope == bridge.ThisRecipient && isSetupFault(err) {
		e.Down, e.Status = true, "misconfigured"
	}
	e.Err = fmt.Errorf("%s: %s: %w", r.o.Host, step, r.why(ctx, bounded, d, err))
	return e
}

// why puts the context's end in the place of what it did to the connection.
func (r *Relay) why(ctx, bounded context.Context, d *dialog, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case bounded.Err() != nil:
		return fmt.Errorf("not done within %s: %w", r.o.Timeout, context.DeadlineExceeded)
	}
	return shown(d.hide, err)
}

func eventFault(what string, err error) error {
	return &bridge.DeliveryError{Scope: bridge.ThisEvent, Err: fmt.Errorf("%s: %w", what, err)}
}

// isSetupFault tells failures that only another configuration ends, here or
// there: the server wants another login or encryption (RFC 4954, 6), offers
// none that we may use, or shows a certificate that we don't trust.
func isSetupFault(err error) bool {
	var p *textproto.Error
	if errors.As(err, &p) {
		switch p.Code {
		case 530, 534, 535, 538:
			return true
		}
	}
	var cert *tls.CertificateVerificationError
	var token *oauth.Error
	return errors.Is(err, errNoLogin) || errors.Is(err, errNoStartTLS) || errors.Is(err, errNoUTF8) || errors.Is(err, smtp.ErrUnencrypted) || errors.As(err, &cert) ||
		errors.As(err, &token) && token.Misconfigured()
}

// isRefusedLogin reports whether the server knows the user, the password or
// the token not, or no longer.
func isRefusedLogin(err error) bool {
	var p *textproto.Error
	return errors.As(err, &p) && p.Code == 535
}

// isRefusal tells the server's no to an address from the loss of the server:
// 421 announces that it hangs up.
func isRefusal(err error) bool {
	var p *textproto.Error
	return errors.As(err, &p) && p.Code != 421
}
