package syslogd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	certs, other := newCertificates(t), newCertificates(t)
	dir := filepath.Dir(certs.cert)
	for _, tc := range []struct {
		name   string
		change func(*Options)
		want   string // what each problem begins with
	}{
		{name: "tcp"},
		{name: "any address", change: func(o *Options) { o.Listen = "udp://:514" }},
		{name: "IPv6", change: func(o *Options) { o.Listen = "tcp://[::1]:514" }},
		{name: "tls", change: func(o *Options) { o.Listen, o.CertFile, o.KeyFile = "tls://:6514", "cert.pem", certs.key }},
		{name: "nothing", change: func(o *Options) { o.Listen = "" }, want: "listen: is missing; use one such as tcp://127.0.0.1:5514"},
		{name: "no scheme", change: func(o *Options) { o.Listen = ":514" }, want: `listen: ":514" has no udp://, tcp:// or tls:// before it; use one such as tcp://127.0.0.1:5514`},
		{name: "a scheme with a slip", change: func(o *Options) { o.Listen = "tpc://:514" }, want: `listen: "tpc://" is unknown; did you mean tcp://?`},
		{name: "another scheme", change: func(o *Options) { o.Listen = "https://:514" }, want: `listen: "https://" is unknown; use udp://, tcp:// or tls://`},
		{name: "no port", change: func(o *Options) { o.Listen = "tls://localhost" }, want: `listen: "tls://localhost" has no port; the usual one is 6514`},
		{name: "a port that is none", change: func(o *Options) { o.Listen = "tcp://:70000" }, want: `listen: "70000" is no port; use 1 to 65535`},
		{name: "a port by name", change: func(o *Options) { o.Listen = "tcp://:syslog" }, want: `listen: "tcp://:syslog" is no address; use one such as tcp://127.0.0.1:5514`},
		{name: "a path", change: func(o *Options) { o.Listen = "tcp://:514/x" }, want: `listen: "tcp://:514/x" is no address; use one such as tcp://127.0.0.1:5514`},
		{name: "tls without a certificate", change: func(o *Options) { o.Listen = "tls://:6514" },
			want: "cert_file: is missing; tls:// needs cert_file and key_file, as PEM key_file: is missing; tls:// needs cert_file and key_file, as PEM"},
		{name: "a certificate without tls", change: func(o *Options) { o.CertFile = "cert.pem" }, want: "cert_file: is of no use without TLS; listen on tls://, or leave it out"},
		{name: "no such file", change: func(o *Options) { o.Listen, o.CertFile, o.KeyFile = "tls://:6514", "none.pem", "key.pem" }, want: "cert_file: open " + dir + "/none.pem: no such file"},
		{name: "another's key", change: func(o *Options) { o.Listen, o.CertFile, o.KeyFile = "tls://:6514", "cert.pem", other.key }, want: "cert_file: tls: private key does not match"},
		{name: "small lines", change: func(o *Options) { o.MaxLine = 1 }, want: "max_line: 1B is out of range; use 1KiB to 64MiB"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := Defaults()
			o.Listen = "tcp://127.0.0.1:5514"
			if tc.change != nil {
				tc.change(&o)
			}
			var got []string
			for _, p := range o.Check(dir) {
				got = append(got, p.String())
			}
			if s := strings.Join(got, " "); tc.want == "" && s != "" || !strings.HasPrefix(s, tc.want) {
				t.Errorf("got  %s\nwant %s", s, tc.want)
			}
			if tc.want == "" && o.CertFile != "" {
				if _, err := os.Stat(o.CertFile); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
