package httpsink

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge/option"
)

const (
	connectTimeout = 10 * time.Second // of a dial, and of a TLS handshake
	headerBytesMax = 64 << 10         // of an answer's headers

	quickRetries = 2
	quickWaitMin = 100 * time.Millisecond
	quickWaitMax = 2 * time.Second
)

func newTransport(o Options) (*http.Transport, error) {
	tlsConfig := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.CAFile != "" {
		roots, err := option.ReadRoots(o.CAFile)
		if err != nil {
			return nil, err
		}
		tlsConfig.RootCAs = roots
	}
	http1 := new(http.Protocols)
	http1.SetHTTP1(true)
	dialer := &net.Dialer{Timeout: connectTimeout, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        tlsConfig,
		TLSHandshakeTimeout:    connectTimeout,
		Protocols:              http1,
		MaxIdleConns:           o.MaxInFlight,
		MaxIdleConnsPerHost:    o.MaxInFlight,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: headerBytesMax,
		DisableCompression:     true, // an answer is not worth a decompression bomb
	}, nil
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
	return errors.As(err, &op) && op.Op == "dial", nil
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
	hide redactor
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
			ev = ev.AnErr("err", l.hide.err(v))
		case time.Duration:
			ev = ev.Stringer("wait", v)
		case int:
			ev = ev.Int("left", v)
		}
	}
	ev.Msg(msg)
}
