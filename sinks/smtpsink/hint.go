package smtpsink

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
)

// hintedError is an error with what would help. That comes first: errors are
// cut where they are long.
type hintedError struct {
	err  error
	hint string
}

func (e *hintedError) Error() string { return e.hint + " (" + e.err.Error() + ")" }
func (e *hintedError) Unwrap() error { return e.err }

// hinted adds what would help to the commonest mistakes about a mail server's
// port and certificate, where it is known.
func hinted(err error, security string) error {
	var (
		plain   tls.RecordHeaderError
		unknown x509.UnknownAuthorityError
		name    x509.HostnameError
	)
	hint := ""
	switch {
	case errors.As(err, &plain) && security == securityTLS:
		hint = `what answers there doesn't begin with TLS: use security = "starttls", or the server's port for TLS, mostly 465`
	case errors.As(err, &unknown):
		hint = "its certificate is not trusted: name that of who signed it in ca_file"
	case errors.As(err, &name):
		hint = "its certificate is for another name: use that one as host, or set server_name"
	case errors.Is(err, os.ErrDeadlineExceeded) && security != securityTLS:
		hint = `it says nothing; a port that begins with TLS, such as 465, waits so, and needs security = "tls"`
	default:
		return err
	}
	return &hintedError{err: err, hint: hint}
}
