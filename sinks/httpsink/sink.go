package httpsink

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/sinks/macro"
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
	hide    redactor

	template macro.Template // of body = "template"
	escape   macro.Escape   // for the values in it
	missing  missingTokens

	transport *http.Transport
	client    *retryablehttp.Client
}

// New makes a sink of checked options. It connects to nothing yet.
func New(o Options) (*Sink, error) {
	o = fill(o)
	to, problems := parseTarget(o.URL)
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
	s.hide = newRedactor(s.header, to.secrets)
	t, err := newTransport(o)
	if err != nil {
		return nil, fmt.Errorf("http recipient: ca_file: %w", err)
	}
	s.transport = t
	s.client = newClient(t, s.clientLog())
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
	if !o.secret.IsSet() {
		o.secret = o.Authorization
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
	if o.secret.IsSet() {
		h.Set("Authorization", o.secret.Reveal())
	}
	return h, host
}

// Deliver makes one attempt.
func (s *Sink) Deliver(ctx context.Context, d bridge.Delivery) (bridge.Receipt, error) {
	if len(d.Events) == 0 {
		return bridge.Receipt{}, nil
	}
	out, err := s.write(d.Events)
	if err != nil {
		return bridge.Receipt{}, &bridge.DeliveryError{Scope: bridge.ThisEvent, Err: err}
	}
	if d.Attempt <= 1 {
		s.missing.count(out.missing, s.o.Name, &d.Events[0], s.o.Log)
	}
	start := time.Now()
	attempt, cancel := context.WithTimeout(ctx, s.o.Timeout.D())
	defer cancel()
	var t trace
	req := s.request(httptrace.WithClientTrace(attempt, t.hooks()), start, d.Events, out)
	resp, err := s.client.Do(req)
	rec := bridge.Receipt{Peer: t.peerNow()}
	if d.Explain {
		rec.Steps = out.steps()
	}
	if err != nil {
		if resp != nil {
			_ = resp.Body.Close()
		}
		rec.Took = time.Since(start)
		return rec, s.lost(ctx, attempt, &t, err)
	}
	said := readAnswer(resp.Body, cancel)
	rec.Answer = s.answer(resp.StatusCode, said)
	rec.Took = time.Since(start)
	if s.success.has(resp.StatusCode) {
		return rec, nil
	}
	return rec, s.refused(resp, rec.Answer, start)
}

// request makes the POST. The body is shared by the quick retries.
func (s *Sink) request(ctx context.Context, now time.Time, events []bridge.Event, out output) *retryablehttp.Request {
	r := s.post.WithContext(ctx)
	r.URL = out.url
	r.Header = maps.Clone(s.header) // nobody changes a value in its place
	r.Header["Webhook-Id"] = []string{webhookID(events)}
	r.Header["Webhook-Timestamp"] = []string{strconv.FormatInt(now.Unix(), 10)}
	rr := &retryablehttp.Request{Request: r}
	_ = rr.SetBody(out.body) // bytes never fail
	return rr
}

// webhookID is the event's id, or a hash of the ids of a batch.
func webhookID(events []bridge.Event) string {
	if len(events) == 1 {
		return events[0].ID.String()
	}
	h := sha256.New()
	for i := range events {
		h.Write(events[i].ID[:])
	}
	return hex.EncodeToString(h.Sum(nil)[:len(bridge.ID{})])
}

// lost classifies an attempt without an answer. If the request was under way
// the receiver may have taken it, and the event may be why it was lost.
func (s *Sink) lost(ctx, attempt context.Context, t *trace, err error) error {
	var ue *url.Error // its text holds the whole URL
	if errors.As(err, &ue) {
		err = ue.Err
	}
	switch {
	case ctx.Err() != nil:
		err = ctx.Err()
	case attempt.Err() != nil:
		err = fmt.Errorf("nothing within %s: %w", s.o.Timeout, context.DeadlineExceeded)
	default:
		err = s.hide.err(err)
	}
	if t.sentNow() {
		return &bridge.DeliveryError{Scope: bridge.ThisEvent, Err: fmt.Errorf("no answer from %s: %w", s.shown, err)}
	}
	return &bridge.DeliveryError{
		Scope: bridge.ThisRecipient,
		Down:  ctx.Err() == nil,
		Err:   fmt.Errorf("no connection to %s: %w", s.shown, err),
	}
}

// refused classifies an answer that is no success.
func (s *Sink) refused(resp *http.Response, answer string, now time.Time) error {
	e := classify(resp.StatusCode)
	e.Permanent = s.giveUp.has(resp.StatusCode)
	e.After = retryAfter(resp.Header, now)
	e.Err = fmt.Errorf("%s answered %s", s.shown, answer)
	if to := resp.Header.Get(movedTo); to != "" {
		e.Err = fmt.Errorf("%s answered %s; redirects are not followed, it points to %s", s.shown, answer, s.hide.text(showTarget(resp.Request.URL, to)))
	}
	return e
}

// Close drops the connections that are kept.
func (s *Sink) Close() error {
	s.missing.report(s.o.Name, s.o.Log)
	s.transport.CloseIdleConnections()
	return nil
}

// trace notes how far a request came. Its hooks run in goroutines of net/http.
type trace struct {
	mu   sync.Mutex
	peer string
	sent bool // a connection was made: bytes of the request may have gone
}

func (t *trace) hooks() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		// net/http asks for another connection only if nothing of the request
		// went over the one before.
		GetConn: func(string) {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.sent = false
		},
		GotConn: func(i httptrace.GotConnInfo) {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.sent, t.peer = true, i.Conn.RemoteAddr().String()
		},
	}
}

func (t *trace) sentNow() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sent
}

func (t *trace) peerNow() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.peer
}
