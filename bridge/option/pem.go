package option

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// readBounded reads a file of most bytes at most.
func readBounded(path string, most int64) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return "", err
	}
	if int64(len(b)) > most {
		return "", fmt.Errorf("%s is longer than %s", path, Size(most))
	}
	return string(b), nil
}

// certificatesIn gives the certificates of a PEM text that can be read, in
// their order.
func certificatesIn(text string) (out []*x509.Certificate) {
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return out
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			out = append(out, c)
		}
	}
}

// checkKey says what keeps a text from being a private key that we can use.
func checkKey(path, text string) error {
	encrypted := false
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			encrypted = true
		} else if strings.HasSuffix(block.Type, "PRIVATE KEY") {
			return nil
		}
	}
	if encrypted {
		return fmt.Errorf("%s is encrypted, and there is nobody to ask for its password; write it decrypted, readable by us alone", path)
	}
	return fmt.Errorf("%s has no PEM private key in it", path)
}

// lastOf gives the certificate that lasts longest; nil of none.
func lastOf(certs []*x509.Certificate) (last *x509.Certificate) {
	for _, c := range certs {
		if last == nil || c.NotAfter.After(last.NotAfter) {
			last = c
		}
	}
	return last
}

// expiry says of a certificate that is not valid now, or not for long, when it
// is; empty: it is fine.
func expiry(c *x509.Certificate) string {
	const layout = "2006-01-02 15:04:05 UTC"
	now := time.Now()
	switch {
	case now.After(c.NotAfter):
		return "has expired on " + c.NotAfter.UTC().Format(layout)
	case now.Before(c.NotBefore):
		return "is not valid before " + c.NotBefore.UTC().Format(layout)
	case now.Add(expiresSoon).After(c.NotAfter):
		return "expires on " + c.NotAfter.UTC().Format(layout)
	}
	return ""
}
