package httpsink

import (
	"errors"
	"net"
	"net/url"
	"slices"

	"golang.org/x/net/http/httpproxy"

	"github.com/tailpost/tailpost/bridge/option"
)

// Proxy are the settings of a proxy before the recipient.
type Proxy struct {
	Proxy         string        `toml:"proxy" doc:"a URL (http, https, socks5, socks5h), or none; empty: the environment's (HTTPS_PROXY and so on)"`
	ProxyUsername string        `toml:"proxy_username" doc:"at the proxy; needs proxy and a password"`
	ProxyPassword option.Secret `toml:"proxy_password" doc:"at the proxy"`

	ProxyPasswordFile string `toml:"proxy_password_file"`
	ProxyPasswordEnv  string `toml:"proxy_password_env"`

	proxySecret option.Secret // the password, as Check found it
}

// noProxy is the value of proxy that turns off the environment's, too.
const noProxy = "none"

var errProxy = errors.New(`proxy: is no URL like "http://proxy.example.com:3128"`)

// check reads the password. private: allow_private is set.
func (o *Proxy) check(to *url.URL, private bool, dir string) []option.Problem {
	password, ps := option.ReadSecret("proxy_password", o.ProxyPassword, o.ProxyPasswordFile, o.ProxyPasswordEnv, dir)
	o.proxySecret = password
	say := func(key, text, hint string) {
		ps = append(ps, option.Problem{Key: key, Text: text, Hint: hint})
	}
	own := o.Proxy != "" && o.Proxy != noProxy
	given := o.ProxyPassword.IsSet() || o.ProxyPasswordFile != "" || o.ProxyPasswordEnv != ""
	switch {
	case (o.ProxyUsername != "" || given) && !own:
		say("proxy_username", "has no proxy with it", "add proxy; the environment's has its own in its URL")
	case o.ProxyUsername != "" && !given:
		say("proxy_username", "has no password with it", "add proxy_password_file")
	case o.ProxyUsername == "" && given:
		say("proxy_password", "has no user name with it", "add proxy_username")
	}
	if own {
		u, err := parseProxy(o.Proxy)
		switch {
		case err != nil:
			say("proxy", "is no URL of a proxy", `use one like "http://proxy.example.com:3128", also https, socks5 and socks5h; or "none"`)
		case u.User != nil:
			say("proxy", "has a user name or password in it", "use proxy_username and proxy_password_file")
		}
	}
	if private || to == nil {
		return ps
	}
	const text = "allow_private = false can't be kept: a proxy connects to what it likes"
	if own {
		say("proxy", text, "leave out one of them")
	} else if u, err := o.forURL(to); u != nil || err != nil {
		say("allow_private", text+", and the environment names one", `set proxy = "none"`)
	}
	return ps
}

// parseProxy takes the URL of a proxy apart, and gives it a port. Its error
// doesn't repeat it.
func parseProxy(s string) (*url.URL, error) {
	ports := map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}
	u, err := url.Parse(s)
	if err != nil || ports[u.Scheme] == "" || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" || !slices.Contains([]string{"", "/"}, u.Path) {
		return nil, errProxy
	}
	if u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), ports[u.Scheme])
	}
	u.Path = ""
	return u, nil
}

// forURL gives the proxy that leads to a URL, with its user and password; nil:
// none does.
func (o *Proxy) forURL(to *url.URL) (*url.URL, error) {
	switch o.Proxy {
	case noProxy:
		return nil, nil
	case "":
		u, err := httpproxy.FromEnvironment().ProxyFunc()(to)
		if err != nil {
			return nil, errors.New("the environment's proxy is no URL")
		}
		if u == nil {
			return nil, nil
		}
		if u, err = parseProxy(u.String()); err != nil {
			return nil, errors.New("the environment's proxy is no URL of one")
		}
		return u, nil
	}
	u, err := parseProxy(o.Proxy)
	if err == nil && o.ProxyUsername != "" {
		u.User = url.UserPassword(o.ProxyUsername, o.proxySecret.Reveal())
	}
	return u, err
}

// proxySecrets gives what of a proxy's URL is not to be shown.
func proxySecrets(u *url.URL) []string {
	if u == nil || u.User == nil {
		return nil
	}
	password, _ := u.User.Password()
	return []string{password, u.User.String(), basic(u.User.Username(), option.NewSecret(password))[len("Basic "):]}
}
