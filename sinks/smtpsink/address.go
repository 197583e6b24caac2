package smtpsink

import (
	"net/mail"

	"github.com/tailpost/tailpost/bridge/option"
)

// addressLength bounds an address, in bytes (RFC 5321, 4.5.3.1.3), so that ten
// of them fit a delivery's note.
const addressLength = 254

func parseAddress(s string) (*mail.Address, error) { return option.ParseAddress(s) }
