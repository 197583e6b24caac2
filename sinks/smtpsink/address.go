package smtpsink

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"
)

// addressLength bounds an address, in bytes (RFC 5321, 4.5.3.1.3), so that ten
// of them fit a delivery's note.
const addressLength = 254

func parseAddress(s string) (*mail.Address, error) {
	a, err := mail.ParseAddress(s)
	switch {
	case err != nil || !strings.Contains(a.Address, "@"):
		return nil, errors.New("is no mail address")
	case len(a.Address) > addressLength:
		return nil, fmt.Errorf("is longer than %d characters", addressLength)
	case strings.ContainsFunc(a.Address, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '<' || r == '>' }):
		return nil, errors.New("has blanks or control characters in it")
	}
	return a, nil
}
