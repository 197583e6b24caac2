package oauth

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/redact"
)

// Source gives the tokens of one client. It may be used by several goroutines
// at once.
type Source struct {
	o         Options
	url       *url.URL
	shown     string // the URL as people may see it
	transport http.RoundTripper
	hide      redact.Words

	turn chan struct{} // who is in it fetches; the others wait for what comes of it

	mu       sync.Mutex
	current  token
	failed   error // of the last fetch that failed
	failures int   // how many have
}

// token is an access token and its end; zero: it doesn't tell.
type token struct {
	text  option.Secret
	until time.Time
}

// New makes a source of checked options. It fetches nothing yet. A nil
// transport: the one that Transport gives.
func New(o Options, transport http.RoundTripper) (*Source, error) {
	u, problems := parseTokenURL(o.TokenURL)
	for _, p := range problems {
		if !p.Warning {
			return nil, fmt.Errorf("%s: %s", Table, p)
		}
	}
	if !o.secret.IsSet() {
		o.secret = o.ClientSecret
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.UserAgent == "" {
		o.UserAgent = "tailpost"
	}
	if transport == nil {
		transport = Transport(&tls.Config{MinVersion: tls.VersionTLS12})
	}
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return &Source{
		o: o, url: u, shown: shown.String(), transport: transport,
		hide: hidden(o, u), turn: make(chan struct{}, 1),
	}, nil
}

// hidden hides the client's secret, and what of the URL's query and of the
// parameters may be one.
func hidden(o Options, u *url.URL) redact.Words {
	secrets := []string{o.secret.Reveal(), basic(o), strings.TrimPrefix(basic(o), "Basic "), u.RawQuery}
	const shortest = 8 // a shorter one is rather a name
	keep := func(v string) {
		if len(v) >= shortest {
			secrets = append(secrets, v)
		}
	}
	for _, v := range o.Params {
		keep(v)
	}
	for _, vs := range u.Query() {
		for _, v := range vs {
			keep(v)
		}
	}
	return redact.New(secrets...)
}

// Transport gives a transport that suits token servers: no connection is kept,
// and the proxy is the environment's.
func Transport(c *tls.Config) *http.Transport {
	http1 := new(http.Protocols)
	http1.SetHTTP1(true)
	const connect = 10 * time.Second
	return &http.Transport{
		Proxy:                  redact.Proxy,
		OnProxyConnectResponse: redact.ProxyAnswer,
		DialContext:            (&net.Dialer{Timeout: connect}).DialContext,
		TLSClientConfig:        c,
		TLSHandshakeTimeout:    connect,
		Protocols:              http1,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// Token gives a token that is good for a while: the one at hand, or a new one.
// A failure is an *Error, or the end of ctx.
func (s *Source) Token(ctx context.Context) (option.Secret, error) {
	t, failures, _ := s.state()
	if t.IsSet() {
		return t, nil
	}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return option.Secret{}, ctx.Err()
	}
	defer func() { <-s.turn }()
	// Somebody else may have fetched one meanwhile, or failed to: a server
	// that refuses one of us refuses all.
	t, now, failed := s.state()
	switch {
	case t.IsSet():
		return t, nil
	case now != failures:
		return option.Secret{}, failed
	}
	got, err := s.fetch(ctx)
	if err != nil {
		if ctx.Err() != nil { // says nothing about the server
			return option.Secret{}, ctx.Err()
		}
		s.fail(err)
		return option.Secret{}, err
	}
	s.keep(got)
	return got.text, nil
}

// Drop says that a token was refused: the next to ask gets another. It does
// nothing where another one is at hand already.
func (s *Source) Drop(t option.Secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current.text.Reveal() == t.Reveal() {
		s.current = token{}
	}
}

// Shown gives the token server's URL as people may see it.
func (s *Source) Shown() string { return s.shown }

// state gives the token, if it is good, and how fetches have failed so far.
func (s *Source) state() (t option.Secret, failures int, failed error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.current.until.IsZero() && !time.Now().Before(s.current.until) {
		s.current = token{}
	}
	return s.current.text, s.failures, s.failed
}

func (s *Source) keep(t token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = t
}

func (s *Source) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = err
	s.failures++
}

// Secret gives the client's own, for who hides it in what others say.
func (s *Source) Secret() option.Secret { return s.o.secret }
