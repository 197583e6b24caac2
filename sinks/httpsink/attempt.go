package httpsink

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/redact"
)

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
	t := &trace{}
	if d.Explain {
		t.steps = s.watch()
		for _, line := range out.steps() {
			t.steps.say("%s", line)
		}
	}
	rec, err := s.try(ctx, attempt, cancel, t, start, d.Events, out)
	rec.Took = time.Since(start)
	if d.Explain {
		rec.Steps = t.steps.ended(rec, err)
	}
	return rec, err
}

// try sends the request, with a token where one is needed. One that is refused
// is replaced, and the request sent again, once: what is refused so has not
// been taken.
func (s *Sink) try(ctx, attempt context.Context, cancel func(), t *trace, start time.Time, events []bridge.Event, out output) (bridge.Receipt, error) {
	token, err := s.token(attempt, t.steps)
	if err != nil {
		return bridge.Receipt{}, s.noToken(ctx, err)
	}
	send := func() (*http.Response, error) {
		t.steps.say("sending POST %s, %d bytes", s.shown, len(out.body))
		return s.client.Do(s.request(httptrace.WithClientTrace(attempt, t.hooks()), start, events, out, token))
	}
	resp, err := send()
	if err == nil && resp.StatusCode == http.StatusUnauthorized && token.IsSet() {
		t.steps.say("401: the token is refused, another is asked for")
		s.tokens.Drop(token)
		again, terr := s.token(attempt, t.steps)
		if terr != nil {
			_ = resp.Body.Close()
			return bridge.Receipt{Peer: t.peerNow()}, s.noToken(ctx, terr)
		}
		if again.Reveal() != token.Reveal() {
			_ = resp.Body.Close()
			token = again
			resp, err = send()
		}
	}
	rec := bridge.Receipt{Peer: t.peerNow()}
	hide := s.hide
	if token.IsSet() {
		hide = hide.And(token.Reveal())
	}
	if err != nil {
		if resp != nil {
			_ = resp.Body.Close()
		}
		return rec, s.lost(ctx, attempt, t, err, hide)
	}
	said := readAnswer(resp.Body, cancel)
	rec.Answer = answer(resp.StatusCode, said, hide)
	if s.success.has(resp.StatusCode) {
		return rec, nil
	}
	return rec, s.refused(resp, rec.Answer, said, start, hide)
}

// request makes the POST. The body is shared by the quick retries.
func (s *Sink) request(ctx context.Context, now time.Time, events []bridge.Event, out output, token option.Secret) *retryablehttp.Request {
	r := s.post.WithContext(ctx)
	r.URL = out.url
	r.Header = maps.Clone(s.header) // nobody changes a value in its place
	maps.Copy(r.Header, out.header)
	id, timestamp := bridge.BatchID(events).String(), strconv.FormatInt(now.Unix(), 10)
	r.Header["Webhook-Id"] = []string{id}
	r.Header["Webhook-Timestamp"] = []string{timestamp}
	if len(s.sign) > 0 {
		r.Header["Webhook-Signature"] = []string{s.sign.sign(id, timestamp, out.body)}
	}
	if token.IsSet() {
		r.Header["Authorization"] = []string{"Bearer " + token.Reveal()}
	}
	rr := &retryablehttp.Request{Request: r}
	_ = rr.SetBody(out.body) // bytes never fail
	return rr
}

// lost classifies an attempt without an answer. If the request was under way
// the receiver may have taken it, and the event may be why it was lost; unless
// the connection's end says that it was about our certificate.
func (s *Sink) lost(ctx, attempt context.Context, t *trace, err error, hide redact.Words) error {
	var ue *url.Error // its text holds the whole URL
	if errors.As(err, &ue) {
		err = ue.Err
	}
	ours := refusesUs(remoteAlert(err))
	var proxy *proxyError
	misconfigured := ours || errors.As(err, &proxy) && proxy.status == http.StatusProxyAuthRequired
	switch {
	case ctx.Err() != nil:
		err = ctx.Err()
	case attempt.Err() != nil:
		err = fmt.Errorf("nothing within %s: %w", s.o.Timeout, context.DeadlineExceeded)
	default:
		if why := inWords(err, &s.o.TLS); why != "" {
			err = fmt.Errorf("%s (%w)", why, err)
		}
		err = hide.Err(err, errMax)
	}
	if t.sentNow() && !ours {
		return &bridge.DeliveryError{Scope: bridge.ThisEvent, Err: fmt.Errorf("no answer from %s: %w", s.shown, err)}
	}
	e := &bridge.DeliveryError{
		Scope: bridge.ThisRecipient,
		Down:  ctx.Err() == nil,
		Err:   fmt.Errorf("no connection to %s: %w", s.shown, err),
	}
	if misconfigured {
		e.Status = "misconfigured"
	}
	return e
}

// refused classifies an answer that is no success.
func (s *Sink) refused(resp *http.Response, answer string, said []byte, now time.Time, hide redact.Words) error {
	e := classify(resp.StatusCode)
	e.Permanent = s.giveUp.has(resp.StatusCode)
	e.After = retryAfter(resp.Header, now)
	e.Err = fmt.Errorf("%s answered %s", s.shown, answer)
	if to := resp.Header.Get(movedTo); to != "" {
		e.Err = fmt.Errorf("%s answered %s; redirects are not followed, it points to %s", s.shown, answer, hide.Text(s.target.showTarget(resp.Request.URL, to), showMax))
	}
	if refusesCertificate(resp, said) {
		e = classify(http.StatusForbidden)
		why := "it asks for a client certificate: set client_cert_file and client_key_file"
		if own := s.o.ClientCertificate(); own != nil {
			why = "it refuses our client certificate, " + ours(own)
		}
		e.Err = fmt.Errorf("%s answered %s; %s", s.shown, answer, hide.Text(why, errMax))
	}
	return e
}
