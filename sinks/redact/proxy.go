package redact

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// Proxy gives the environment's proxy, as http.Transport.Proxy asks for it. Its
// error doesn't repeat what stands there: it may hold a password.
func Proxy(r *http.Request) (*url.URL, error) {
	u, err := http.ProxyFromEnvironment(r)
	if err != nil {
		return nil, errors.New("the environment's proxy is no URL")
	}
	return u, nil
}

// ProxyAnswer looks at a proxy's answer, as http.Transport.OnProxyConnectResponse
// is called, before the library makes an error of the proxy's own words.
func ProxyAnswer(_ context.Context, _ *url.URL, _ *http.Request, r *http.Response) error {
	if r.StatusCode != http.StatusOK {
		return fmt.Errorf("the proxy answered %d %s", r.StatusCode, http.StatusText(r.StatusCode))
	}
	return nil
}
