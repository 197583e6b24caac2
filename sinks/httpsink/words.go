package httpsink

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/tailpost/tailpost/bridge/option"
)

const dayLayout = "2006-01-02 15:04:05 UTC"

// inWords says why a secure connection was not made, or was ended, so that
// somebody who knows no TLS can mend it; empty where there is nothing to add.
func inWords(err error, o *option.TLS) string {
	var bad *tls.CertificateVerificationError
	if errors.As(err, &bad) && len(bad.UnverifiedCertificates) > 0 {
		return untrusted(bad.Err, bad.UnverifiedCertificates[0])
	}
	if alert := remoteAlert(err); alert != "" {
		return alerted(alert, o)
	}
	var noTLS tls.RecordHeaderError
	if errors.As(err, &noTLS) || errors.Is(err, http.ErrSchemeMismatch) {
		return "what answers there speaks no TLS: is its url http://, or its port another?"
	}
	if strings.Contains(err.Error(), "tls: server selected unsupported protocol version") {
		return "it speaks an older TLS than 1.2 only"
	}
	return ""
}

// untrusted says what is wrong with a server's certificate.
func untrusted(err error, c *x509.Certificate) string {
	var (
		unknown x509.UnknownAuthorityError
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &unknown) && c.Issuer.String() == c.Subject.String():
		return fmt.Sprintf("its certificate (%s) is signed by itself, and not trusted: name it in ca_file", c.Subject)
	case errors.As(err, &unknown):
		return fmt.Sprintf("its certificate (%s) is signed by %s, who is not trusted: name that authority's certificate in ca_file", c.Subject, c.Issuer)
	case errors.As(err, &name):
		return fmt.Sprintf("its certificate is for %s, not for %s: use such a name in url, or set server_name", namesOf(c), name.Host)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && time.Now().After(c.NotAfter):
		return fmt.Sprintf("its certificate (%s) has expired on %s", c.Subject, c.NotAfter.UTC().Format(dayLayout))
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && time.Now().Before(c.NotBefore):
		return fmt.Sprintf("its certificate (%s) is not valid before %s: is this machine's clock right?", c.Subject, c.NotBefore.UTC().Format(dayLayout))
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Sprintf("a certificate that signs its own (%s) has expired", c.Subject)
	}
	return ""
}

// namesOf gives what a certificate is for: a few of its names.
func namesOf(c *x509.Certificate) string {
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	const most = 5
	switch {
	case len(names) == 0:
		return "no name at all"
	case len(names) > most:
		return strings.Join(names[:most], ", ") + " and others"
	}
	return strings.Join(names, ", ")
}

// remoteAlert gives the other side's word for why it ended TLS; empty: it
// said none.
func remoteAlert(err error) string {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "remote error" && op.Err != nil {
		return strings.TrimPrefix(op.Err.Error(), "tls: ")
	}
	return ""
}

// refusesUs reports whether an alert is about our certificate. With TLS 1.3 it
// comes when we take the connection for made.
func refusesUs(alert string) bool {
	switch alert {
	case "bad certificate", "unsupported certificate", "revoked certificate", "expired certificate", "unknown certificate",
		"unknown certificate authority", "access denied", "certificate required":
		return true
	}
	return false
}

func alerted(alert string, o *option.TLS) string {
	own := o.ClientCertificate()
	switch {
	case alert == "protocol version not supported":
		return "it does not speak TLS 1.2 or 1.3"
	case own == nil && (refusesUs(alert) || alert == "handshake failure"):
		return "it asks for a client certificate: set client_cert_file and client_key_file"
	case own != nil && refusesUs(alert):
		return "it refuses our client certificate, " + ours(own)
	}
	return ""
}

// ours describes our own certificate.
func ours(c *x509.Certificate) string {
	end := "good until "
	if time.Now().After(c.NotAfter) {
		end = "expired on "
	}
	return fmt.Sprintf("%s, issued by %s, %s%s", c.Subject, c.Issuer, end, c.NotAfter.UTC().Format(dayLayout))
}

// refusesCertificate reports whether an answer is nginx's to a client
// certificate that is missing or not trusted: it finishes the handshake, and
// says so in a 400. That is no fault of the event.
func refusesCertificate(resp *http.Response, said []byte) bool {
	if resp.TLS == nil || resp.StatusCode != http.StatusBadRequest {
		return false
	}
	text := string(said)
	return strings.Contains(text, "No required SSL certificate was sent") || strings.Contains(text, "The SSL certificate error")
}
