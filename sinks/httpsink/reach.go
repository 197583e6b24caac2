package httpsink

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"
)

// errPrivate is a connection that allow_private = false forbids.
var errPrivate = errors.New("the address is not a public one, and allow_private is false")

// onlyPublic refuses a connection to an address that is not public. It is a
// net.Dialer's Control: it sees each address that is dialled, whatever a name
// resolved to before.
func onlyPublic(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !isPublic(at.Addr()) {
		return fmt.Errorf("%s: %w", address, errPrivate)
	}
	return nil
}

// notPublic are the networks whose addresses mean something on this machine,
// in this network or at this provider alone, or nothing at all: the special
// registries of IANA (RFC 6890), and one address that a provider's machines
// reach their host at.
var notPublic = func() (out []netip.Prefix) {
	for _, s := range []string{
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
		"192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
		"224.0.0.0/4", "240.0.0.0/4",
		"168.63.129.16/32",         // Azure's host
		"::/96", "::ffff:0:0:0/96", // IPv4 in other clothes
		"64:ff9b:1::/48",        // NAT64 within a network
		"100::/64", "2001::/23", // discarded; Teredo and other protocols' own
		"2001:db8::/32", "3fff::/20", // documentation
		"5f00::/16",             // segment routing
		"fc00::/7", "fe80::/10", // unique local, link-local
		"fec0::/10", "ff00::/8", // site-local, multicast
	} {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}()

var (
	nat64     = netip.MustParsePrefix("64:ff9b::/96")
	sixToFour = netip.MustParsePrefix("2002::/16")
)

// isPublic reports whether an address is one of the internet's. Of one that
// carries an IPv4 address it is that which counts.
func isPublic(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsValid() {
		return false
	}
	b := a.As16()
	switch {
	case nat64.Contains(a):
		return isPublic(netip.AddrFrom4([4]byte(b[12:16])))
	case sixToFour.Contains(a):
		return isPublic(netip.AddrFrom4([4]byte(b[2:6])))
	}
	for _, p := range notPublic {
		if p.Contains(a) {
			return false
		}
	}
	return true
}
