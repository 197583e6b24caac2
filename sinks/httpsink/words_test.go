package httpsink

import (
	"crypto/tls"
	"net/http"
	"testing"
)

// The pages are nginx 1.22's own.
func TestRefusesCertificate(t *testing.T) {
	const (
		none = "<html>\r\n<head><title>400 No required SSL certificate was sent</title></head>\r\n<body>\r\n<center><h1>400 Bad Request</h1></center>\r\n<center>No required SSL certificate was sent</center>\r\n"
		bad  = "<html>\r\n<head><title>400 The SSL certificate error</title></head>\r\n<body>\r\n<center><h1>400 Bad Request</h1></center>\r\n<center>The SSL certificate error</center>\r\n"
	)
	for _, c := range []struct {
		name   string
		status int
		plain  bool
		said   string
		want   bool
	}{
		{name: "none", status: 400, said: none, want: true},
		{name: "not trusted, or expired", status: 400, said: bad, want: true},
		{name: "nginx's page for a bad request", status: 400, said: "<html>\r\n<head><title>400 Bad Request</title></head>"},
		{name: "a receiver's own refusal", status: 400, said: `{"error":"no such session"}`},
		{name: "nothing said", status: 400},
		{name: "another status", status: 422, said: bad},
		{name: "without TLS", status: 400, plain: true, said: none},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp := &http.Response{StatusCode: c.status}
			if !c.plain {
				resp.TLS = &tls.ConnectionState{}
			}
			if got := refusesCertificate(resp, []byte(c.said)); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
