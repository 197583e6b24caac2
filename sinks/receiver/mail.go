package receiver

import (
	"bytes"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"strings"
)

// parseMail finds the event in a mail. A mail that can't be read has its bytes
// and nothing else.
func (r *Received) parseMail() {
	m, err := mail.ReadMessage(bytes.NewReader(r.Body))
	if err != nil {
		return
	}
	var words mime.WordDecoder
	r.Header = http.Header{}
	for name, values := range m.Header {
		for _, v := range values {
			if plain, err := words.DecodeHeader(v); err == nil {
				v = plain
			}
			r.Header.Add(name, v)
		}
	}
	r.Subject = r.Header.Get("Subject")
	r.ID = r.Header.Get("X-Tailpost-Id")
	r.Event = r.Header.Get("X-Tailpost-Event")
	body := io.Reader(m.Body)
	if strings.EqualFold(m.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	text, _ := io.ReadAll(body) // a damaged end leaves the beginning
	r.Text = strings.ReplaceAll(string(text), "\r\n", "\n")
}
