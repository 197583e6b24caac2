package option

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// TLS are the settings by which the two ends of a connection trust each other.
// It is meant to be embedded, so that its keys stand in its owner's table.
// Check reads the files and keeps what is in them: where a file has changed,
// reflect.DeepEqual tells the settings apart, and Config opens none.
type TLS struct {
	CAFile         string `toml:"ca_file" doc:"certificates (PEM) in the place of the system's roots"`
	ClientCertFile string `toml:"client_cert_file" doc:"our own certificate (PEM), then its issuers'"`
	ClientKeyFile  string `toml:"client_key_file" doc:"its key (PEM), not encrypted"`
	ServerName     string `toml:"server_name" doc:"what the server's certificate must be for; empty: the host that is connected to"`

	// PEM, as Check read it. A certificate's file may hold the key, too.
	ca, cert, key Secret
}

const (
	rootsMax    = 4 << 20             // of a ca_file, in bytes
	certMax     = 1 << 20             // of a client_cert_file
	expiresSoon = 14 * 24 * time.Hour // when a certificate's end is worth a warning
)

// Check finds what is wrong with the settings, makes the files' paths absolute
// as FilePath does, and reads the files. A certificate that has expired, or
// will within two weeks, earns a warning.
func (o *TLS) Check(dir string) []Problem {
	o.ca, o.cert, o.key = Secret{}, Secret{}, Secret{}
	ps := append(o.checkRoots(dir), o.checkPair(dir)...)
	if o.ServerName != "" && !isServerName(o.ServerName) {
		ps = append(ps, Problem{Key: "server_name", Text: fmt.Sprintf("%q is no host name or address", o.ServerName), Hint: "it has no scheme and no port"})
	}
	return ps
}

func (o *TLS) checkRoots(dir string) []Problem {
	const key = "ca_file"
	if o.CAFile == "" {
		return nil
	}
	named := o.CAFile
	o.CAFile = FilePath(o.CAFile, dir)
	text, err := readBounded(o.CAFile, rootsMax)
	if err != nil {
		return []Problem{outside(key, named, err)}
	}
	last := lastOf(certificatesIn(text))
	if last == nil {
		return []Problem{{Key: key, Text: o.CAFile + " has no PEM certificate in it"}}
	}
	o.ca = NewSecret(text)
	if text := expiry(last); text != "" {
		return []Problem{{Key: key, Text: "the certificate that lasts longest " + text, Warning: true}}
	}
	return nil
}

func (o *TLS) checkPair(dir string) []Problem {
	const certKey, keyKey = "client_cert_file", "client_key_file"
	switch {
	case o.ClientCertFile == "" && o.ClientKeyFile == "":
		return nil
	case o.ClientKeyFile == "":
		return []Problem{{Key: certKey, Text: "has no key with it", Hint: "add client_key_file"}}
	case o.ClientCertFile == "":
		return []Problem{{Key: keyKey, Text: "has no certificate with it", Hint: "add client_cert_file"}}
	}
	namedCert, namedKey := o.ClientCertFile, o.ClientKeyFile
	o.ClientCertFile, o.ClientKeyFile = FilePath(o.ClientCertFile, dir), FilePath(o.ClientKeyFile, dir)
	var ps []Problem
	cert, err := readBounded(o.ClientCertFile, certMax)
	certs := certificatesIn(cert)
	switch {
	case err != nil:
		ps = append(ps, outside(certKey, namedCert, err))
	case len(certs) == 0:
		ps = append(ps, Problem{Key: certKey, Text: o.ClientCertFile + " has no PEM certificate in it"})
	}
	key, err := readBounded(o.ClientKeyFile, secretMax)
	if err == nil {
		err = checkKey(o.ClientKeyFile, key)
	}
	if err != nil {
		ps = append(ps, outside(keyKey, namedKey, err))
	}
	if len(ps) > 0 {
		return ps
	}
	if _, err := tls.X509KeyPair([]byte(cert), []byte(key)); err != nil {
		// The library's own words may one day quote what it couldn't read.
		return []Problem{{Key: keyKey, Text: fmt.Sprintf("%s is not the key of the certificate in %s", o.ClientKeyFile, o.ClientCertFile),
			Hint: "the certificate stands first in its file, before its issuers'"}}
	}
	o.cert, o.key = NewSecret(cert), NewSecret(key)
	if text := expiry(certs[0]); text != "" {
		return []Problem{{Key: certKey, Text: "the certificate of " + certs[0].Subject.String() + " " + text, Warning: true}}
	}
	return nil
}

var (
	errUnchecked = errors.New("its settings have not been checked")
	errPair      = errors.New("the client certificate and its key don't fit")
)

// Config gives what a connection needs, of settings that Check took: TLS 1.2
// at least, with ServerName as it is set. It opens no file. The caller owns
// what it gets.
func (o *TLS) Config() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: o.ServerName}
	if (o.CAFile != "") != o.ca.IsSet() || (o.ClientCertFile != "") != o.cert.IsSet() {
		return nil, errUnchecked // rather that than the system's roots, or no certificate
	}
	if o.ca.IsSet() {
		c.RootCAs = x509.NewCertPool()
		for _, cert := range certificatesIn(o.ca.Reveal()) {
			c.RootCAs.AddCert(cert)
		}
	}
	if o.cert.IsSet() {
		pair, err := tls.X509KeyPair([]byte(o.cert.Reveal()), []byte(o.key.Reveal()))
		if err != nil {
			return nil, errPair
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// ClientCertificate gives our own certificate; nil: there is none.
func (o *TLS) ClientCertificate() *x509.Certificate {
	if certs := certificatesIn(o.cert.Reveal()); len(certs) > 0 {
		return certs[0]
	}
	return nil
}

// isServerName reports whether s can be what a certificate is for.
func isServerName(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	if len(s) > 253 {
		return false
	}
	for _, r := range s {
		if r != '.' && r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return false
		}
	}
	return s[0] != '.' && s[0] != '-'
}
