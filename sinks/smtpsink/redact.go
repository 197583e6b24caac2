package smtpsink

import (
	"errors"
	"fmt"
	"net/textproto"
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

// shown gives err with its text made fit to be shown. The library quotes a
// server's words, which would hide a secret in them from us.
func shown(w redact.Words, err error) error {
	text := err.Error()
	var p *textproto.Error
	if errors.As(err, &p) {
		text = strings.ReplaceAll(text, p.Error(), fmt.Sprintf("%03d %s", p.Code, p.Msg))
	}
	return shownError{text: w.Text(text, showMax), err: err}
}

// shownError is an error with another text.
type shownError struct {
	text string
	err  error
}

func (e shownError) Error() string { return e.text }
func (e shownError) Unwrap() error { return e.err }
