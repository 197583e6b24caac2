package option

import (
	"crypto/x509"
	"fmt"
	"net/netip"
	"strings"
)

// ReadRoots reads the certificates of a PEM file (ca_file).
func ReadRoots(path string) (*x509.CertPool, error) {
	text, err := readBounded(path, rootsMax)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(text)) {
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
