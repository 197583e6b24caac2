package httpsink

import (
	"fmt"
	"net/http"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/tailpost/tailpost/sinks/macro"
	"github.com/tailpost/tailpost/sinks/oauth"
	"github.com/tailpost/tailpost/sinks/redact"
)

// Sink delivers to one HTTP recipient. It is a bridge.Sink and an io.Closer.
type Sink struct {
	o       Options
	target  *target
	shown   string        // the URL as people may see it
	header  http.Header   // what each request carries; never changed
	post    *http.Request // what is the same of each; never changed
	success codes
	giveUp  codes
	hide    redact.Words
	sign    signer
	tokens  *oauth.Source // nil: there are none
	proxy   string        // as people may see it; empty: none

	template macro.Template // of body = "template"
	escape   macro.Escape   // for the values in it
	missing  missingTokens

	transport *http.Transport
	client    *retryablehttp.Client
}

// New makes a sink of checked options. It connects to nothing yet.
func New(o Options) (*Sink, error) {
	o = fill(o)
	to, problems := o.target()
	for _, p := range problems {
		return nil, fmt.Errorf("http recipient: %s", p)
	}
	s := &Sink{o: o, target: to, shown: to.shown}
	if err := s.compile(); err != nil {
		return nil, fmt.Errorf("http recipient: %w", err)
	}
	var bad, bad2 []string
	s.success, bad = parseCodes(o.Success)
	s.giveUp, bad2 = parseCodes(o.GiveUp)
	if len(bad)+len(bad2) > 0 {
		return nil, fmt.Errorf("http recipient: no status: %q", append(bad, bad2...))
	}
	header, host := o.header()
	s.header = header
	s.post = &http.Request{
		Method: http.MethodPost, URL: to.fixed, Host: host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	if err := s.trust(); err != nil {
		return nil, fmt.Errorf("http recipient: %w", err)
	}
	s.client = newClient(s.transport, s.clientLog())
	return s, nil
}

// fill puts the defaults in the place of what was left empty, for who makes
// options without Defaults.
func fill(o Options) Options {
	d := Defaults("")
	if o.Body == "" {
		o.Body = d.Body
	}
	if len(o.Success) == 0 {
		o.Success = d.Success
	}
	if o.Version == "" {
		o.Version = d.Version
	}
	if o.Timeout <= 0 {
		o.Timeout = d.Timeout
	}
	if o.MaxInFlight <= 0 {
		o.MaxInFlight = 8
	}
	if o.UserAgent == "" {
		o.UserAgent = "tailpost"
	}
	o.ContentType = o.contentType()
	if o.text == "" && o.TemplateFile == "" {
		o.text = o.Template
	}
	return o
}

// header gives the headers that each request carries. Host is not one of
// them for net/http.
func (o *Options) header() (h http.Header, host string) {
	h = http.Header{}
	h.Set("User-Agent", o.UserAgent)
	for k, v := range o.Headers {
		h.Set(k, v)
	}
	host = h.Get("Host")
	h.Del("Host")
	h.Set("Content-Type", o.ContentType)
	if v := o.Auth.value(); v != "" {
		h.Set("Authorization", v)
	}
	return h, host
}

// Close drops the connections that are kept.
func (s *Sink) Close() error {
	s.missing.report(s.o.Name, s.o.Log)
	s.transport.CloseIdleConnections()
	return nil
}
