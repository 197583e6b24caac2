package receiver_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"go.uber.org/goleak"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/sinks/receiver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type running struct {
	*receiver.Receiver
	mu  sync.Mutex
	got []receiver.Received
}

func run(t *testing.T, o receiver.Options) *running {
	t.Helper()
	r := &running{}
	o.OnEvent = func(g receiver.Received) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got = append(r.got, g)
	}
	var err error
	if r.Receiver, err = receiver.New(o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return r
}

func (r *running) last(t *testing.T) receiver.Received {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.got) == 0 {
		t.Fatal("nothing received")
	}
	return r.got[len(r.got)-1]
}

func (r *running) post(t *testing.T, contentType string, body io.Reader) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+r.HTTPAddr()+"/x?a=b", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Webhook-Id", "id-1")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

func TestHTTP(t *testing.T) {
	r := run(t, receiver.Options{HTTPAddr: "127.0.0.1:0"})
	for _, c := range []struct {
		name, contentType, body string
		wantEvent               string
		want                    []bridge.Field
	}{
		{"form", "application/x-www-form-urlencoded; charset=utf-8", "event=a&b=c+d%26&b=&&e=%zz&f",
			"a", []bridge.Field{{Name: "event", Value: "a"}, {Name: "b", Value: "c d&"}, {Name: "b"}, {Name: "e", Value: "%zz"}, {Name: "f"}}},
		{"json", "application/json", `{"event":"a","n":17,"o":{"x":[1, 2]},"s":"é"}`,
			"a", []bridge.Field{{Name: "event", Value: "a"}, {Name: "n", Value: "17", JSON: true}, {Name: "o", Value: `{"x":[1,2]}`, JSON: true}, {Name: "s", Value: "é"}}},
		{"broken json", "application/json", `{"event":"a",`, "a", []bridge.Field{{Name: "event", Value: "a"}}},
		{"an array", "application/json", `[1]`, "", nil},
		{"something else", "text/plain", "event=a", "", nil},
		{"nothing", "", "", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if status := r.post(t, c.contentType, strings.NewReader(c.body)); status != 200 {
				t.Errorf("status %d", status)
			}
			got := r.last(t)
			if got.Event != c.wantEvent || string(got.Body) != c.body || got.ID != "id-1" || got.Path != "/x?a=b" || got.Status != 200 {
				t.Errorf("%+v", got)
			}
			if len(got.Fields) != len(c.want) {
				t.Fatalf("fields %v, want %v", got.Fields, c.want)
			}
			for i := range c.want {
				if got.Fields[i] != c.want[i] {
					t.Errorf("field %v, want %v", got.Fields[i], c.want[i])
				}
			}
		})
	}
	t.Run("too long", func(t *testing.T) {
		if status := r.post(t, "text/plain", io.LimitReader(zeros{}, 2<<20)); status != 413 {
			t.Errorf("status %d", status)
		}
		if n := len(r.last(t).Body); n > 1<<20 {
			t.Errorf("kept %d bytes", n)
		}
	})
	t.Run("no POST", func(t *testing.T) {
		resp, err := http.Get("http://" + r.HTTPAddr())
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != 405 {
			t.Errorf("status %d", resp.StatusCode)
		}
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestFail(t *testing.T) {
	r := run(t, receiver.Options{HTTPAddr: "127.0.0.1:0", SMTPAddr: "127.0.0.1:0", Fail: 503, FailFor: time.Hour})
	if status := r.post(t, "", nil); status != 503 || r.last(t).Status != 503 || func() bool { g := r.last(t); return g.OK() }() {
		t.Errorf("status %d, %+v", status, r.last(t))
	}
	if err := send(t, r, nil); err == nil || !strings.Contains(err.Error(), "451") {
		t.Errorf("mail: %v", err)
	}
	r.SetFail(500, time.Nanosecond) // over at once
	if status := r.post(t, "", nil); status != 200 {
		t.Errorf("afterwards: status %d", status)
	}
	r.SetFail(429, 0)
	if status := r.post(t, "", nil); status != 429 {
		t.Errorf("again: status %d", status)
	}
	r.SetFail(0, 0)
	if err := send(t, r, nil); err != nil {
		t.Errorf("mail afterwards: %v", err)
	}
}

const message = "From: a@example.com\r\nSubject: =?UTF-8?q?Z=C3=B6?=\r\nX-Tailpost-Id: i\r\nX-Tailpost-Event: e\r\n" +
	"Content-Transfer-Encoding: quoted-printable\r\n\r\n=C3=A9\r\n.dot\r\n"

// send talks to it as a mail client does.
func send(t *testing.T, r *running, login sasl.Client) error {
	t.Helper()
	c, err := smtp.Dial(r.SMTPAddr())
	if err != nil {
		return err
	}
	defer c.Close()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(r.CAPEM())
	if ok, _ := c.Extension("STARTTLS"); ok {
		_ = c.Close()
		if c, err = smtp.DialStartTLS(r.SMTPAddr(), &tls.Config{RootCAs: roots, ServerName: "localhost"}); err != nil {
			return err
		}
		defer c.Close()
	}
	if login != nil {
		if err := c.Auth(login); err != nil {
			return err
		}
	}
	if err := c.SendMail("a@example.com", []string{"b@example.com", "c@example.com"}, strings.NewReader(message)); err != nil {
		return err
	}
	return c.Quit()
}

func TestSMTP(t *testing.T) {
	for _, c := range []struct {
		name    string
		o       receiver.Options
		login   sasl.Client
		wantErr string
		wantTLS bool
	}{
		{name: "STARTTLS", wantTLS: true},
		{name: "in the clear", o: receiver.Options{NoTLS: true}},
		{name: "PLAIN", o: receiver.Options{Username: "u", Password: "p"}, login: sasl.NewPlainClient("", "u", "p"), wantTLS: true},
		{name: "LOGIN", o: receiver.Options{Username: "u", Password: "p"}, login: sasl.NewLoginClient("u", "p"), wantTLS: true},
		{name: "wrong password", o: receiver.Options{Username: "u", Password: "p"}, login: sasl.NewLoginClient("u", "x"), wantErr: "Authentication failed"},
		{name: "no login", o: receiver.Options{Username: "u", Password: "p"}, wantErr: "Authentication required"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.o.SMTPAddr = "localhost:0"
			r := run(t, c.o)
			err := send(t, r, c.login)
			if c.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), c.wantErr) {
					t.Errorf("err = %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := r.last(t)
			if got.From != "a@example.com" || strings.Join(got.To, " ") != "b@example.com c@example.com" || got.Subject != "Zö" ||
				got.ID != "i" || got.Event != "e" || got.Text != "é\n.dot\n" || got.TLS != c.wantTLS || got.User != c.o.Username {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestRefuse(t *testing.T) {
	r := run(t, receiver.Options{SMTPAddr: "127.0.0.1:0"})
	for _, step := range []string{"MAIL", "RCPT", "DATA"} {
		r.SetRefuse(func(s receiver.Step) (int, string) {
			if s.Command == step {
				return 554, "no " + step
			}
			return 0, ""
		})
		if err := send(t, r, nil); err == nil || !strings.Contains(err.Error(), "no "+step) {
			t.Errorf("%s: %v", step, err)
		}
	}
	if got := r.last(t); got.Status != 554 {
		t.Errorf("a mail refused at DATA has the status %d", got.Status)
	}
}

func TestPrint(t *testing.T) {
	r := receiver.Received{
		Kind: receiver.KindHTTP, Time: time.Date(2026, 11, 3, 12, 0, 0, 5e6, time.UTC), ID: "id\x1b[2J", Event: "end", Status: 503, Path: "/x",
		Header: http.Header{"B": {"2"}, "A": {"1\r\nforged: x"}},
		Fields: []bridge.Field{{Name: "name", Value: "Zoë\n12:00:00.005 200 http\u202e\xff"}},
	}
	const want = `12:00:00.005 503 http end id\x1b[2J
    path: /x
    A: 1\x0d\x0aforged: x
    B: 2

      name = Zoë\x0a12:00:00.005 200 http\u202e\xff

`
	var b bytes.Buffer
	if err := receiver.Print(&b, r, false); err != nil || b.String() != want {
		t.Errorf("%v\ngot\n%s\nwant\n%s", err, b.String(), want)
	}
	b.Reset()
	if err := receiver.Print(&b, r, true); err != nil || strings.Count(b.String(), "\x1b[") == 0 || strings.Contains(b.String(), "\x1b[2J") {
		t.Errorf("in colour: %q", b.String())
	}
	b.Reset()
	mail := receiver.Received{Kind: receiver.KindSMTP, Status: 250, From: "a@b", To: []string{"c@d", "e@f"}, Text: "one\ntwo\n"}
	if err := receiver.Print(&b, mail, false); err != nil || !strings.Contains(b.String(), "250 smtp (no event) \n    from: a@b\n    to: c@d, e@f\n\n      one\n      two\n\n") {
		t.Errorf("a mail: %q", b.String())
	}
}

func TestPrintJSON(t *testing.T) {
	var b bytes.Buffer
	r := receiver.Received{Kind: receiver.KindHTTP, ID: "i", Event: "end\n", Status: 200, Body: []byte("a\xff"),
		Fields: []bridge.Field{{Name: "z", Value: "1", JSON: true}, {Name: "a\"", Value: "x\ny"}}}
	if err := receiver.PrintJSON(&b, r); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "\n"); n != 1 {
		t.Errorf("%d lines", n)
	}
	if !strings.Contains(b.String(), `"fields":{"z":1,"a\"":"x\ny"}`) {
		t.Errorf("%s", b.String())
	}
	var back struct{ Event, ID string }
	if err := json.Unmarshal(b.Bytes(), &back); err != nil || back.Event != "end\n" || back.ID != "i" {
		t.Errorf("%+v, %v", back, err)
	}
}

// The context may end before the servers are under way.
func TestEndsAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 200 {
		r, err := receiver.New(receiver.Options{HTTPAddr: "127.0.0.1:0", SMTPAddr: "127.0.0.1:0"})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Run(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAddresses(t *testing.T) {
	r, err := receiver.New(receiver.Options{HTTPAddr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	if r.SMTPAddr() != "" || r.HTTPAddr() == "" {
		t.Errorf("%q, %q", r.HTTPAddr(), r.SMTPAddr())
	}
	if _, err := receiver.New(receiver.Options{HTTPAddr: "127.0.0.1:0", SMTPAddr: r.HTTPAddr()}); err == nil {
		t.Error("one address twice")
	}
	addr := r.HTTPAddr()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatalf("the socket is still taken: %v", err)
	}
	_ = l.Close()
}
