package receiver

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

func (r *Receiver) httpServer() *http.Server {
	return &http.Server{
		Handler:           http.HandlerFunc(r.serveHTTP),
		ReadHeaderTimeout: ioTimeout,
		ReadTimeout:       ioTimeout,
		WriteTimeout:      ioTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    headerMax,
	}
}

// serveHTTP takes any POST on any path.
func (r *Receiver) serveHTTP(w http.ResponseWriter, req *http.Request) {
	got := Received{
		Kind: KindHTTP, Time: time.Now(), ID: req.Header.Get("Webhook-Id"), Header: req.Header,
		Path: req.URL.RequestURI(), TLS: req.TLS != nil,
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, bodyMax))
	got.Body = body
	var long *http.MaxBytesError
	switch {
	case req.Method != http.MethodPost:
		got.Status = http.StatusMethodNotAllowed
		w.Header().Set("Allow", http.MethodPost)
	case errors.As(err, &long):
		got.Status = http.StatusRequestEntityTooLarge
	case err != nil:
		return // the sender is gone
	default:
		got.parse()
		if got.Status = r.failing(); got.Status == 0 {
			got.Status = http.StatusOK
		}
	}
	r.report(got)
	text := http.StatusText(got.Status) + "\n"
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(got.Status)
	_, _ = io.WriteString(w, text)
}
