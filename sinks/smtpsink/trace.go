package smtpsink

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	maillog "github.com/wneessen/go-mail/log"
	"github.com/wneessen/go-mail/smtp"

	"github.com/tailpost/tailpost/sinks/macro"
	"github.com/tailpost/tailpost/sinks/redact"
)

// stepsMax bounds what a trace holds, in lines.
const stepsMax = 64

// trace says in words how a dialog went. A nil one holds nothing: nobody
// watches.
type trace struct {
	hide   redact.Words
	steps  []string
	answer string // the server's last
}

func (t *trace) say(format string, args ...any) {
	if t == nil || len(t.steps) == stepsMax {
		return
	}
	t.steps = append(t.steps, t.hide.Text(fmt.Sprintf(format, args...), stepMax))
}

// answered says what the server answered last.
func (t *trace) answered(step string) {
	if t == nil {
		return
	}
	if t.answer == "" {
		t.say("%s", step)
	} else {
		t.say("%s: %s", step, t.answer)
	}
	t.answer = ""
}

func (t *trace) failed(step string, err error) {
	if t != nil {
		t.say("%s: failed: %v", step, shown(t.hide, err))
	}
}

// conceal puts other words under what is hidden.
func (t *trace) conceal(hide redact.Words) {
	if t != nil {
		t.hide = hide
	}
}

// listen takes the server's answers from the library, which keeps them to
// itself but for its log of the dialog. That has no login in it.
func (t *trace) listen(c *smtp.Client) {
	if t == nil {
		return
	}
	c.SetLogger(listener{t})
	c.SetDebugLog(true)
}

// secured says by what a connection is secured.
func (t *trace) secured(s *tls.ConnectionState) {
	if t == nil {
		return
	}
	t.say("%s, %s", tls.VersionName(s.Version), tls.CipherSuiteName(s.CipherSuite))
	if len(s.PeerCertificates) > 0 {
		t.say("certificate of %s", certificate(s.PeerCertificates[0]))
	}
}

// untrusted is failed, with the certificate if that is why.
func (t *trace) untrusted(step string, err error) {
	var cert *tls.CertificateVerificationError
	if errors.As(err, &cert) && len(cert.UnverifiedCertificates) > 0 {
		t.say("certificate of %s", certificate(cert.UnverifiedCertificates[0]))
	}
	t.failed(step, err)
}

// certificate says whose a certificate is.
func certificate(c *x509.Certificate) string {
	name := c.Subject.String()
	if len(c.DNSNames) > 0 {
		name = strings.Join(c.DNSNames[:min(len(c.DNSNames), 4)], ", ")
	}
	return fmt.Sprintf("%s, by %s, valid until %s", macro.OneLine(name, showMax), macro.OneLine(c.Issuer.String(), showMax), c.NotAfter.UTC().Format(macro.TimeLayout))
}

// listener is the library's log.
type listener struct{ t *trace }

// Debugf takes code and text of an answer.
func (l listener) Debugf(m maillog.Log) {
	if m.Direction == maillog.DirServerToClient && len(m.Messages) == 2 {
		l.t.answer = fmt.Sprintf("%v %v", m.Messages...)
	}
}

func (listener) Infof(maillog.Log)  {}
func (listener) Warnf(maillog.Log)  {}
func (listener) Errorf(maillog.Log) {}
