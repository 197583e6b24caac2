package httpsink_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/httpsink"
	"github.com/tailpost/tailpost/sinks/sinktest"
)

// authority is one that signs a server's and clients' certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	dir  string
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{dir: t.TempDir()}
	a.cert, a.key = a.sign(t, name, &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	return a
}

// sign makes NAME.pem and NAME.key.
func (a *authority) sign(t *testing.T, name string, c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c.SerialNumber, c.Subject = big.NewInt(time.Now().UnixNano()), pkix.Name{CommonName: name}
	c.NotBefore = time.Now().Add(-time.Hour)
	if c.NotAfter.IsZero() {
		c.NotAfter = time.Now().Add(1000 * time.Hour)
	}
	parent, parentKey := c, key
	if a.cert != nil {
		parent, parentKey = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), parentKey)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{name + ".pem": {Type: "CERTIFICATE", Bytes: der}, name + ".key": {Type: "PRIVATE KEY", Bytes: raw}} {
		if err := os.WriteFile(filepath.Join(a.dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	signed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return signed, key
}

func (a *authority) file(name string) string { return filepath.Join(a.dir, name) }

// tlsServer has a certificate of a for 127.0.0.1 and events.example.com, and
// wants a client's certificate of clients, if that isn't nil.
func tlsServer(t *testing.T, a, clients *authority, serverEnds time.Time, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	a.sign(t, "server", &x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"events.example.com"},
		NotAfter: serverEnds, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	pair, err := tls.LoadX509KeyPair(a.file("server.pem"), a.file("server.key"))
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = quiet()
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	if clients != nil {
		srv.TLS.ClientAuth, srv.TLS.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
		srv.TLS.ClientCAs.AddCert(clients.cert)
	}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv
}

func ok(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }

func TestCertificates(t *testing.T) {
	ours, theirs := newAuthority(t, "our authority"), newAuthority(t, "their authority")
	client := &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	ours.sign(t, "client", client)
	theirs.sign(t, "stranger", client)
	wanting := tlsServer(t, ours, ours, time.Time{}, ok)
	plain := tlsServer(t, theirs, nil, time.Time{}, ok)
	late := tlsServer(t, newAuthority(t, "x"), nil, time.Now().Add(-time.Minute), ok)
	http := httptest.NewServer(nil)
	t.Cleanup(http.Close)
	with := func(a *authority, name string) func(*httpsink.Options) {
		return func(o *httpsink.Options) {
			o.CAFile = ours.file("our authority.pem")
			o.ClientCertFile, o.ClientKeyFile = a.file(name+".pem"), a.file(name+".key")
		}
	}
	for _, c := range []struct {
		name       string
		url        string
		set        func(*httpsink.Options)
		want       string // in the error; empty: delivered
		wantStatus string
	}{
		{name: "client certificate", url: wanting.URL, set: with(ours, "client")},
		{name: "none", url: wanting.URL, set: func(o *httpsink.Options) { o.CAFile = ours.file("our authority.pem") },
			want: "it asks for a client certificate: set client_cert_file and client_key_file", wantStatus: "misconfigured"},
		{name: "another's", url: wanting.URL, set: with(theirs, "stranger"),
			want: "it refuses our client certificate, CN=stranger, issued by CN=their authority", wantStatus: "misconfigured"},
		{name: "an authority that is not trusted", url: plain.URL, set: with(ours, "client"),
			want: "signed by CN=their authority, who is not trusted: name that authority's certificate in ca_file"},
		{name: "another name", url: plain.URL, set: func(o *httpsink.Options) {
			o.CAFile, o.ServerName = theirs.file("their authority.pem"), "other.example.com"
		},
			want: "its certificate is for events.example.com, 127.0.0.1, not for other.example.com"},
		{name: "server_name", url: plain.URL, set: func(o *httpsink.Options) {
			o.CAFile, o.ServerName = theirs.file("their authority.pem"), "events.example.com"
		}},
		{name: "expired", url: late.URL, set: func(*httpsink.Options) {}, want: "its certificate (CN=server) has expired on "},
		{name: "no TLS there", url: "https" + strings.TrimPrefix(http.URL, "http"), set: func(*httpsink.Options) {}, want: "speaks no TLS"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := at(c.url)
			c.set(&o)
			if ps := o.Check(""); len(ps) > 0 {
				t.Fatal(ps)
			}
			s := newSink(t, o)
			_, de := deliver(t, s)
			rec, err := s.Connect(t.Context())
			t.Log(strings.Join(rec.Steps, "\n"))
			if c.want == "" {
				if de != nil || err != nil {
					t.Errorf("%v; connect: %v", de, err)
				}
				return
			}
			if de == nil || de.Scope != bridge.ThisRecipient || !de.Down || de.Status != c.wantStatus || !strings.Contains(de.Error(), c.want) {
				t.Errorf("%+v: %v", de, de)
			}
			if err == nil || !strings.Contains(strings.Join(rec.Steps, "\n"), c.want) {
				t.Errorf("connect: %v", err)
			}
		})
	}
}

func TestAllowPrivate(t *testing.T) {
	srv := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("connected") })
	o := at(strings.Replace(srv.URL, "127.0.0.1", "localhost", 1))
	o.AllowPrivate = false
	if _, de := deliver(t, newSink(t, o)); de == nil || !de.Down || !strings.Contains(de.Error(), "not a public one, and allow_private is false") {
		t.Errorf("%v", de)
	}
}

