package alert

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tailpost/tailpost/sinks/redact"
)

const (
	hookTimeout = 15 * time.Second // of a whole POST
	hookConnect = 10 * time.Second // of a dial, and of a TLS handshake
	answerMax   = 4 << 10          // bytes of an answer that are read
	errMax      = 256              // of what people see of an error
)

func newClient(t http.RoundTripper) *http.Client {
	if t == nil {
		dialer := &net.Dialer{Timeout: hookConnect}
		t = &http.Transport{
			Proxy: redact.Proxy, OnProxyConnectResponse: redact.ProxyAnswer, DialContext: dialer.DialContext, DisableCompression: true,
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, TLSHandshakeTimeout: hookConnect,
			MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10,
		}
	}
	return &http.Client{
		Transport:     t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// hidden hides an alert_url's path and query: the library's errors quote what
// a server says that talks no HTTP, or redirects to what is no URL, and it may
// say what it was asked.
func hidden(u *url.URL) redact.Words {
	const shortest = 8 // a shorter part is rather a name
	secrets := []string{u.RequestURI(), u.RawQuery}
	parts := strings.Split(u.Path, "/")
	for _, vs := range u.Query() {
		parts = append(parts, vs...)
	}
	for _, p := range parts {
		if len(p) >= shortest {
			secrets = append(secrets, p)
		}
	}
	return redact.New(secrets...)
}

// post sends a message to an alert_url; any 2xx takes it. Errors name neither
// the URL nor what was answered: both may hold a secret.
func (a *Alerts) post(ctx context.Context, to string, m *message) error {
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode the alert: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, hookTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return errors.New("alert_url is no URL")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "tailpost")
	resp, err := a.client.Do(req)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return fmt.Errorf("post to %s: %w", req.URL.Host, hidden(req.URL).Err(err, errMax))
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, answerMax) // so that the connection can be used again
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("%s answered %d %s", req.URL.Host, resp.StatusCode, http.StatusText(resp.StatusCode))
	}
	return nil
}
