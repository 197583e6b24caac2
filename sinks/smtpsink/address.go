package smtpsink

import (
	"errors"
	"net/mail"
	"strings"

	"golang.org/x/net/idna"

	"github.com/tailpost/tailpost/bridge/option"
)

// addressLength bounds an address, in bytes (RFC 5321, 4.5.3.1.3), so that ten
// of them fit a delivery's note.
const addressLength = 254

func parseAddress(s string) (*mail.Address, error) { return option.ParseAddress(s) }

// wire gives an address as it goes to the server, which may know of ASCII
// alone: its domain in the form that the domain name system has.
func wire(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 || isASCII(address[at:]) {
		return address
	}
	domain, err := idna.Lookup.ToASCII(address[at+1:])
	if err != nil {
		return address // the server will say what it thinks of it
	}
	return address[:at+1] + domain
}

// bare gives an address without the name that may stand before it.
func bare(address string) string {
	if a, err := parseAddress(address); err == nil {
		return a.Address
	}
	return address
}

// bracketed gives an address as commands have it.
func bracketed(address string) string {
	return (&mail.Address{Address: wire(address)}).String()
}

// errNoUTF8 is that of an address whose first part is not ASCII, for a server
// that takes no such address (RFC 6531).
var errNoUTF8 = errors.New("the server takes no address with characters outside ASCII before the @ (it offers no SMTPUTF8)")
