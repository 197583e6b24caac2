package option

import (
	"net/netip"
	"strings"
)

// IsLoopback reports whether a host name or address is this machine's own, so
// that what is sent to it crosses no network.
func IsLoopback(host string) bool {
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
