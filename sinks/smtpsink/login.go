package smtpsink

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wneessen/go-mail/smtp"

	"github.com/tailpost/tailpost/bridge/option"
)

var errNoLogin = errors.New("the server offers no login that we know")

// login is the AUTH of a connection: the configured way, or the first that the
// server offers of PLAIN and LOGIN. Each connection has its own.
type login struct {
	auth       string
	plain, old smtp.Auth
	chosen     smtp.Auth
}

func (r *Relay) login() *login {
	// The library goes by the names localhost, 127.0.0.1 and ::1; all of this
	// machine's own addresses are as good.
	open := option.IsLoopback(r.o.Host)
	return &login{
		auth:  r.o.Auth,
		plain: smtp.PlainAuth("", r.o.Username, r.o.secret.Reveal(), r.o.Host, open),
		old:   smtp.LoginAuth(r.o.Username, r.o.secret.Reveal(), r.o.Host, open),
	}
}

// Start chooses by what the server offers. The mechanisms themselves refuse a
// connection that isn't encrypted.
func (l *login) Start(s *smtp.ServerInfo) (proto string, toServer []byte, err error) {
	offers := func(mech string) bool {
		return slices.ContainsFunc(s.Auth, func(o string) bool { return strings.EqualFold(o, mech) })
	}
	switch {
	case l.auth != authLogin && offers("PLAIN"):
		l.chosen = l.plain
	case l.auth != authPlain && offers("LOGIN"):
		l.chosen = l.old
	default:
		return "", nil, fmt.Errorf("%w (it offers: %s)", errNoLogin, strings.Join(s.Auth, " "))
	}
	return l.chosen.Start(s)
}

// Next goes on with the chosen one.
func (l *login) Next(fromServer []byte, more bool) (toServer []byte, err error) {
	return l.chosen.Next(fromServer, more)
}