// A token is fetched, sent, replaced once it is refused; where the new one is
// refused too, that is the answer.
func TestTokens(t *testing.T) {
	asked, refuse := 0, map[string]bool{}
	tokens := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked++
		fmt.Fprintf(w, `{"access_token":"token%d","expires_in":3600}`, asked)
	})
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if refuse[r.Header.Get("Authorization")] {
			w.WriteHeader(401)
			fmt.Fprint(w, r.Header.Get("Authorization"))
		}
	})
	o := at(srv.URL)
	o.OAuth2.TokenURL, o.OAuth2.ClientID, o.OAuth2.ClientSecret = tokens.URL, "id", option.NewSecret("s3cr3t")
	s := newSink(t, o)
	for range 2 {
		if _, de := deliver(t, s); de != nil {
			t.Fatal(de)
		}
	}
	refuse["Bearer token1"] = true
	if _, de := deliver(t, s); de != nil || asked != 2 {
		t.Errorf("%v after %d tokens", de, asked)
	}
	refuse["Bearer token2"], refuse["Bearer token3"] = true, true
	rec, de := deliver(t, s)
	if de == nil || de.Status != "misconfigured" || de.AtLeast != 5*time.Minute || asked != 3 {
		t.Errorf("%+v after %d tokens", de, asked)
	}
	if strings.Contains(fmt.Sprint(rec, de), "token3") {
		t.Errorf("shows the token: %v %v", rec, de)
	}
}

// Markers in every secret field, with other sides that send back all they
// know, refuse, or are not there: none comes out anywhere.
func TestNoMarkerComesOut(t *testing.T) {
	const mark = "MARKER"
	echo := serve(t, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		w.WriteHeader(401)
		fmt.Fprintf(w, "%s|%s|%s|%s|%s", r.Header.Get("Authorization"), user+":"+password, r.URL.Query().Get("sig"), r.Header.Get("X-Key"), r.Header.Get("Proxy-Authorization"))
	})
	tokens := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, secret, _ := r.BasicAuth()
		if r.URL.Path == "/refuses" {
			w.WriteHeader(401)
			fmt.Fprintf(w, `{"error":"invalid_client","error_description":"bad %s"}`, secret)
			return
		}
		fmt.Fprint(w, `{"access_token":"`+mark+`-token"}`)
	})
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	auths := map[string]func(*httpsink.Options){
		"authorization": func(o *httpsink.Options) { o.Authorization = option.NewSecret("Bearer " + mark) },
		"basic":         func(o *httpsink.Options) { o.Username, o.Password = "user", option.NewSecret(mark+"/+ x") },
		"oauth2":        func(o *httpsink.Options) { o.OAuth2.TokenURL, o.OAuth2.ClientID = tokens.URL, "id" },
		"oauth2 refused": func(o *httpsink.Options) {
			o.OAuth2.TokenURL, o.OAuth2.ClientID = tokens.URL+"/refuses", "id"
		},
		"behind a proxy": func(o *httpsink.Options) {
			o.Proxy.Proxy, o.ProxyUsername, o.ProxyPassword = echo.URL, "user", option.NewSecret(mark+"-proxy")
		},
	}
	for name, set := range auths {
		for where, url := range map[string]string{"echo": echo.URL, "closed": "http://" + closed.Addr().String(), "no TLS": "https" + strings.TrimPrefix(echo.URL, "http")} {
			t.Run(name+", "+where, func(t *testing.T) {
				var log bytes.Buffer
				o := at(url + "/?sig=" + mark + "-query")
				o.Headers = map[string]string{"X-Key": mark + "-header"}
				o.SigningSecret = option.NewSecret("whsec_" + base64.StdEncoding.EncodeToString([]byte(mark+strings.Repeat("x", 32))))
				o.Log = zerolog.New(&log)
				set(&o)
				if o.OAuth2.TokenURL != "" {
					o.OAuth2.ClientSecret = option.NewSecret(mark + "-client")
				}
				ps := o.Check("")
				s := newSink(t, o)
				d := bridge.Delivery{Events: []bridge.Event{sinktest.PlainEvent(1)}, Attempt: 1, Explain: true}
				rec, de := s.Deliver(t.Context(), d)
				if de == nil || len(rec.Steps) == 0 {
					t.Fatalf("%v, %q: nothing to look at", de, rec.Steps)
				}
				connect, cerr := s.Connect(t.Context())
				preview, err := s.Preview(d)
				if err != nil || !bytes.HasPrefix(preview, []byte("POST /?… HTTP/1.1\r\nHost: 127.0.0.1")) {
					t.Errorf("%v %s", err, preview)
				}
				all := fmt.Sprintf("%v %+v %v %+v %v %s %s %+v", ps, rec, de, connect, cerr, preview, log.String(), o.Auth)
				for _, m := range []string{mark, o.SigningSecret.Reveal()[len("whsec_"):], base64.StdEncoding.EncodeToString([]byte("user:" + mark + "/+ x"))} {
					if i := strings.Index(all, m); i >= 0 {
						t.Errorf("%s is shown: …%s…", m, all[max(0, i-200):min(len(all), i+60)])
					}
				}
			})
		}
	}
}
