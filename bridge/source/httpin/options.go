package httpin

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/option"
)

// Options are the settings of one http source. Start from Defaults.
type Options struct {
	Listen  string      `toml:"listen" doc:"host:port, plain HTTP"`
	Path    string      `toml:"path" doc:"the whole path of the URL; a query is not looked at"`
	Allow   option.List `toml:"allow" doc:"addresses and networks that may send; none: all that can reach it"`
	MaxLine option.Size `toml:"max_line" doc:"of a body; a longer one is refused (413)"`

	// Basic authentication, if Username is set.
	Username     string        `toml:"username" doc:"basic authentication; needs a password"`
	Password     option.Secret `toml:"password" doc:"of basic authentication"`
	PasswordFile string        `toml:"password_file"`
	PasswordEnv  string        `toml:"password_env"`

	Name   string         `toml:"-"` // the source's; it goes into ids
	Format string         `toml:"format" doc:"of the bodies"`
	Log    zerolog.Logger `toml:"-"`

	networks []netip.Prefix // Allow, as Check read it
	secret   option.Secret  // the password, likewise
}

const (
	minMaxLine = 1 << 10
	maxMaxLine = 64 << 20
)

// Limits gives what the keys take.
func (*Options) Limits() option.Limits {
	return option.Limits{
		"listen":   {Kind: "host:port", Required: true, Pattern: `.*:[0-9]+`},
		"path":     {Kind: "path of a URL", Pattern: `/[^?#]*`},
		"allow":    {Kind: "addresses or networks", Pattern: `[0-9a-fA-F:.]+(%.*)?(/[0-9]+)?`},
		"max_line": option.Between[option.Size](minMaxLine, maxMaxLine),
	}
}

// Defaults gives the options of a table that names none.
func Defaults() Options { return Options{Path: "/", MaxLine: 1 << 20} }

// Check finds all that is wrong with the settings, and reads the addresses and
// the password; a relative password_file is looked for in dir. It doesn't
// listen.
func (o *Options) Check(dir string) []option.Problem {
	ps := o.checkListen()
	if !strings.HasPrefix(o.Path, "/") || strings.ContainsAny(o.Path, "?#") {
		ps = append(ps, option.Problem{Key: "path", Text: fmt.Sprintf("%q is no path of a URL", o.Path), Hint: `use one like "/events"`})
	}
	if o.MaxLine < minMaxLine || o.MaxLine > maxMaxLine {
		ps = append(ps, option.Problem{Key: "max_line", Text: fmt.Sprintf("%s is out of range", o.MaxLine), Hint: "use 1KiB to 64MiB"})
	}
	o.networks = nil
	for i, s := range o.Allow {
		p, err := network(s)
		if err != nil {
			ps = append(ps, option.Problem{Key: "allow", Item: i + 1, Text: fmt.Sprintf("%q is neither an address nor a network", s), Hint: `use one like "192.0.2.7" or "192.0.2.0/24"`})
			continue
		}
		o.networks = append(o.networks, p)
	}
	return append(ps, o.checkPassword(dir)...)
}

func (o *Options) checkListen() []option.Problem {
	const key, like = "listen", `use one like "127.0.0.1:9181"`
	if o.Listen == "" {
		return []option.Problem{{Key: key, Text: "is missing", Hint: like}}
	}
	host, port, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return []option.Problem{{Key: key, Text: fmt.Sprintf("%q is no host:port", o.Listen), Hint: like}}
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n > 65535 {
		return []option.Problem{{Key: key, Text: fmt.Sprintf("%q is no port", port), Hint: like}}
	}
	if len(o.Allow) == 0 && o.Username == "" && !option.IsLoopback(host) {
		return []option.Problem{{Key: key, Text: "whoever can reach this address can send events", Hint: "set allow, or username and password_file", Warning: true}}
	}
	return nil
}

func (o *Options) checkPassword(dir string) []option.Problem {
	var ps []option.Problem
	o.secret, ps = option.ReadSecret("password", o.Password, o.PasswordFile, o.PasswordEnv, dir)
	given := o.Password.IsSet() || o.PasswordFile != "" || o.PasswordEnv != ""
	switch {
	case o.Username != "" && !given:
		ps = append(ps, option.Problem{Key: "username", Text: "has no password", Hint: "set password_file"})
	case o.Username == "" && given:
		ps = append(ps, option.Problem{Key: "password", Text: "has no user", Hint: "set username"})
	case strings.Contains(o.Username, ":"):
		ps = append(ps, option.Problem{Key: "username", Text: "has a colon in it, which basic authentication can't carry"})
	}
	if host, _, err := net.SplitHostPort(o.Listen); err == nil && o.Username != "" && !option.IsLoopback(host) {
		ps = append(ps, option.Problem{Key: "username", Text: "the password crosses the network unencrypted", Hint: "listen on loopback behind a proxy that ends TLS, or be sure of the network", Warning: true})
	}
	return ps
}

// network reads an address or a network in CIDR notation.
func network(s string) (netip.Prefix, error) {
	if !strings.Contains(s, "/") {
		a, err := netip.ParseAddr(s)
		if err != nil {
			return netip.Prefix{}, err
		}
		a = a.Unmap().WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err == nil && p.Addr().Is4In6() {
		err = fmt.Errorf("%s: write it as an IPv4 network", s)
	}
	return p.Masked(), err
}

// allowed reports whether a peer (host:port) may send.
func (o *Options) allowed(peer string) bool {
	if len(o.networks) == 0 {
		return true
	}
	at, err := netip.ParseAddrPort(peer)
	if err != nil {
		return false
	}
	a := at.Addr().Unmap().WithZone("")
	for _, p := range o.networks {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
