package smtpsink

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	netmail "net/mail"
	"os"
	"time"

	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/oauth"
	"github.com/tailpost/tailpost/sinks/redact"
)

// Relay is the one way to the mail server. It may be used by several
// goroutines at once. It keeps few connections, each for some mails and a
// while; Close ends those that are idle.
type Relay struct {
	o      RelayOptions
	from   *netmail.Address
	domain string // of our Message-IDs
	hello  string // what we call ourselves
	tls    *tls.Config
	tokens tokenSource // nil: the login has no token
	hide   redact.Words
	pool   pool
	said   lastWord
}

// tokenSource is *oauth.Source.
type tokenSource interface {
	Token(ctx context.Context) (option.Secret, error)
	Drop(token option.Secret)
	Shown() string
}

// NewRelay makes a relay of checked options. It connects to nothing yet.
func NewRelay(o RelayOptions) (*Relay, error) {
	o.fill()
	from, err := parseAddress(o.From)
	if err != nil {
		return nil, fmt.Errorf("smtp: from: %w", err)
	}
	from.Address = wire(from.Address)
	r := &Relay{
		o: o, from: from, domain: idDomain(from.Address), hello: helloName(os.Hostname()),
		hide: hidePassword(o.Username, o.secret.Reveal()),
		pool: pool{turns: make(chan struct{}, o.Connections), wait: o.Idle},
	}
	if r.tls, err = o.TLS.Config(); err != nil {
		return nil, fmt.Errorf("smtp: %w", err)
	}
	if r.tls.ServerName == "" {
		r.tls.ServerName = o.Host
	}
	if o.usesTokens() {
		if r.tokens, err = oauth.New(o.OAuth2, nil); err != nil {
			return nil, fmt.Errorf("smtp: %w", err)
		}
	}
	return r, nil
}

// Close ends the connections that are idle, politely but within seconds. What
// is under way ends by its own context; no connection is kept from now on.
func (r *Relay) Close() error {
	r.pool.close()
	return nil
}

// Status says what the server last said, to whomever of us.
func (r *Relay) Status() Status { return r.said.get() }

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

	explain bool // somebody watches: Sent.Steps is wanted
}

// Sent says what became of a mail.
type Sent struct {
	Accepted []string // addresses that have it now
	Refused  []Refusal
	Peer     string // the server's address
	Answer   string // its last word; bounded
	Steps    []string
}

// Refusal is an address that the server did not take.
type Refusal struct {
	Address string
	Err     error
}

// Send hands over one mail. Once it has its turn it takes no longer than the
// relay's timeout; it ends soon after ctx does. It returns nil if at least one
// address was taken and the server has the mail; a failure is a
// *bridge.DeliveryError.
func (r *Relay) Send(ctx context.Context, m Mail) (Sent, error) {
	if m.Envelope == nil {
		m.Envelope = m.To
	}
	raw, err := r.render(m, time.Now())
	if err != nil {
		return Sent{}, eventFault("render the mail", err)
	}
	if err := r.enter(ctx); err != nil {
		return Sent{}, err
	}
	defer r.pool.leave()
	var t *trace
	if m.explain {
		t = &trace{hide: r.hide}
	}
	sent, err := r.carry(ctx, m, raw, t)
	if t != nil {
		sent.Steps = t.steps
	}
	switch {
	case err != nil:
		r.said.set(err)
	case len(sent.Refused) > 0:
		r.said.set(refusals(sent))
	default:
		r.said.set(nil)
	}
	return sent, err
}

// enter waits for a turn.
func (r *Relay) enter(ctx context.Context) error {
	waiting, cancel := context.WithTimeout(ctx, r.turnWait())
	defer cancel()
	if r.pool.enter(waiting) != nil {
		return r.waiting(ctx)
	}
	return nil
}

// turnWait is how long a mail waits for those before it.
func (r *Relay) turnWait() time.Duration { return 5 * r.o.Timeout }

// carry hands over a mail on some connection. One that was kept from an
// earlier mail counts from the moment it has taken the sender: what went wrong
// before is tried once more, on a new one.
func (r *Relay) carry(ctx context.Context, m Mail, raw []byte, t *trace) (Sent, error) {
	bounded, cancel := context.WithTimeout(ctx, r.o.Timeout)
	defer cancel()
	d, err := r.take(bounded, t)
	if err != nil {
		return Sent{Peer: d.peer}, r.connecting(ctx, bounded, d, err)
	}
	sent, err := d.transfer(m, raw)
	if d.reused && isAtMail(err) {
		d.close()
		if d, err = r.connect(bounded, t); err != nil {
			return Sent{Peer: d.peer}, r.connecting(ctx, bounded, d, err)
		}
		sent, err = d.transfer(m, raw)
	}
	switch {
	case err == nil, isRefusal(err) && !isAtMail(err):
		r.pool.put(d)
	default:
		d.close()
	}
	if err != nil {
		return sent, r.failed(ctx, bounded, d, err)
	}
	r.o.Log.Debug().Str("server", sent.Peer).Int("accepted", len(sent.Accepted)).Int("refused", len(sent.Refused)).Str("answer", sent.Answer).Msg("mail handed over")
	return sent, nil
}

// take gives a connection: one that is idle and still answers, or a new one.
// Who watches gets a new one.
func (r *Relay) take(ctx context.Context, t *trace) (*dialog, error) {
	for d := r.pool.pop(); d != nil; d = r.pool.pop() {
		if t == nil && d.revive(ctx) {
			return d, nil
		}
		d.close()
	}
	return r.connect(ctx, t)
}

func isAtMail(err error) bool {
	var at *stepError
	return errors.As(err, &at) && at.step == stepMail
}
