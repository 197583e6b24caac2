package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"html"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"text/template"
	"time"

	"github.com/tailpost/tailpost/sinks/receiver"
)

// markers are secrets that are found again, and the servers that tell them.
type markers struct {
	t       *testing.T
	dir     string
	keys    []string // where there is one
	cores   []string // the part of each that is the same in most encodings
	secrets []string // the whole of those that /echo tells
	telling bool     // what comes next is told

	said  []string     // what /echo tells, in turns; config knows
	forms [][]findable // of each core

	HTTP, TLS   string // servers
	Relay, Mail string // ports of mail servers: one refuses all logins, one takes mail
	Cert        string // a file
	key         *ecdsa.PrivateKey

	mu    sync.Mutex
	token string
	told  int             // answers of /echo
	got   strings.Builder // alerts
	hooks map[string]bool // alert_urls that were called, by their paths
}

// findable is a core as it may be found again.
type findable struct{ what, text string }

func newMarkers(t *testing.T) *markers {
	t.Helper()
	m := &markers{t: t, dir: t.TempDir(), hooks: map[string]bool{}}
	m.token = m.mark("the token") + "=="
	plain, secure := httptest.NewServer(m), httptest.NewTLSServer(m)
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	m.HTTP, m.TLS = plain.URL, secure.URL
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go m.relay(l)
	_, m.Relay, _ = net.SplitHostPort(l.Addr().String())
	m.mailbox()
	if m.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, of, of, &m.key.PublicKey, m.key)
	if err != nil {
		t.Fatal(err)
	}
	m.Cert = m.file("cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return m
}

func (m *markers) file(name string, b []byte) string {
	m.t.Helper()
	path := filepath.Join(m.dir, name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		m.t.Fatal(err)
	}
	return path
}

func (m *markers) read(path string) string {
	m.t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		m.t.Fatal(err)
	}
	return string(b)
}

// mark gives a new marker for a key.
func (m *markers) mark(key string) string {
	core := fmt.Sprintf("Mq%dWz%02dvX", len(key)%10, len(m.cores))
	m.keys, m.cores = append(m.keys, key), append(m.cores, core)
	return core
}

func (m *markers) keep(secret string) string {
	if m.telling {
		m.secrets = append(m.secrets, secret)
	}
	return secret
}

func (m *markers) funcs() template.FuncMap {
	return template.FuncMap{
		"tell": func(on bool) string { m.telling = on; return "" },
		"secret": func(key string) string {
			s := m.keep(m.mark(key) + `+/&='"<end`)
			b, _ := json.Marshal(s)
			return string(b[1 : len(b)-1])
		},
		"query": func(key string) string { return url.QueryEscape(m.keep(m.mark(key) + "+/&=end")) },
		"whsec": func(key string) string {
			return m.keep("whsec_" + base64.StdEncoding.EncodeToString([]byte(m.mark(key)+"??>>~~ of 24 bytes or more")))
		},
		"urlFile": func(key, before, behind string) string {
			return m.file(fmt.Sprintf("url%d", len(m.keys)), []byte(before+m.mark(key)+behind+"\n"))
		},
		"key": func(key string) (string, error) {
			der, err := x509.MarshalPKCS8PrivateKey(m.key)
			if err != nil {
				return "", err
			}
			block := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
			m.keys, m.cores = append(m.keys, key), append(m.cores, strings.Split(string(block), "\n")[2][:20])
			return m.file(fmt.Sprintf("key%d.pem", len(m.keys)), block), nil
		},
	}
}

// ready is called when all markers are made: looking for them is quick then.
func (m *markers) ready() {
	m.said = m.sayings()
	for _, core := range m.cores {
		m.forms = append(m.forms, []findable{
			{"as it is", core}, {"in base64", in64(core, 0)}, {"in base64, one on", in64(core, 1)}, {"in base64, two on", in64(core, 2)},
			{"in hex", hex.EncodeToString([]byte(core))}, {"in hex", strings.ToUpper(hex.EncodeToString([]byte(core)))},
		})
	}
}

// clean looks for the markers, also in base64 of any longer text, and in hex.
func (m *markers) clean(t *testing.T, where, text string) {
	t.Helper()
	if len(m.forms) == 0 {
		t.Fatal("there are no markers yet")
	}
	for i, forms := range m.forms {
		for _, form := range forms {
			if at := strings.Index(text, form.text); at >= 0 {
				t.Errorf("%s: the secret of %s stands in it %s: …%q…", where, m.keys[i], form.what, text[max(0, at-160):min(len(text), at+40)])
			}
		}
	}
}

// in64 gives what of a text's base64 is the same whatever stands around it, if
// so many bytes stand before it, of three.
func in64(core string, before int) string {
	b := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", before) + core))
	b = strings.TrimRight(b, "=")
	return b[(before*8+5)/6 : (before+len(core))*8/6]
}

