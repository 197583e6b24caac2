package smtpsink

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	netmail "net/mail"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"github.com/tailpost/tailpost/bridge/option"
)

// Relay is the one way to the mail server. It may be used by several
// goroutines at once; each mail has a connection of its own.
type Relay struct {
	o    RelayOptions
	from *netmail.Address
	tls  *tls.Config
	hide redactor

	domain string // of our Message-IDs
}

// NewRelay makes a relay of checked options. It connects to nothing yet.
func NewRelay(o RelayOptions) (*Relay, error) {
	d := RelayDefaults()
	if o.Port == 0 {
		o.Port = d.Port
	}
	if o.Security == "" {
		o.Security = d.Security
	}
	if o.Auth == "" {
		o.Auth = d.Auth
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Step <= 0 {
		o.Step = defaultStep
	}
	if !o.secret.IsSet() {
		o.secret = o.Password
	}
	from, err := parseAddress(o.From)
	if err != nil {
		return nil, fmt.Errorf("smtp: from: %w", err)
	}
	r := &Relay{o: o, from: from, domain: idDomain(from.Address), hide: newRedactor(o.Username, o.secret.Reveal())}
	r.tls = &tls.Config{ServerName: o.Host, MinVersion: tls.VersionTLS12}
	if o.CAFile != "" {
		if r.tls.RootCAs, err = option.ReadRoots(o.CAFile); err != nil {
			return nil, fmt.Errorf("smtp: ca_file: %w", err)
		}
	}
	return r, nil
}

// Mail is what Relay sends.
type Mail struct {
	To        []string // whom the mail names; one to ten addresses
	Envelope  []string // who gets it now; nil: all of To
	ReplyTo   string   // an address, or "Name <address>"; "": none
	Subject   string
	Text      string
	HTML      string            // the same text as HTML; "": none
	MessageID string            // without the angle brackets; "": the library's
	Thread    string            // the id of the mail that this one belongs to, likewise; "": none
	Header    map[string]string // further headers
}

// Sent says what became of a mail.
type Sent struct {
	Accepted []string // addresses that have it now
	Refused  []Refusal
	Peer     string // the server's address
	Answer   string // its last word; bounded
}

// Refusal is an address that the server did not take.
type Refusal struct {
	Address string
	Err     error
}

// Send hands over one mail. It takes no longer than the relay's timeout and
// ends soon after ctx does. It returns nil if at least one address was taken
// and the server has the mail; a failure is a *bridge.DeliveryError.
func (r *Relay) Send(ctx context.Context, m Mail) (Sent, error) {
	if m.Envelope == nil {
		m.Envelope = m.To
	}
	raw, err := r.render(m, time.Now())
	if err != nil {
		return Sent{}, eventFault("render the mail", err)
	}
	bounded, cancel := context.WithTimeout(ctx, r.o.Timeout)
	defer cancel()
	d, err := r.dial(bounded, m)
	if err != nil {
		return Sent{Peer: d.peer}, r.connecting(ctx, bounded, err)
	}
	defer d.close()
	sent, err := d.transfer(m, raw)
	sent.Peer = d.peer
	if err != nil {
		return sent, r.failed(ctx, bounded, err)
	}
	d.quit()
	r.o.Log.Debug().Str("server", sent.Peer).Int("accepted", len(sent.Accepted)).Int("refused", len(sent.Refused)).Str("answer", sent.Answer).Msg("mail handed over")
	return sent, nil
}

// stepError is a failure within the dialog.
type stepError struct {
	step  string
	event bool // the event may be why
	err   error
}

func (e *stepError) Error() string { return e.step + ": " + e.err.Error() }
func (e *stepError) Unwrap() error { return e.err }

// transfer is one mail transaction. A refused address doesn't end it: the
// mail goes to the others.
func (d *dialog) transfer(m Mail, raw []byte) (Sent, error) {
	var sent Sent
	if err := d.step(func() error { return d.client.Mail(bracketed(d.from)) }); err != nil {
		return sent, &stepError{step: "MAIL FROM", err: err}
	}
	var accepted []string
	for _, to := range m.Envelope {
		err := d.step(func() error { return d.client.Rcpt(bracketed(to)) })
		switch {
		case err == nil:
			accepted = append(accepted, to)
		case isRefusal(err):
			sent.Refused = append(sent.Refused, Refusal{Address: to, Err: d.hide.err(err)})
		default:
			return sent, &stepError{step: "RCPT TO", err: err}
		}
	}
	if len(accepted) == 0 {
		return sent, &stepError{step: "RCPT TO: all addresses refused", err: sent.Refused[0].Err}
	}
	answer, err := d.data(raw)
	if err != nil {
		return sent, &stepError{step: "DATA", event: true, err: err}
	}
	sent.Accepted, sent.Answer = accepted, answer
	return sent, nil
}

// data sends the mail itself; its error is the server's refusal, or the loss
// of the connection, after which the server may have the mail or not.
func (d *dialog) data(raw []byte) (answer string, err error) {
	var w io.WriteCloser
	if err := d.step(func() (err error) { w, err = d.client.Data(); return err }); err != nil {
		return "", err
	}
	if err := d.step(func() error { _, err := w.Write(raw); return err }); err != nil {
		return "", err
	}
	if err := d.step(w.Close); err != nil {
		return "", err
	}
	if dc, ok := w.(*smtp.DataCloser); ok {
		answer = d.hide.text("250 " + dc.ServerResponse())
	}
	return answer, nil
}

func bracketed(address string) string {
	return (&netmail.Address{Address: address}).String()
}
