// Package syslogd reads lines that syslog senders deliver over UDP, TCP or
// TLS (RFC 5425). The syslog header stays in the line: parsers read it.
//
// On a connection frames end with a newline or are counted (RFC 6587). A
// sender is slowed while nothing can be made durable; syslog has no
// acknowledgement, so what is on its way when either side dies may be lost. A
// datagram is a line; the kernel drops datagrams that it has no room for, and
// we count them.
package syslogd

import (
	"crypto/tls"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/option"
)

// Options are the settings of one syslog source. Start from Defaults.
type Options struct {
	Name     string      `toml:"-"` // the source's name; it goes into ids
	Listen   string      `toml:"listen" doc:"udp://, tcp:// or tls://, then host and port"`
	CertFile string      `toml:"cert_file" doc:"for tls://: our certificate, as PEM"`
	KeyFile  string      `toml:"key_file" doc:"for tls://: its key, as PEM"`
	MaxLine  option.Size `toml:"max_line" doc:"a longer line is cut, and counted"`

	Log zerolog.Logger `toml:"-"`
}

const (
	minMaxLine = 1 << 10
	maxMaxLine = 64 << 20
)

// Limits gives what the keys take.
func (*Options) Limits() option.Limits {
	return option.Limits{
		"listen":    {Kind: "address", Required: true, Pattern: "(" + strings.Join(slices.Sorted(maps.Keys(schemes)), "|") + ")://.*:[0-9]+"},
		"cert_file": {Kind: "path"},
		"key_file":  {Kind: "path"},
		"max_line":  option.Between[option.Size](minMaxLine, maxMaxLine),
	}
}

// Defaults gives the options of a table that names none.
func Defaults() Options { return Options{MaxLine: 1 << 20} }

// Check reports all problems of the settings, and makes the paths absolute
// against dir, the folder of the file that they stand in. It reads the
// certificate.
func (o *Options) Check(dir string) []option.Problem {
	var ps []option.Problem
	scheme, _, bad := parseListen(o.Listen)
	if bad != nil {
		ps = append(ps, *bad)
	}
	o.CertFile, o.KeyFile = option.FilePath(o.CertFile, dir), option.FilePath(o.KeyFile, dir)
	if bad == nil {
		ps = append(ps, o.checkCertificate(scheme)...)
	}
	if o.MaxLine < minMaxLine || o.MaxLine > maxMaxLine {
		ps = append(ps, option.Problem{Key: "max_line", Text: fmt.Sprintf("%s is out of range", o.MaxLine), Hint: "use 1KiB to 64MiB"})
	}
	return ps
}

func (o *Options) checkCertificate(scheme string) (ps []option.Problem) {
	for _, f := range []struct{ key, path string }{{"cert_file", o.CertFile}, {"key_file", o.KeyFile}} {
		switch {
		case scheme == "tls" && f.path == "":
			ps = append(ps, option.Problem{Key: f.key, Text: "is missing", Hint: "tls:// needs cert_file and key_file, as PEM"})
		case scheme != "tls" && f.path != "":
			ps = append(ps, option.Problem{Key: f.key, Text: "is of no use without TLS", Hint: "listen on tls://, or leave it out"})
		}
	}
	if scheme != "tls" || len(ps) > 0 {
		return ps
	}
	if _, err := tls.LoadX509KeyPair(o.CertFile, o.KeyFile); err != nil {
		ps = append(ps, option.Problem{Key: "cert_file", Text: err.Error(), Outside: err, Hint: "cert_file and key_file are PEM files that belong together"})
	}
	return ps
}

// schemes are what an address may begin with, with the usual port.
var schemes = map[string]string{"udp": "514", "tcp": "514", "tls": "6514"}

// parseListen takes an address apart. addr is fit for package net.
func parseListen(listen string) (scheme, addr string, bad *option.Problem) {
	wrong := func(text, hint string) (string, string, *option.Problem) {
		return "", "", &option.Problem{Key: "listen", Text: text, Hint: hint}
	}
	const example = "use one such as tcp://127.0.0.1:5514"
	if listen == "" {
		return wrong("is missing", example)
	}
	scheme, _, ok := strings.Cut(listen, "://")
	if !ok {
		return wrong(fmt.Sprintf("%q has no udp://, tcp:// or tls:// before it", listen), example)
	}
	if schemes[scheme] == "" {
		hint := "use udp://, tcp:// or tls://"
		if near := option.Nearest(scheme, []string{"udp", "tcp", "tls"}); near != "" {
			hint = fmt.Sprintf("did you mean %s://?", near)
		}
		return wrong(fmt.Sprintf("%q is unknown", scheme+"://"), hint)
	}
	u, err := url.Parse(listen)
	if err != nil || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return wrong(fmt.Sprintf("%q is no address", listen), example)
	}
	if u.Port() == "" {
		return wrong(fmt.Sprintf("%q has no port", listen), "the usual one is "+schemes[scheme])
	}
	if _, err := net.LookupPort(network[scheme], u.Port()); err != nil || !isNumber(u.Port()) {
		return wrong(fmt.Sprintf("%q is no port", u.Port()), "use 1 to 65535")
	}
	return scheme, net.JoinHostPort(u.Hostname(), u.Port()), nil
}

var network = map[string]string{"udp": "udp", "tcp": "tcp", "tls": "tcp"}

func isNumber(s string) bool {
	return !slices.ContainsFunc([]byte(s), func(c byte) bool { return c < '0' || c > '9' })
}
