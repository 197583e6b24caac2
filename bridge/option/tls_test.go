package option

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// pair makes a certificate that signs itself, and its key, both PEM.
func pair(t *testing.T, name string, from, to time.Time) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: to,
		IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))
}

func TestTLSCheck(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, valid := range map[string][2]time.Duration{
		"good": {-time.Hour, 1000 * time.Hour}, "other": {-time.Hour, 1000 * time.Hour}, "old": {-2 * time.Hour, -time.Hour},
		"ending": {-time.Hour, 48 * time.Hour}, "young": {48 * time.Hour, 1000 * time.Hour},
	} {
		cert, key := pair(t, name, now.Add(valid[0]), now.Add(valid[1]))
		write(name+".pem", cert)
		write(name+".key", key)
	}
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	write("bundle.pem", read("old.pem")+read("good.pem"))
	write("both.pem", read("good.key")+read("good.pem"))
	write("text", "no certificate")
	write("locked.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")
	write("long", strings.Repeat("x", rootsMax+1))

	for _, tc := range []struct {
		name string
		set  TLS
		want []string // beginnings; "warning: " before a warning
	}{
		{name: "nothing set"},
		{name: "all of it", set: TLS{CAFile: "good.pem", ClientCertFile: "good.pem", ClientKeyFile: "good.key", ServerName: "a.example.com"}},
		{name: "one file for both", set: TLS{ClientCertFile: "both.pem", ClientKeyFile: "both.pem"}},
		{name: "an old authority beside a good one", set: TLS{CAFile: "bundle.pem"}},
		{name: "an old authority", set: TLS{CAFile: "old.pem"}, want: []string{"warning: ca_file: the certificate that lasts longest has expired on "}},
		{name: "no such authority", set: TLS{CAFile: "none"}, want: []string{"ca_file: open " + dir + "/none: no such file"}},
		{name: "no authority in it", set: TLS{CAFile: "text"}, want: []string{"ca_file: " + dir + "/text has no PEM certificate"}},
		{name: "too long", set: TLS{CAFile: "long"}, want: []string{"ca_file: " + dir + "/long is longer than 4MiB"}},
		{name: "no key", set: TLS{ClientCertFile: "good.pem"}, want: []string{"client_cert_file: has no key with it; add client_key_file"}},
		{name: "no certificate", set: TLS{ClientKeyFile: "good.key"}, want: []string{"client_key_file: has no certificate with it; add client_cert_file"}},
		{name: "another's key", set: TLS{ClientCertFile: "good.pem", ClientKeyFile: "other.key"}, want: []string{"client_key_file: " + dir + "/other.key is not the key of the certificate in " + dir + "/good.pem"}},
		{name: "files that aren't there", set: TLS{ClientCertFile: "none", ClientKeyFile: "none"}, want: []string{"client_cert_file: open ", "client_key_file: open "}},
		{name: "swapped", set: TLS{ClientCertFile: "good.key", ClientKeyFile: "good.pem"}, want: []string{"client_cert_file: " + dir + "/good.key has no PEM certificate", "client_key_file: " + dir + "/good.pem has no PEM private key"}},
		{name: "a key under a password", set: TLS{ClientCertFile: "good.pem", ClientKeyFile: "locked.key"}, want: []string{"client_key_file: " + dir + "/locked.key is encrypted"}},
		{name: "expired", set: TLS{ClientCertFile: "old.pem", ClientKeyFile: "old.key"}, want: []string{"warning: client_cert_file: the certificate of CN=old has expired on "}},
		{name: "ends soon", set: TLS{ClientCertFile: "ending.pem", ClientKeyFile: "ending.key"}, want: []string{"warning: client_cert_file: the certificate of CN=ending expires on "}},
		{name: "not yet", set: TLS{ClientCertFile: "young.pem", ClientKeyFile: "young.key"}, want: []string{"warning: client_cert_file: the certificate of CN=young is not valid before "}},
		{name: "an address as name", set: TLS{ServerName: "2001:db8::1"}},
		{name: "a URL as name", set: TLS{ServerName: "https://a.example.com"}, want: []string{`server_name: "https://a.example.com" is no host name`}},
		{name: "a port behind it", set: TLS{ServerName: "a.example.com:443"}, want: []string{`server_name: "a.example.com:443" is no host name`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			refused := false
			for _, p := range tc.set.Check(dir) {
				s := p.String()
				if refused = refused || !p.Warning; p.Warning {
					s = "warning: " + s
				}
				got = append(got, s)
			}
			if !slices.EqualFunc(got, tc.want, strings.HasPrefix) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
			}
			if refused {
				return
			}
			c, err := tc.set.Config()
			if err != nil {
				t.Fatal(err)
			}
			if c.MinVersion != tls.VersionTLS12 || c.ServerName != tc.set.ServerName ||
				(c.RootCAs != nil) != (tc.set.CAFile != "") || len(c.Certificates) > 0 != (tc.set.ClientCertFile != "") {
				t.Errorf("%+v", c)
			}
			if out := fmt.Sprintf("%+v %#v", tc.set, tc.set); strings.Contains(out, "PRIVATE KEY") {
				t.Errorf("prints its key: %s", out)
			}
		})
	}
}

// A file that changed makes settings that differ, and settings that weren't
// checked connect to nobody.
func TestTLSDiffersByContent(t *testing.T) {
	dir := t.TempDir()
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "ca.pem"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now()
	one, _ := pair(t, "a", now, now.Add(1000*time.Hour))
	two, _ := pair(t, "a", now, now.Add(1000*time.Hour))
	load := func() TLS {
		o := TLS{CAFile: "ca.pem"}
		if ps := o.Check(dir); len(ps) > 0 {
			t.Fatal(ps)
		}
		return o
	}
	write(one)
	a, b := load(), load()
	write(two)
	c := load()
	if !reflect.DeepEqual(a, b) || reflect.DeepEqual(a, c) {
		t.Errorf("same file: equal %v; changed file: equal %v", reflect.DeepEqual(a, b), reflect.DeepEqual(a, c))
	}
	if err := os.Remove(filepath.Join(dir, "ca.pem")); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Config(); err != nil {
		t.Errorf("opens a file: %v", err)
	}
	for _, o := range []TLS{{CAFile: "ca.pem"}, {ClientCertFile: "a", ClientKeyFile: "b"}} {
		if c, err := o.Config(); err == nil {
			t.Errorf("%+v unchecked gives %+v", o, c)
		}
	}
}
