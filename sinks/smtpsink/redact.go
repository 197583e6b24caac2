package smtpsink

import (
	"fmt"
	"net/textproto"
	"strconv"
	"strings"

	"github.com/tailpost/tailpost/sinks/redact"
)

// Bounds on what people see of a server's words, in bytes: in an error, and in
// a line of what happened.
const (
	showMax = 256
	stepMax = 512
)

// hidePassword hides a password, also as a login by PLAIN has it: the server
// might repeat what we sent.
func hidePassword(user, password string) redact.Words {
	if password == "" {
		return redact.Words{}
	}
	return redact.New("\x00"+user+"\x00"+password, password)
}

// hideToken hides a token, also as a login by XOAUTH2 has it.
func hideToken(w redact.Words, user, token string) redact.Words {
	return w.And("user="+user+"\x01auth=Bearer "+token+"\x01\x01", token)
}

// shown gives err with its text made fit to be shown.
func shown(w redact.Words, err error) error {
	return shownError{text: w.Text(unquoted(err, err.Error()), showMax), err: err}
}

// unquoted gives an error's text with the server's words as they came. The
// library quotes them, which would hide a secret in them from us.
func unquoted(err error, text string) string {
	switch e := err.(type) {
	case *textproto.Error:
		return strings.ReplaceAll(text, e.Error(), fmt.Sprintf("%03d %s", e.Code, e.Msg))
	case textproto.ProtocolError:
		before, _, _ := strings.Cut(string(e), `"`)
		if plain, err := strconv.Unquote(string(e)[len(before):]); err == nil {
			return strings.ReplaceAll(text, string(e), before+plain)
		}
	case interface{ Unwrap() error }:
		return unquoted(e.Unwrap(), text)
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			text = unquoted(one, text)
		}
	}
	return text
}

// shownError is an error with another text.
type shownError struct {
	text string
	err  error
}

func (e shownError) Error() string { return e.text }
func (e shownError) Unwrap() error { return e.err }
