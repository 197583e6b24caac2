package option

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"
)

// AddressesMax bounds a list of mail addresses, as the vendor's page does.
const AddressesMax = 10

// addressLength bounds an address, in bytes (RFC 5321, 4.5.3.1.3).
const addressLength = 254

// CheckAddresses finds what is wrong with a list of bare mail addresses, which
// may be empty.
func CheckAddresses(key string, l List) (ps []Problem) {
	if len(l) > AddressesMax {
		ps = append(ps, Problem{Key: key, Text: fmt.Sprintf("has %d addresses", len(l)), Hint: "use ten at most, or the address of a list"})
	}
	seen := map[string]bool{}
	for i, a := range l {
		switch p, err := ParseAddress(a); {
		case err != nil:
			ps = append(ps, Problem{Key: key, Item: i + 1, Text: fmt.Sprintf("%q: %v", a, err), Hint: `use one like "helpdesk@example.com"`})
		case p.Name != "":
			ps = append(ps, Problem{Key: key, Item: i + 1, Text: fmt.Sprintf("%q has a name in it", a), Hint: fmt.Sprintf("use %q", p.Address)})
		case seen[strings.ToLower(p.Address)]:
			ps = append(ps, Problem{Key: key, Item: i + 1, Text: fmt.Sprintf("%q is there twice", a)})
		default:
			seen[strings.ToLower(p.Address)] = true
		}
	}
	return ps
}

// ParseAddress reads a mail address, or "Name <address>". Nothing in it ends a
// line of a dialog or a header.
func ParseAddress(s string) (*mail.Address, error) {
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
