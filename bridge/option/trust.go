package option

import (
	"crypto/x509"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
)

// rootsMax bounds a file of certificates, in bytes.
const rootsMax = 4 << 20

// ReadRoots reads the certificates of a PEM file (ca_file).
func ReadRoots(path string) (*x509.CertPool, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	pem, err := io.ReadAll(io.LimitReader(f, rootsMax))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s has no PEM certificate in it", path)
	}
	return pool, nil
}

// IsLoopback reports whether a host name or address is this machine's own, so
// that what is sent to it crosses no network.
func IsLoopback(host string) bool {
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
