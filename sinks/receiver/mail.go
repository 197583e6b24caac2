package receiver

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"net/textproto"
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
	r.parseParts(textproto.MIMEHeader(m.Header), m.Body, 0)
}

// partsDeep bounds how deep a mail's parts may lie in each other.
const partsDeep = 4

// parseParts finds the text and the HTML of a mail, or of a part of it.
func (r *Received) parseParts(header textproto.MIMEHeader, body io.Reader, deep int) {
	kind, params, _ := mime.ParseMediaType(header.Get("Content-Type"))
	if strings.HasPrefix(kind, "multipart/") && deep < partsDeep {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			p, err := parts.NextRawPart()
			if err != nil {
				return
			}
			r.parseParts(p.Header, p, deep+1)
		}
	}
	if strings.EqualFold(header.Get("Content-Transfer-Encoding"), "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	b, _ := io.ReadAll(body) // a damaged end leaves the beginning
	text := strings.ReplaceAll(string(b), "\r\n", "\n")
	switch {
	case kind == "text/html":
		r.HTML = text
	case r.Text == "":
		r.Text = text
	}
}
