package httpsink

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/sinks/redact"
)

const (
	connectTimeout = 10 * time.Second // of a dial, and of a TLS handshake
	headerBytesMax = 64 << 10         // of an answer's headers

	quickRetries = 2
	quickWaitMin = 100 * time.Millisecond
	quickWaitMax = 2 * time.Second
)

// newTransport makes the transport for one URL. The TLS settings are its own.
func newTransport(o Options, to *url.URL, tlsConfig *tls.Config) (*http.Transport, error) {
	proxy, err := o.forURL(to)
	if err != nil {
		return nil, err
	}
	http1 := new(http.Protocols)
	http1.SetHTTP1(true)
	dialer := &net.Dialer{Timeout: connectTimeout, KeepAlive: 30 * time.Second}
	if !o.AllowPrivate {
		if proxy != nil {
			return nil, errors.New("allow_private = false can't be kept through a proxy")
		}
		dialer.Control = onlyPublic
	}
	t := &http.Transport{
		DialContext:            dialer.DialContext,
		TLSClientConfig:        tlsConfig,
		TLSHandshakeTimeout:    connectTimeout,
		Protocols:              http1,
		MaxIdleConns:           o.MaxInFlight,
		MaxIdleConnsPerHost:    o.MaxInFlight,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: headerBytesMax,
		DisableCompression:     true, // an answer is not worth a decompression bomb
		OnProxyConnectResponse: proxyAnswered,
	}
	if proxy != nil {
		if proxy.Scheme == "https" {
			t.DialContext = dialProxy(dialer, proxy, tlsConfig)
			proxy.Scheme = "http" // what is left to do behind our dial
		}
		t.Proxy = http.ProxyURL(proxy)
	}
	return t, nil
}

// dialProxy dials a proxy over TLS. The library would check its certificate
// against server_name, and show it our own: both are meant for the recipient.
func dialProxy(d *net.Dialer, proxy *url.URL, c *tls.Config) func(context.Context, string, string) (net.Conn, error) {
	c = &tls.Config{MinVersion: c.MinVersion, RootCAs: c.RootCAs, ServerName: proxy.Hostname()}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&tls.Dialer{NetDialer: d, Config: c}).DialContext(ctx, network, address)
		if err != nil {
			return nil, fmt.Errorf("the proxy: %w", err)
		}
		return conn, nil
	}
}

// proxyError is a proxy that would not connect us.
type proxyError struct{ status int }

func (e *proxyError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("the proxy answered %d %s", e.status, http.StatusText(e.status)))
}

func proxyAnswered(_ context.Context, _ *url.URL, _ *http.Request, r *http.Response) error {
	if r.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyError{status: r.StatusCode}
}

// movedTo is where roundTripper puts the Location of an answer.
const movedTo = "Tailpost-Moved-To"

// roundTripper stands between the two clients and the transport. It hides
// CloseIdleConnections from go-retryablehttp, which calls it after each error
// and so would cost all deliveries their connections for one that failed. And
// it takes the Location out of an answer: http.Client would parse it before it
// asks whether to follow, and fail the request if it is no URL.
type roundTripper struct{ t *http.Transport }

func (r roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.t.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	resp.Header.Del(movedTo)
	if to := resp.Header.Get("Location"); to != "" && resp.StatusCode/100 == 3 {
		resp.Header.Set(movedTo, to)
	}
	resp.Header.Del("Location")
	return resp, nil
}

func newClient(t *http.Transport, log retryablehttp.LeveledLogger) *retryablehttp.Client {
	c := &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport:     roundTripper{t},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryMax:     quickRetries,
		RetryWaitMin: quickWaitMin,
		RetryWaitMax: quickWaitMax,
		CheckRetry:   checkRetry,
		Backoff:      backoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	if log != nil {
		c.Logger = log
	}
	return c
}

// checkRetry repeats a request whose connection could not be dialled, and
// nothing else: every answer is dispatch's to judge, and what was sent may
// have been taken.
func checkRetry(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if err == nil || ctx.Err() != nil {
		return false, nil
	}
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial" && !errors.Is(err, errPrivate), nil
}

// backoff waits from lo up to a bound that grows fourfold, with full jitter.
func backoff(lo, hi time.Duration, retry int, _ *http.Response) time.Duration {
	bound := min(hi, lo<<(2*(retry+1)))
	return lo + rand.N(bound-lo+1)
}

// clientLog gives the adapter for the library's messages; nil if debug is off.
func (s *Sink) clientLog() retryablehttp.LeveledLogger {
	if !s.o.Log.Debug().Enabled() {
		return nil
	}
	return debugLog{log: s.o.Log.With().Str("recipient", s.o.Name).Str("url", s.shown).Logger(), hide: s.hide}
}

// debugLog writes the library's messages at debug, whatever their level, and
// leaves out what names the whole URL.
type debugLog struct {
	log  zerolog.Logger
	hide redact.Words
}

func (l debugLog) Error(msg string, kv ...any) { l.write(msg, kv) }
func (l debugLog) Warn(msg string, kv ...any)  { l.write(msg, kv) }
func (l debugLog) Info(msg string, kv ...any)  { l.write(msg, kv) }
func (l debugLog) Debug(msg string, kv ...any) { l.write(msg, kv) }

func (l debugLog) write(msg string, kv []any) {
	ev := l.log.Debug()
	for i := 0; i+1 < len(kv); i += 2 {
		switch v := kv[i+1].(type) {
		case error:
			var ue *url.Error
			if errors.As(v, &ue) {
				v = ue.Err
			}
			ev = ev.AnErr("err", l.hide.Err(v, errMax))
		case time.Duration:
			ev = ev.Stringer("wait", v)
		case int:
			ev = ev.Int("left", v)
		}
	}
	ev.Msg(msg)
}
