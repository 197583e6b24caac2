package admin

import (
	"net"
	"net/http"
	"strings"

	"github.com/tailpost/tailpost/bridge/option"
)

// policy lets the page have its own styles, scripts, pictures and requests, and
// nobody else's.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// withHeaders says in each answer what a browser must not do with it. A handler
// may say something stricter.
func withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		// Not no-referrer: with it a browser says "Origin: null" with our own
		// forms, where it doesn't trust the address enough for Sec-Fetch-Site.
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// localHosts answers only those who know a loopback address by its name: a page
// of another site can make its own name lead here, and would then read on.
func localHosts(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != "" && !isLocal(r.Host) { // a browser always says one
			says(w, http.StatusForbidden, "this address is for localhost, 127.0.0.1 and [::1] alone: a proxy before it must say one of them as Host")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isLocal judges a Host header, whose port is optional.
func isLocal(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return option.IsLoopback(host)
}
