package httpsink_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/sinktest"
)

// A recipient over TLS is reached through each kind of proxy, and only the
// proxy is told its password. A proxy that refuses is the recipient's fault; no
// secret is shown, not even one that the proxy sends back. A proxy over TLS is
// checked by its own name, and never sees our certificate.
func TestProxies(t *testing.T) {
	const user, secret = "us3r", "s3cr3t:@/ x"
	ours, theirs := newAuthority(t, "our authority"), newAuthority(t, "their authority")
	ours.sign(t, "client", &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	for _, c := range []struct {
		name       string
		scheme     string
		proxy      *testProxy
		of         *authority // of the proxy's certificate
		user       string
		password   string
		gone       bool
		want       string // in the error; empty: delivered
		wantStatus string
	}{
		{name: "http", scheme: "http", proxy: &testProxy{}},
		{name: "http, with a password", scheme: "http", proxy: &testProxy{user: user, password: secret}, user: user, password: secret},
		{name: "http, without the password", scheme: "http", proxy: &testProxy{user: user, password: secret}, want: "the proxy answered 407 Proxy Authentication Required", wantStatus: "misconfigured"},
		{name: "http, a wrong password", scheme: "http", proxy: &testProxy{user: user, password: "other"}, user: user, password: secret, want: "the proxy answered 407 Proxy Authentication Required", wantStatus: "misconfigured"},
		{name: "http, forbidden", scheme: "http", proxy: &testProxy{forbids: true}, user: user, password: secret, want: "the proxy answered 403 Forbidden"},
		{name: "http, gone", scheme: "http", gone: true, user: user, password: secret, want: "refused"},
		{name: "socks5", scheme: "socks5", proxy: &testProxy{}},
		{name: "socks5h, with a password", scheme: "socks5h", proxy: &testProxy{user: user, password: secret}, user: user, password: secret},
		{name: "socks5, a wrong password", scheme: "socks5", proxy: &testProxy{user: user, password: "other"}, user: user, password: secret, want: "authentication failed"},
		{name: "https, with a password", scheme: "https", of: ours, proxy: &testProxy{user: user, password: secret}, user: user, password: secret},
		{name: "https, a wrong password", scheme: "https", of: ours, proxy: &testProxy{user: user, password: "other"}, user: user, password: secret, want: "the proxy answered 407", wantStatus: "misconfigured"},
		{name: "https, not trusted", scheme: "https", of: theirs, proxy: &testProxy{}, want: "signed by CN=their authority, who is not trusted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			reached := make(chan http.Header, 4)
			srv := tlsServer(t, ours, ours, time.Time{}, func(w http.ResponseWriter, r *http.Request) { ok(w, r); reached <- r.Header })
			o := at(srv.URL)
			o.CAFile, o.ServerName = ours.file("our authority.pem"), "events.example.com"
			o.ClientCertFile, o.ClientKeyFile = ours.file("client.pem"), ours.file("client.key")
			o.Proxy.Proxy = c.scheme + "://" + startProxy(t, c.scheme, c.proxy, c.of)
			if c.gone {
				o.Proxy.Proxy = c.scheme + "://" + closedPort(t)
			}
			o.ProxyUsername, o.ProxyPassword = c.user, option.NewSecret(c.password)
			for _, p := range o.Check("") {
				if !p.Warning {
					t.Fatal(p)
				}
			}
			s := newSink(t, o)
			rec, err := s.Deliver(t.Context(), bridge.Delivery{Events: []bridge.Event{sinktest.PlainEvent(1)}, Attempt: 1, Explain: true})
			connect, cerr := s.Connect(t.Context())
			all := fmt.Sprintf("%+v %v %+v %v %+v", rec, err, connect, cerr, o.Proxy)
			for _, m := range []string{secret, "s3cr3t", base64.StdEncoding.EncodeToString([]byte(user + ":" + secret))} {
				if c.password != "" && strings.Contains(all, m) {
					t.Errorf("%q is shown: %s", m, all)
				}
			}
			if !strings.Contains(strings.Join(rec.Steps, "\n"), "through the proxy "+c.scheme+"://127.0.0.1:") {
				t.Errorf("steps: %q", rec.Steps)
			}
			if c.want != "" {
				checkProxyRefused(t, err, cerr, c.want, c.wantStatus)
				return
			}
			if err != nil || cerr != nil || len(reached) != 1 {
				t.Fatalf("%v; connect: %v; %d requests", err, cerr, len(reached))
			}
			if h := <-reached; h.Get("Proxy-Authorization") != "" {
				t.Error("the recipient is told the proxy's password")
			}
			to, shown := c.proxy.noted()
			if len(to) != 2 || to[0] != strings.TrimPrefix(srv.URL, "https://") || shown != 0 {
				t.Errorf("the proxy connected to %q, and saw %d certificates", to, shown)
			}
		})
	}
}

func checkProxyRefused(t *testing.T, err, connect error, want, wantStatus string) {
	t.Helper()
	for _, err := range []error{err, connect} {
		de, _ := err.(*bridge.DeliveryError)
		if de == nil || de.Scope != bridge.ThisRecipient || !de.Down || de.Status != wantStatus || !strings.Contains(de.Error(), want) {
			t.Errorf("%+v", err)
		}
	}
}

// startProxy gives the proxy's address.
func startProxy(t *testing.T, scheme string, p *testProxy, a *authority) string {
	t.Helper()
	if p == nil {
		return ""
	}
	if strings.HasPrefix(scheme, "socks") {
		return p.serveSOCKS(t)
	}
	srv := httptest.NewUnstartedServer(p)
	srv.Config.ErrorLog = quiet()
	if scheme == "http" {
		srv.Start()
	} else {
		a.sign(t, "proxy", &x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
		pair, err := tls.LoadX509KeyPair(a.file("proxy.pem"), a.file("proxy.key"))
		if err != nil {
			t.Fatal(err)
		}
		srv.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequestClientCert}
		srv.StartTLS()
	}
	t.Cleanup(srv.Close)
	return srv.Listener.Addr().String()
}

// closedPort gives an address where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
