//go:build e2e

package e2e

import (
	"crypto/ecdsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// authority signs certificates, each with a key of its own.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string // its certificate
	made int64  // serial of the newest
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{t: t, key: newKey(t), file: filepath.Join(t.TempDir(), "ca.pem")}
	c := a.template(name, 24*time.Hour)
	c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	a.cert = writeCertificate(t, a.file, c, c, a.key, a.key)
	return a
}

func (a *authority) template(name string, lasts time.Duration) *x509.Certificate {
	a.made++
	return &x509.Certificate{
		SerialNumber: big.NewInt(a.made), Subject: pkix.Name{CommonName: name}, KeyUsage: x509.KeyUsageDigitalSignature,
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(lasts),
	}
}

// client makes NAME.pem and NAME.key in dir, for a client; what stood there is
// replaced by rename, the certificate first.
func (a *authority) client(dir, name string, lasts time.Duration) {
	a.t.Helper()
	c := a.template(name, lasts)
	c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	a.write(dir, name, c)
}

// server makes server.pem and server.key in dir, for 127.0.0.1.
func (a *authority) server(dir string) {
	a.t.Helper()
	c := a.template("receiver.example.test", 24*time.Hour)
	c.ExtKeyUsage, c.IPAddresses = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, []net.IP{net.IPv4(127, 0, 0, 1)}
	a.write(dir, "server", c)
}

func (a *authority) write(dir, name string, c *x509.Certificate) {
	a.t.Helper()
	key := newKey(a.t)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	to := filepath.Join(dir, name)
	writeCertificate(a.t, to+".pem.new", c, a.cert, key, a.key)
	writePEM(a.t, to+".key.new", "PRIVATE KEY", der)
	for _, end := range []string{".pem", ".key"} {
		if err := os.Rename(to+end+".new", to+end); err != nil {
			a.t.Fatal(err)
		}
	}
}

// trust puts the authority's certificate into the file name, by rename.
func (a *authority) trust(name string) {
	a.t.Helper()
	b, err := os.ReadFile(a.file)
	if err == nil {
		err = os.WriteFile(name+".new", b, 0o600)
	}
	if err == nil {
		err = os.Rename(name+".new", name)
	}
	if err != nil {
		a.t.Fatal(err)
	}
}
