package httpsink

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// classify says whose fault a status outside success is, and what follows from
// it. Whatever isn't known to be the recipient's is the event's.
func classify(status int) *bridge.DeliveryError {
	e := &bridge.DeliveryError{Scope: bridge.ThisRecipient}
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		e.Down, e.Status, e.AtLeast = true, "misconfigured", 5*time.Minute
	case http.StatusProxyAuthRequired:
		e.Down, e.Status = true, "misconfigured"
	case http.StatusGone:
		e.Down, e.Status, e.AtLeast = true, "gone", time.Hour
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusRequestTimeout, http.StatusTooEarly,
		http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
	default:
		e.Scope = bridge.ThisEvent
	}
	return e
}

// retryAfterMax is the longest that a receiver may send us away.
const retryAfterMax = time.Hour

// retryAfter reads the Retry-After of an answer that came at now: seconds, or
// a date. A date is held against the answer's own Date where it has one, so
// that clocks that differ do no harm. What is no such value, or in the past,
// counts as not said.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0
	}
	if isDigits(v) {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n > int64(retryAfterMax/time.Second) {
			return retryAfterMax
		}
		return time.Duration(n) * time.Second
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return max(0, min(at.Sub(now), retryAfterMax))
}

func isDigits(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}
