package smtpsink

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net/textproto"
	"strings"

	"github.com/wneessen/go-mail/smtp"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/sinks/macro"
)

// connecting classifies a failure before the mail transaction: the
// recipient's, and one is enough to show that it is down.
func (r *Relay) connecting(ctx, bounded context.Context, err error) error {
	e := &bridge.DeliveryError{Scope: bridge.ThisRecipient, Down: ctx.Err() == nil}
	if isSetupFault(err) {
		e.Status = "misconfigured"
	}
	e.Err = fmt.Errorf("connect to %s: %w", r.o.Host, r.why(ctx, bounded, err))
	return e
}

// failed classifies a failure within the mail transaction.
func (r *Relay) failed(ctx, bounded context.Context, err error) error {
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
	e.Err = fmt.Errorf("%s: %s: %w", r.o.Host, step, r.why(ctx, bounded, err))
	return e
}

// why puts the context's end in the place of what it did to the connection.
func (r *Relay) why(ctx, bounded context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case bounded.Err() != nil:
		return fmt.Errorf("not done within %s: %w", r.o.Timeout, context.DeadlineExceeded)
	}
	return r.hide.err(err)
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
	return errors.Is(err, errNoLogin) || errors.Is(err, smtp.ErrUnencrypted) || errors.As(err, &cert) ||
		strings.Contains(err.Error(), noStartTLS)
}

// noStartTLS is how the library says that the server offers no STARTTLS; it
// has no value for it. TestNoStartTLS fails when the words change.
const noStartTLS = "does not support STARTTLS"

// isRefusal tells the server's no to an address from the loss of the server:
// 421 announces that it hangs up.
func isRefusal(err error) bool {
	var p *textproto.Error
	return errors.As(err, &p) && p.Code != 421
}

// showMax bounds what people see of a server's words, in bytes.
const showMax = 256

// redactor makes a server's words fit to be shown: it might repeat a login.
type redactor struct{ words *strings.Replacer }

func newRedactor(user, password string) redactor {
	if password == "" {
		return redactor{strings.NewReplacer()}
	}
	b64 := base64.StdEncoding.EncodeToString
	return redactor{strings.NewReplacer(
		b64([]byte("\x00"+user+"\x00"+password)), "<redacted>",
		b64([]byte(password)), "<redacted>",
		password, "<redacted>",
	)}
}

func (r redactor) text(s string) string { return macro.OneLine(r.words.Replace(s), showMax) }

// err gives err with its text made fit to be shown.
func (r redactor) err(err error) error { return shownError{text: r.text(err.Error()), err: err} }

// shownError is an error with another text.
type shownError struct {
	text string
	err  error
}

func (e shownError) Error() string { return e.text }
func (e shownError) Unwrap() error { return e.err }