// sayings gives each secret in each form in which a server may tell it.
func (m *markers) sayings() (out []string) {
	for _, s := range m.secrets {
		query := url.QueryEscape(s)
		marshaled, _ := json.Marshal(s)
		out = append(out, s, query, strings.ReplaceAll(query, "+", "%20"), url.PathEscape(s), strings.ReplaceAll(query, "%2F", "/"),
			strings.NewReplacer("%2F", "%2f", "%2B", "%2b", "%3D", "%3d", "%3C", "%3c").Replace(query),
			string(marshaled), strings.ReplaceAll(string(marshaled), "/", `\/`), fmt.Sprintf("%q", s), html.EscapeString(s),
			strings.NewReplacer("&", "&amp;", `"`, "&quot;", "<", "&lt;", "'", "&#x27;").Replace(s),
			hex.EncodeToString([]byte(s)), strings.ToUpper(hex.EncodeToString([]byte(s))))
		for _, before := range []string{"", "k: ", "key: ", "a key: "} {
			b := []byte(before + s + "\r\n")
			out = append(out, base64.StdEncoding.EncodeToString(b), base64.RawURLEncoding.EncodeToString(b))
		}
	}
	return out
}

// done reports whether all has been told, and so many alert_urls were called.
func (m *markers) done(hooks int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.told >= len(m.said) && len(m.hooks) >= hooks
}

func (m *markers) alerts() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.got.String()
}

// ServeHTTP knows every secret, and tells it.
func (m *markers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	key := r.URL.Query().Get("key")
	mine := fmt.Sprintf("%s %s %s %s %s", r.Header.Get("Authorization"), r.Header.Get("Proxy-Authorization"), key, r.URL.RawQuery, r.URL.Path)
	if basic, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(r.Header.Get("Authorization"), "Basic ")); err == nil {
		mine = string(basic) + " " + mine
	}
	if m.isAlert(r, body) {
		mine = key
	}
	switch path := r.URL.Path; {
	case r.Method == http.MethodConnect || r.Header.Get("Proxy-Authorization") != "" && path != "/echo":
		m.raw(w, "HTTP/1.1 407 "+mine+"\r\nX: "+mine+"\r\nContent-Length: 0\r\n\r\n")
	case path == "/echo":
		m.mu.Lock()
		n := m.told
		m.told++
		m.mu.Unlock()
		status := http.StatusOK // each second is taken: nothing waits for a recipient that is down
		if n%2 == 0 {
			status = http.StatusInternalServerError
		}
		http.Error(w, m.said[n%len(m.said)], status)
	case path == "/moved":
		m.raw(w, "HTTP/1.1 302 Found\r\nLocation: http://%zz/"+key+"?"+r.URL.RawQuery+"\r\nContent-Length: 0\r\n\r\n")
	case path == "/garbage":
		m.raw(w, "HTTP/1.1 "+mine+"\r\n\r\n")
	case path == "/401":
		http.Error(w, mine, http.StatusUnauthorized)
	case path == "/refused":
		form, _ := url.ParseQuery(string(body))
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": form.Get("key"), "error_description": mine})
	case path == "/strange":
		form, _ := url.ParseQuery(string(body))
		_ = json.NewEncoder(w).Encode(map[string]string{"access_token": "t", "token_type": form.Get("client_secret")})
	case path == "/token":
		_ = json.NewEncoder(w).Encode(map[string]string{"access_token": m.token})
	default:
		http.Error(w, mine, http.StatusInternalServerError)
	}
}

// isAlert keeps what an alert_url got.
func (m *markers) isAlert(r *http.Request, body []byte) bool {
	if !bytes.Contains(body, []byte(`"alert"`)) {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.got.Write(body)
	m.hooks[r.URL.Path] = true
	return true
}

// raw answers so, and closes the connection.
func (m *markers) raw(w http.ResponseWriter, text string) {
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		m.t.Error(err)
		return
	}
	_, _ = io.WriteString(c, text)
	_ = c.Close()
}

// relay is a mail server that refuses each login, and repeats it.
func (m *markers) relay(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			in := bufio.NewScanner(c)
			fmt.Fprint(c, "220 ready\r\n")
			for in.Scan() {
				switch verb, rest, _ := strings.Cut(in.Text(), " "); verb {
				case "EHLO":
					fmt.Fprint(c, "250-here\r\n250 AUTH PLAIN XOAUTH2\r\n")
				case "AUTH":
					_, b, _ := strings.Cut(rest, " ")
					plain, _ := base64.StdEncoding.DecodeString(b)
					fmt.Fprintf(c, "535-%s\r\n535 %s\r\n", in.Text(), bytes.ReplaceAll(plain, []byte{0}, []byte(" ")))
				default:
					fmt.Fprint(c, "221 bye\r\n")
					return
				}
			}
		}()
	}
}

// mailbox is a mail server that takes alerts.
func (m *markers) mailbox() {
	r, err := receiver.New(receiver.Options{SMTPAddr: "127.0.0.1:0", NoTLS: true, OnEvent: func(got receiver.Received) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.got.WriteString(got.Subject + "\n" + got.Text + string(got.Body))
	}})
	if err != nil {
		m.t.Fatal(err)
	}
	r.SetRefuse(func(s receiver.Step) (int, string) {
		if strings.HasPrefix(s.Address, "refused@") {
			return 451, "not now"
		}
		return 0, ""
	})
	_, m.Mail, _ = net.SplitHostPort(r.SMTPAddr())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	m.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			m.t.Error(err)
		}
	})
}
