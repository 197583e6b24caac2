package httpsink_test

import (
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"testing"
)

// testProxy connects whoever says the right password, and refuses with all it
// was told. It is an http.Handler, and speaks SOCKS5 by serveSOCKS.
type testProxy struct {
	user, password string // empty: it asks for none
	forbids        bool   // 403 to all

	mu    sync.Mutex
	to    []string            // where it has connected to
	shown []*x509.Certificate // the clients' certificates
}

func (p *testProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	said := r.Header.Get("Proxy-Authorization")
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte(p.user+":"+p.password))
	switch {
	case p.user != "" && said != want:
		w.Header().Set("Proxy-Authenticate", "Basic")
		w.WriteHeader(http.StatusProxyAuthRequired)
		fmt.Fprint(w, said)
		return
	case p.forbids || r.Method != http.MethodConnect:
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, said)
		return
	}
	there, err := net.Dial("tcp", r.Host)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	if r.TLS != nil {
		p.note("", r.TLS.PeerCertificates)
	}
	here, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		_ = there.Close()
		return
	}
	_, _ = io.WriteString(here, "HTTP/1.1 200 Connected\r\n\r\n")
	p.note(r.Host, nil)
	join(here, there)
}

func (p *testProxy) note(to string, shown []*x509.Certificate) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if to != "" {
		p.to = append(p.to, to)
	}
	p.shown = append(p.shown, shown...)
}

func (p *testProxy) noted() (to []string, shown int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.to...), len(p.shown)
}

// join copies both ways until both sides have ended.
func join(here, there net.Conn) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(there, here)
		_ = there.Close()
	}()
	_, _ = io.Copy(here, there)
	_ = here.Close()
	<-done
}

// serveSOCKS begins to speak SOCKS5 (RFC 1928, RFC 1929), and gives its
// address.
func (p *testProxy) serveSOCKS(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { defer c.Close(); p.socks(c) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); serving.Wait() })
	return l.Addr().String()
}

func (p *testProxy) socks(c net.Conn) {
	const anonymous, byPassword = 0, 2
	read := func(n byte) []byte { b := make([]byte, n); _, _ = io.ReadFull(c, b); return b }
	_ = read(read(2)[1])
	method := byte(anonymous)
	if p.user != "" {
		method = byPassword
	}
	_, _ = c.Write([]byte{5, method})
	if method == byPassword {
		user := string(read(read(2)[1]))
		password := string(read(read(1)[0]))
		if user != p.user || password != p.password {
			_, _ = c.Write([]byte{1, 1})
			return
		}
		_, _ = c.Write([]byte{1, 0})
	}
	const v4, name = 1, 3
	var host string
	switch head := read(4); head[3] {
	case v4:
		host = net.IP(read(net.IPv4len)).String()
	case name:
		host = string(read(read(1)[0]))
	default:
		return
	}
	port := read(2)
	to := net.JoinHostPort(host, strconv.Itoa(int(port[0])<<8|int(port[1])))
	there, err := net.Dial("tcp", to)
	if err != nil {
		_, _ = c.Write([]byte{5, 5, 0, v4, 0, 0, 0, 0, 0, 0})
		return
	}
	_, _ = c.Write([]byte{5, 0, 0, v4, 0, 0, 0, 0, 0, 0})
	p.note(to, nil)
	join(c, there)
}
