package httpin

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"mime"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tailpost/tailpost/bridge"
)

// ServeHTTP takes one request.
func (in *intake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !in.enter() {
		in.refuse(w, r, http.StatusServiceUnavailable, "stopping")
		return
	}
	defer in.handlers.Done()
	if status, why := in.look(r); status != 0 {
		in.refuse(w, r, status, why)
		return
	}
	body, size, status := in.read(r)
	if status != 0 {
		in.refuse(w, r, status, unread[status])
		return
	}
	line := bytes.Trim(body, " \t\r\n")
	p := &post{size: size, done: make(chan error, 1), rec: bridge.Record{
		Source: in.s.o.Name, Stream: peerOf(r), Time: time.Now(), Head: headOf(r.Header.Get(idHeader), line), Line: line,
	}}
	if err := in.hand(p); err != nil {
		in.refuse(w, r, http.StatusServiceUnavailable, err.Error())
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("taken\n"))
}

// idHeader is where a sender says what it calls the event (Standard Webhooks).
const idHeader = "Webhook-Id"

// headOf is a hash of the whole body and the sender's own id: the id of an
// event looks at the first 64 KiB of a line only.
func headOf(own string, line []byte) []byte {
	h := sha256.New()
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(own))))
	h.Write([]byte(own))
	h.Write(line)
	return h.Sum(nil)
}

func peerOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// look says what is wrong with a request before its body is read; 0: nothing.
func (in *intake) look(r *http.Request) (status int, why string) {
	o := &in.s.o
	switch {
	case !o.allowed(r.RemoteAddr):
		return http.StatusForbidden, "the address is not in allow"
	case r.URL.Path != o.Path:
		return http.StatusNotFound, "another path"
	case r.Method != http.MethodPost:
		return http.StatusMethodNotAllowed, "not a POST"
	case !in.known(r):
		return http.StatusUnauthorized, "user or password"
	case r.ContentLength > int64(o.MaxLine):
		return http.StatusRequestEntityTooLarge, "over max_line"
	}
	if why := foreign(r.Header, o.Format); why != "" {
		return http.StatusUnsupportedMediaType, why
	}
	return 0, ""
}

// known reports whether user and password are the configured ones, in the same
// time whatever they are.
func (in *intake) known(r *http.Request) bool {
	o := &in.s.o
	if o.Username == "" {
		return true
	}
	user, password, ok := r.BasicAuth()
	return sameText(user, o.Username)&sameText(password, o.secret.Reveal()) == 1 && ok
}

func sameText(a, b string) int {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:])
}

// foreign says what the header shows the body to be, where that is clearly not
// of the format. Senders are careless: text, bytes, no type at all, and a form's
// type on JSON (curl -d) are left to the parser.
func foreign(h http.Header, format string) string {
	if e := h.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return "the body is encoded"
	}
	t, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return ""
	}
	for _, prefix := range [...]string{"multipart/", "image/", "audio/", "video/", "font/", "model/", "message/"} {
		if strings.HasPrefix(t, prefix) {
			return "the body is " + prefix + "…"
		}
	}
	switch {
	case format == "form" && (strings.HasSuffix(t, "/json") || strings.HasSuffix(t, "+json")),
		strings.HasSuffix(t, "/xml"), strings.HasSuffix(t, "+xml"), t == "text/html", t == "application/zip", t == "application/gzip", t == "application/pdf":
		return "the body is " + t
	}
	return ""
}

// refuse answers with a status that says why, counts it, and logs it now and
// then.
func (in *intake) refuse(w http.ResponseWriter, r *http.Request, status int, why string) {
	h := w.Header()
	switch status {
	case http.StatusMethodNotAllowed:
		h.Set("Allow", http.MethodPost)
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Basic realm="events", charset="UTF-8"`)
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", strconv.Itoa(int(retryAfter/time.Second)))
	}
	if total, say := in.s.counts.refused(status, time.Now()); say {
		in.s.o.Log.Warn().Str("source", in.s.o.Name).Int("status", status).Str("reason", why).Str("peer", peerOf(r)).
			Int64("total", total).Msg("request refused")
	}
	http.Error(w, fmt.Sprintf("%d %s", status, strings.ToLower(http.StatusText(status))), status)
}

const retryAfter = 10 * time.Second
