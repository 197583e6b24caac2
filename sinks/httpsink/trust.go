package httpsink

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/oauth"
)

// trust prepares what the two sides know each other by: certificates, the
// proxy between them, tokens, signatures, and what of it is never shown.
func (s *Sink) trust() (err error) {
	if s.sign, err = s.o.signer(); err != nil {
		return err
	}
	tlsConfig, err := s.o.TLS.Config()
	if err != nil {
		return err
	}
	if s.transport, err = newTransport(s.o, s.target.fixed, tlsConfig); err != nil {
		return err
	}
	proxy, err := s.o.forURL(s.target.fixed)
	if err != nil {
		return err
	}
	if proxy != nil {
		s.proxy = (&url.URL{Scheme: proxy.Scheme, Host: proxy.Host}).String()
	}
	secrets := append(s.o.signingSecrets(), proxySecrets(proxy)...)
	secrets = append(secrets, s.o.password.Reveal(), s.o.Password.Reveal())
	if s.o.OAuth2.IsSet() {
		if err := s.trustTokens(); err != nil {
			return err
		}
		secrets = append(secrets, s.tokens.Secret().Reveal())
	}
	s.hide = newWords(s.header, s.target.secrets, append(secrets, s.target.paths...))
	return nil
}

// trustTokens prepares the source of tokens. Its connections have the
// recipient's authorities, proxy and limits; server_name is the recipient's
// alone.
func (s *Sink) trustTokens() error {
	to, err := url.Parse(s.o.OAuth2.TokenURL)
	if err != nil {
		return errors.New("oauth2.token_url: is no URL")
	}
	tlsConfig, err := s.o.TLS.Config()
	if err != nil {
		return err
	}
	tlsConfig.ServerName = ""
	transport, err := newTransport(s.o, to, tlsConfig)
	if err != nil {
		return err
	}
	transport.DisableKeepAlives = true
	o := s.o.OAuth2
	o.UserAgent = s.o.UserAgent
	s.tokens, err = oauth.New(o, transport)
	return err
}

// token gives the token for a request; an empty one where none is needed.
func (s *Sink) token(ctx context.Context, t *steps) (option.Secret, error) {
	if s.tokens == nil {
		return option.Secret{}, nil
	}
	got, err := s.tokens.Token(ctx)
	if err == nil {
		t.say("a token of %s is at hand", s.tokens.Shown())
	}
	return got, err
}

// noToken classifies a failure to get one: the recipient is not asked without.
func (s *Sink) noToken(ctx context.Context, err error) error {
	e := &bridge.DeliveryError{Scope: bridge.ThisRecipient, Down: ctx.Err() == nil, Err: s.hide.Err(err, errMax)}
	var refused *oauth.Error
	if errors.As(err, &refused) && refused.Misconfigured() {
		e.Status, e.AtLeast = "misconfigured", classify(http.StatusForbidden).AtLeast
	}
	return e
}

// watch begins the steps of an attempt.
func (s *Sink) watch() *steps {
	t := &steps{hide: s.hide, tls: &s.o.TLS}
	if s.proxy != "" {
		t.say("through the proxy %s", s.proxy)
	}
	return t
}

// ended gives the steps, with how it ended.
func (s *steps) ended(rec bridge.Receipt, err error) []string {
	switch {
	case err != nil:
		s.say("after %s: %v", round(rec.Took), err)
	case rec.Answer != "":
		s.say("after %s it answered %s", round(rec.Took), rec.Answer)
	}
	return s.said()
}

var _ bridge.Inspector = (*Sink)(nil)

// Preview gives the request that Deliver would send. Secrets, the values of
// configured headers and the query are blotted out.
func (s *Sink) Preview(d bridge.Delivery) ([]byte, error) {
	if len(d.Events) == 0 {
		return nil, nil
	}
	out, err := s.write(d.Events)
	if err != nil {
		return nil, err
	}
	var token option.Secret
	if s.tokens != nil {
		token = option.NewSecret("token")
	}
	r := s.request(context.Background(), time.Now(), d.Events, out, token).Request
	own := map[string]bool{"User-Agent": true, "Content-Type": true, "Webhook-Id": true, "Webhook-Timestamp": true, "Webhook-Signature": true}
	for name := range r.Header {
		if !own[name] && out.header[name] == nil {
			r.Header[name] = []string{"<redacted>"}
		}
	}
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	path := showURL(&url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery})
	if path == "" || path[0] == '?' {
		path = "/" + path
	}
	if s.target.hidden {
		path = hiddenPath
	}
	b := fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", path, s.hide.Blot(host), len(out.body))
	var head headerText
	if err := r.Header.Write(&head); err != nil {
		return nil, err
	}
	return append(append(append(b, head...), '\r', '\n'), out.body...), nil
}

type headerText []byte

func (h *headerText) Write(p []byte) (int, error) { *h = append(*h, p...); return len(p), nil }
