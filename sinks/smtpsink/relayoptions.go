package smtpsink

import (
	"context"
	"net"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/option"
)

// RelayOptions are the settings of the mail server that all mail goes through:
// the table [smtp].
type RelayOptions struct {
	Host     string `toml:"host"`
	Port     int    `toml:"port"`
	Security string `toml:"security"` // "starttls" (required, never given up silently), "tls", "none"
	Username string `toml:"username"` // "": no login

	// The password, given in one of three ways.
	Password     option.Secret `toml:"password"`
	PasswordFile string        `toml:"password_file"`
	PasswordEnv  string        `toml:"password_env"`

	Auth   string `toml:"auth"` // "auto" (what the server offers, plain first), "plain", "login", "none"
	From   string `toml:"from"` // an address, or "Name <address>"
	CAFile string `toml:"ca_file"`

	Timeout time.Duration  `toml:"-"` // of a whole mail; 0: 60 s
	Step    time.Duration  `toml:"-"` // of connecting with its login, and of each answer after it; 0: 30 s
	Log     zerolog.Logger `toml:"-"`
	// Dial connects to the server; nil: TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error) `toml:"-"`

	secret option.Secret // the password, as Check found it
}

// The ways to secure the connection, and to log in.
const (
	securityStartTLS = "starttls"
	securityTLS      = "tls"
	securityNone     = "none"

	authAuto  = "auto"
	authPlain = "plain"
	authLogin = "login"
	authNone  = "none"
)

const (
	defaultTimeout = 60 * time.Second
	defaultStep    = 30 * time.Second
)

// RelayDefaults gives the settings that hold where [smtp] says nothing.
func RelayDefaults() RelayOptions {
	return RelayOptions{Port: 587, Security: securityStartTLS, Auth: authAuto}
}
