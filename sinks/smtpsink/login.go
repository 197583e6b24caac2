package smtpsink

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wneessen/go-mail/smtp"

	"github.com/tailpost/tailpost/bridge/option"
)

var errNoLogin = errors.New("the server offers no login that we know")

// login is the AUTH of a connection. Each connection has its own.
type login struct {
	ways      []way // that we may use, best first
	open      bool  // the server is this machine: nothing crosses a network
	encrypted bool
	offered   string // by the server, parted by blanks

	mechanism string
	chosen    smtp.Auth
}

// way is a mechanism by its name.
type way struct {
	name string
	auth smtp.Auth
}

// login gives the login for a new connection; nil: there is none. It fetches
// a token if one is wanted, and notes it in d.
func (r *Relay) login(ctx context.Context, d *dialog) (*login, error) {
	if r.o.Username == "" || r.o.Auth == authNone {
		return nil, nil
	}
	user, password := r.o.Username, r.o.secret.Reveal()
	// The library goes by the names localhost, 127.0.0.1 and ::1; all of this
	// machine's own addresses are as good.
	l := &login{open: option.IsLoopback(r.o.Host)}
	if r.tokens != nil {
		token, err := r.tokens.Token(ctx)
		if err != nil {
			d.trace.failed("token", err)
			return nil, err
		}
		d.trace.say("a token of %s", r.tokens.Shown())
		d.token, d.hide = token, hideToken(r.hide, user, token.Reveal())
		d.trace.conceal(d.hide)
		l.ways = []way{{mechXOAUTH2, smtp.XOAuth2Auth(user, token.Reveal())}}
		return l, nil
	}
	plain := way{mechPlain, smtp.PlainAuth("", user, password, r.o.Host, l.open)}
	old := way{mechLogin, smtp.LoginAuth(user, password, r.o.Host, l.open)}
	cram := way{mechCRAMMD5, smtp.CRAMMD5Auth(user, password)}
	switch r.o.Auth {
	case authPlain:
		l.ways = []way{plain}
	case authLogin:
		l.ways = []way{old}
	case authCRAMMD5:
		l.ways = []way{cram}
	default:
		l.ways = []way{plain, old, cram}
	}
	return l, nil
}

// The mechanisms by their names on the wire.
const (
	mechPlain   = "PLAIN"
	mechLogin   = "LOGIN"
	mechCRAMMD5 = "CRAM-MD5"
	mechXOAUTH2 = "XOAUTH2"
)

// Start chooses by what the server offers. No password and no token goes over
// a connection that isn't encrypted, but to this machine itself; the library
// sees to that for PLAIN and LOGIN. CRAM-MD5 sends none, and is taken there
// only where it was asked for.
func (l *login) Start(s *smtp.ServerInfo) (proto string, toServer []byte, err error) {
	offers := strings.Fields(l.offered)
	i := slices.IndexFunc(l.ways, func(w way) bool {
		return slices.ContainsFunc(offers, func(o string) bool { return strings.EqualFold(o, w.name) })
	})
	if i < 0 {
		return "", nil, fmt.Errorf("%w (it offers: %s)", errNoLogin, strings.Join(offers, " "))
	}
	w := l.ways[i]
	asked := w.name == mechCRAMMD5 && len(l.ways) == 1
	if !l.encrypted && !l.open && !asked {
		return "", nil, smtp.ErrUnencrypted
	}
	l.mechanism, l.chosen = w.name, w.auth
	info := *s
	info.TLS = l.encrypted // the library doesn't know of TLS that it didn't begin
	return w.auth.Start(&info)
}

// Next goes on with the chosen one.
func (l *login) Next(fromServer []byte, more bool) (toServer []byte, err error) {
	return l.chosen.Next(fromServer, more)
}
