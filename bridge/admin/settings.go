package admin

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/tailpost/tailpost/bridge/option"
)

// DefaultListen is where the listener is if the configuration doesn't say.
const DefaultListen = "127.0.0.1:9180"

// tokenLeast is how short a token may be, in bytes.
const tokenLeast = 16

// Settings is the table [admin].
type Settings struct {
	Listen    string        `toml:"listen" doc:"host:port for health, metrics, status and the page over HTTP; empty: none. Whoever reaches it can read. Taken by another process: tried each second, and events flow"`
	Token     option.Secret `toml:"token" doc:"what changes something over HTTP needs it, 16 characters or more; without one it is refused"`
	TokenFile string        `toml:"token_file"`
	TokenEnv  string        `toml:"token_env"`

	secret option.Secret // the token, as Check found it
}

// Limits gives what the keys take.
func (*Settings) Limits() option.Limits {
	return option.Limits{
		"listen": option.OrNone(option.Limit{Kind: "host:port", Pattern: `.*:[0-9]+`}),
		"token":  option.OrNone(option.Limit{Pattern: fmt.Sprintf("[!-~]{%d,}", tokenLeast)}),
	}
}

// Defaults gives the settings of a table that names none.
func Defaults() Settings { return Settings{Listen: DefaultListen} }

// Secret is the token, once Check has read it; without one nothing can be
// changed over TCP.
func (s *Settings) Secret() option.Secret { return s.secret }

// Check finds all that is wrong with the settings, and reads the token; a
// relative token_file is looked for in dir. It doesn't listen.
func (s *Settings) Check(dir string) []option.Problem {
	return append(s.checkListen(), s.checkToken(dir)...)
}

func (s *Settings) checkListen() []option.Problem {
	const key, like = "listen", `use one like "` + DefaultListen + `", or "" for none`
	if s.Listen == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(s.Listen)
	if err != nil {
		return []option.Problem{{Key: key, Text: fmt.Sprintf("%q is no host:port", s.Listen), Hint: like}}
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return []option.Problem{{Key: key, Text: fmt.Sprintf("%q is no port", port), Hint: like}}
	}
	if !option.IsLoopback(host) {
		return []option.Problem{{Key: key, Warning: true,
			Text: "whoever can reach this address can read status, metrics and the page: recipients with their URLs, the last errors, and what events say; and the token crosses the network unencrypted",
			Hint: "listen on loopback, behind a proxy that ends TLS and knows who may, or be sure of the network"}}
	}
	return nil
}

func (s *Settings) checkToken(dir string) (ps []option.Problem) {
	s.secret, ps = option.ReadSecret("token", s.Token, s.TokenFile, s.TokenEnv, dir)
	if !s.secret.IsSet() {
		return ps
	}
	const hint = "make one: openssl rand -hex 32"
	text := s.secret.Reveal()
	key := "token"
	if s.TokenFile != "" {
		key = "token_file"
	} else if s.TokenEnv != "" {
		key = "token_env"
	}
	switch {
	case len(text) < tokenLeast:
		ps = append(ps, option.Problem{Key: key, Text: fmt.Sprintf("the token is shorter than %d characters", tokenLeast), Hint: hint})
	case strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }):
		ps = append(ps, option.Problem{Key: key, Text: "the token has a character in it that a header can't carry", Hint: hint})
	}
	return ps
}
