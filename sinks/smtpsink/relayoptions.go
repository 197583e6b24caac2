package smtpsink

import (
	"cmp"
	"context"
	"net"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/oauth"
)

// RelayOptions are the settings of the mail server that all mail goes through:
// the table [smtp].
type RelayOptions struct {
	Host     string `toml:"host" doc:"the mail server"`
	Port     int    `toml:"port" doc:"its port"`
	Security string `toml:"security" doc:"starttls is required, never given up silently; tls from the first byte; none"`
	Username string `toml:"username" doc:"empty: no login"`

	// The password, given in one of three ways.
	Password     option.Secret `toml:"password" doc:"of the login"`
	PasswordFile string        `toml:"password_file"`
	PasswordEnv  string        `toml:"password_env"`

	Auth   string        `toml:"auth" doc:"how to log in: auto is what the server offers, or xoauth2 if there is [smtp.oauth2]"`
	OAuth2 oauth.Options `toml:"oauth2" doc:"a token by client credentials, for xoauth2, in the place of a password"`
	From   string        `toml:"from" doc:"an address, or a name and an address in angle brackets"`

	option.TLS

	Timeout     time.Duration `toml:"-"` // of a whole mail, connecting included; 0: 60 s
	Step        time.Duration `toml:"-"` // of connecting, and of each answer; 0: 30 s
	Connections int           `toml:"-"` // at once; 0: 3
	Idle        time.Duration `toml:"-"` // how long a connection is kept for another mail; 0: 10 s

	Log zerolog.Logger `toml:"-"`
	// Dial connects to the server; nil: TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error) `toml:"-"`

	secret option.Secret // the password, as Check found it
}

// The ways to secure the connection, and to log in.
const (
	securityStartTLS = "starttls"
	securityTLS      = "tls"
	securityNone     = "none"

	authAuto    = "auto"
	authPlain   = "plain"
	authLogin   = "login"
	authCRAMMD5 = "cram-md5"
	authXOAUTH2 = "xoauth2"
	authNone    = "none"
)

var (
	securities = []string{securityStartTLS, securityTLS, securityNone}
	logins     = []string{authAuto, authPlain, authLogin, authCRAMMD5, authXOAUTH2, authNone}
)

const portMost = 65535

// Limits gives what the keys take.
func (*RelayOptions) Limits() option.Limits {
	return option.Limits{
		"host":             {Required: true},
		"port":             option.Between(1, portMost),
		"security":         option.OneOf(securities...),
		"auth":             option.OneOf(logins...),
		"from":             {Required: true, Pattern: `.*@.*`},
		"ca_file":          option.Kind("path"),
		"client_cert_file": option.Kind("path"),
		"client_key_file":  option.Kind("path"),
	}
}

// What holds where nothing is set. Large providers take three connections of
// one user at once, and no more.
const (
	defaultTimeout     = 60 * time.Second
	defaultStep        = 30 * time.Second
	defaultConnections = 3
	defaultIdle        = 10 * time.Second
)

// RelayDefaults gives the settings that hold where [smtp] says nothing.
func RelayDefaults() RelayOptions {
	return RelayOptions{Port: 587, Security: securityStartTLS, Auth: authAuto}
}

// fill puts in what holds where nothing is set.
func (o *RelayOptions) fill() {
	d := RelayDefaults()
	o.Port = cmp.Or(o.Port, d.Port)
	o.Security = cmp.Or(o.Security, d.Security)
	o.Auth = cmp.Or(o.Auth, d.Auth)
	o.Timeout = cmp.Or(max(o.Timeout, 0), defaultTimeout)
	o.Step = cmp.Or(max(o.Step, 0), defaultStep)
	o.Connections = cmp.Or(max(o.Connections, 0), defaultConnections)
	o.Idle = cmp.Or(max(o.Idle, 0), defaultIdle)
	if !o.secret.IsSet() {
		o.secret = o.Password
	}
}

// usesTokens reports whether the login is by OAuth2.
func (o *RelayOptions) usesTokens() bool {
	return o.Auth == authXOAUTH2 || o.Auth == authAuto && o.OAuth2.IsSet()
}
