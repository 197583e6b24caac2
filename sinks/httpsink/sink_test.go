package httpsink_test

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/tailpost/tailpost/bridge"
	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/httpsink"
	"github.com/tailpost/tailpost/sinks/receiver"
	"github.com/tailpost/tailpost/sinks/sinktest"
)

func deliver(t *testing.T, s *httpsink.Sink) (bridge.Receipt, *bridge.DeliveryError) {
	t.Helper()
	rec, err := s.Deliver(t.Context(), bridge.Delivery{Events: []bridge.Event{sinktest.PlainEvent(1)}, Attempt: 1})
	if err == nil {
		return rec, nil
	}
	var de *bridge.DeliveryError
	if !errors.As(err, &de) {
		t.Fatalf("%T: %v", err, err)
	}
	return rec, de
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		h(w, r)
	}))
	t.Cleanup(srv.Close)
	return srv
}

func at(url string) httpsink.Options {
	o := httpsink.Defaults("")
	o.URL, o.Name = url, "r"
	return o
}

func TestRequest(t *testing.T) {
	r := startReceiver(t, receiver.Options{})
	o := at("http://" + r.HTTPAddr() + "/a%2Fb?action=SessionStart&x=%20y+z;w")
	o.UserAgent = "tailpost/1.2"
	o.Headers = map[string]string{"x-site": "support", "Host": "other.example.com"}
	o.Authorization = option.NewSecret("Bearer secret-token")
	before := time.Now().Unix()
	rec, err := deliver(t, newSink(t, o))
	if err != nil {
		t.Fatal(err)
	}
	got := r.All()[0]
	if want := "/a%2Fb?action=SessionStart&x=%20y+z;w"; got.Path != want {
		t.Errorf("path and query %q, want %q", got.Path, want)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "tailpost/1.2", "X-Site": "support",
		"Webhook-Id": sinktest.PlainEvent(1).ID.String(), "Authorization": "Bearer secret-token",
	} {
		if v := got.Header.Values(name); len(v) != 1 || v[0] != want {
			t.Errorf("%s = %q, want %q", name, v, want)
		}
	}
	ts, perr := strconv.ParseInt(got.Header.Get("Webhook-Timestamp"), 10, 64)
	if perr != nil || ts < before || ts > time.Now().Unix() {
		t.Errorf("webhook-timestamp %q is not the time of the attempt", got.Header.Get("Webhook-Timestamp"))
	}
	if v, _ := got.Field("timestamp"); v != "1757513287" {
		t.Errorf("timestamp %q is not the origin's", v)
	}
	if rec.Answer != "200 OK: OK" || rec.Peer != r.HTTPAddr() {
		t.Errorf("receipt %+v", rec)
	}
}

func TestHostHeader(t *testing.T) {
	var host string
	srv := serve(t, func(_ http.ResponseWriter, r *http.Request) { host = r.Host })
	o := at(srv.URL)
	o.Headers = map[string]string{"host": "other.example.com"}
	if _, err := deliver(t, newSink(t, o)); err != nil {
		t.Fatal(err)
	}
	if host != "other.example.com" {
		t.Errorf("Host = %q", host)
	}
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name, profile           string
		success, giveUp         option.List
		status                  int
		wantOK, wantPermanent   bool
		wantScope               bridge.Scope
		wantStatus, wantContain string
	}{
		{name: "200", status: 200, wantOK: true},
		{name: "202 is a success", status: 202, wantOK: true},
		{name: "202 is none for the appliance", profile: httpsink.ProfileAppliance, status: 202, wantContain: "202 Accepted"},
		{name: "200 is one for the appliance", profile: httpsink.ProfileAppliance, status: 200, wantOK: true},
		{name: "409 as success", success: option.List{"2xx", "409"}, status: 409, wantOK: true},
		{name: "500", status: 500, wantContain: "500 Internal Server Error: no"},
		{name: "503", status: 503, wantScope: bridge.ThisRecipient},
		{name: "401", status: 401, wantScope: bridge.ThisRecipient, wantStatus: "misconfigured"},
		{name: "400 given up", giveUp: option.List{"400", "422"}, status: 400, wantPermanent: true},
		{name: "5xx given up", giveUp: option.List{"5xx"}, status: 501, wantPermanent: true},
		{name: "422 not given up", giveUp: option.List{"400"}, status: 422},
		{name: "no known status", status: 599, wantContain: "answered 599: no"},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, "no")
			})
			o := httpsink.Defaults(c.profile)
			o.URL, o.GiveUp = srv.URL, c.giveUp
			if c.success != nil {
				o.Success = c.success
			}
			_, de := deliver(t, newSink(t, o))
			if (de == nil) != c.wantOK {
				t.Fatalf("err = %v, want success %v", de, c.wantOK)
			}
			if de == nil {
				return
			}
			if de.Scope != c.wantScope || de.Permanent != c.wantPermanent || de.Status != c.wantStatus || !strings.Contains(de.Error(), c.wantContain) {
				t.Errorf("%+v: %v", de, de)
			}
		})
	}
}

func TestRetryAfterOnAnyRefusal(t *testing.T) {
	srv := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "120")
		w.WriteHeader(500)
	})
	if _, de := deliver(t, newSink(t, at(srv.URL))); de == nil || de.After != 2*time.Minute {
		t.Errorf("%+v", de)
	}
}

func TestRedirectsAreRefused(t *testing.T) {
	for _, c := range []struct{ name, location, want string }{
		{"elsewhere", "https://user:hunter22@other.example.com/in?token=hunter22", "it points to https://other.example.com/in?…"},
		{"relative", "/login?next=hunter22", "/login?…"},
		{"no URL", "http://[hunter22%zz", "what is no URL"},
		{"none", "", "answered 30"},
	} {
		for _, status := range []int{301, 302, 303, 307, 308, 304} {
			t.Run(fmt.Sprint(c.name, status), func(t *testing.T) {
				requests := 0
				srv := serve(t, func(w http.ResponseWriter, _ *http.Request) {
					requests++
					if c.location != "" {
						w.Header()["Location"] = []string{c.location}
					}
					w.WriteHeader(status)
				})
				_, de := deliver(t, newSink(t, at(srv.URL)))
				if de == nil || de.Scope != bridge.ThisEvent || !strings.Contains(de.Error(), c.want) {
					t.Errorf("err = %v, want %q in it", de, c.want)
				}
				if strings.Contains(fmt.Sprint(de), "hunter22") {
					t.Errorf("the target's secret is shown: %v", de)
				}
				if requests != 1 {
					t.Errorf("%d requests", requests)
				}
			})
		}
	}
}

// go-retryablehttp on its own closes all connections after each failed call.
func TestRefusalsKeepTheConnection(t *testing.T) {
	for _, c := range []struct {
		name string
		body int // bytes of each answer
	}{{"short answers", 10}, {"answers of 60 KiB", 60 << 10}} {
		t.Run(c.name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			counting := &countingListener{Listener: l}
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.WriteHeader(503)
				_, _ = w.Write(make([]byte, c.body))
			}))
			srv.Listener = counting
			srv.Start()
			t.Cleanup(srv.Close)
			s := newSink(t, at(srv.URL))
			for range 200 {
				if _, de := deliver(t, s); de == nil || de.Scope != bridge.ThisRecipient {
					t.Fatalf("%+v", de)
				}
			}
			if n := counting.count(); n != 1 {
				t.Errorf("200 answers took %d connections", n)
			}
		})
	}
}

func TestCAFile(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	srv.Config.ErrorLog = quiet()
	srv.StartTLS()
	t.Cleanup(srv.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("trusted", func(t *testing.T) {
		o := at(srv.URL)
		o.CAFile = ca
		if ps := o.Check(""); len(ps) > 0 {
			t.Fatal(ps)
		}
		if _, de := deliver(t, newSink(t, o)); de != nil {
			t.Error(de)
		}
	})
	t.Run("not trusted", func(t *testing.T) {
		_, de := deliver(t, newSink(t, at(srv.URL)))
		if de == nil || de.Scope != bridge.ThisRecipient || !de.Down || !strings.Contains(de.Error(), "certificate") {
			t.Errorf("%+v: %v", de, de)
		}
	})
}

func TestNoConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String() + "/x?token=hunter22"
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	_, de := deliver(t, newSink(t, at(url)))
	if de == nil || de.Scope != bridge.ThisRecipient || !de.Down || !strings.Contains(de.Error(), "refused") {
		t.Errorf("%+v: %v", de, de)
	}
	if took := time.Since(start); took < 2*100*time.Millisecond {
		t.Errorf("%s: not tried again", took)
	}
}

// A connection that is lost after the request was sent is not dialled again:
// the receiver may have taken the event, and the event may be why it was lost.
func TestLostAfterSending(t *testing.T) {
	for _, c := range []struct{ name, answer string }{
		{"closed", ""},
		{"half an answer", "HTTP/1.1 200"},
		{"no HTTP", "220 smtp.example.com ESMTP hunter22\x1b[2J\r\n"},
		{"endless header", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 1<<20)},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.Close() })
			requests := make(chan int, 1)
			go func() {
				n := 0
				defer func() { requests <- n }()
				for {
					conn, err := l.Accept()
					if err != nil {
						return
					}
					n++
					_, _ = conn.Read(make([]byte, 64<<10))
					_, _ = io.WriteString(conn, c.answer)
					_ = conn.Close()
				}
			}()
			o := at("http://" + l.Addr().String())
			o.Authorization = option.NewSecret("hunter22")
			_, de := deliver(t, newSink(t, o))
			if de == nil || de.Scope != bridge.ThisEvent || de.Down {
				t.Errorf("%+v: %v", de, de)
			}
			if text := fmt.Sprint(de); strings.ContainsAny(text, "\x1b\r\n") || strings.Contains(text, "hunter22") || len(text) > 1024 {
				t.Errorf("not fit to be shown: %.2000q", text)
			}
			_ = l.Close()
			if n := <-requests; n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// A status that has come is an answer, however slowly the body drips.
func TestDrippingAnswer(t *testing.T) {
	for _, status := range []int{200, 503} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(status)
				_, _ = io.WriteString(w, "drip")
				w.(http.Flusher).Flush()
				<-r.Context().Done()
			})
			start := time.Now()
			rec, de := deliver(t, newSink(t, at(srv.URL)))
			if (de == nil) != (status == 200) {
				t.Errorf("%v", de)
			}
			if took := time.Since(start); took > 12*time.Second {
				t.Errorf("held up for %s", took)
			}
			if !strings.Contains(rec.Answer, "drip") {
				t.Errorf("answer %q", rec.Answer)
			}
		})
	}
}

// All that comes out of a sink, with a receiver that sends back all it knows.
func TestSecretsAreNotShown(t *testing.T) {
	const token, query, key = "s3cr3t-token-value", "sig=s3cr3t-query-value", "s3cr3t-header-value"
	basic := base64.StdEncoding.EncodeToString([]byte("user:s3cr3t-password"))
	echo := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "http://x/?"+r.URL.RawQuery)
		w.WriteHeader(300)
		_, password, _ := r.BasicAuth()
		fmt.Fprintf(w, "%s|%s|%s|%s|%s", r.Header.Get("Authorization"), password, r.RequestURI, r.Header.Get("X-Key"), strings.Repeat("y", 300))
	})
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	mute, err := net.Listen("tcp", "127.0.0.1:0") // never accepts: time runs out
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mute.Close() })
	for _, auth := range []string{"Bearer " + token, token, "Basic " + basic} {
		for name, base := range map[string]string{"echo": echo.URL, "closed": "http://" + closed.Addr().String(), "mute": "http://" + mute.Addr().String()} {
			t.Run(name, func(t *testing.T) {
				var log bytes.Buffer
				o := at(base + "/p?" + query)
				o.Timeout = option.Duration(time.Second)
				o.Authorization = option.NewSecret(auth)
				o.Headers = map[string]string{"X-Key": key}
				o.Log = zerolog.New(&log).Level(zerolog.DebugLevel)
				s := newSink(t, o)
				rec, de := deliver(t, s)
				if de == nil {
					t.Fatal("no error to look at")
				}
				if log.Len() == 0 {
					t.Error("nothing logged at debug to look at")
				}
				all := fmt.Sprintf("%s %v %+v %s %v %+v", log.String(), de, rec, rec.Answer, errors.Unwrap(de), o.Authorization)
				for _, secret := range []string{"s3cr3t", basic} {
					if strings.Contains(all, secret) {
						t.Errorf("%s is shown: %s", secret, all)
					}
				}
			})
		}
	}
}

// Of a URL that stands in a file nothing but the scheme and the host comes back,
// whatever the receiver says of it.
func TestHiddenURLIsNotShown(t *testing.T) {
	for _, c := range []struct {
		name, path, moved string
	}{
		{name: "long", path: "/services/T00000000/ab12cd"},
		{name: "short", path: "/ab12cd"},
		{name: "short, with tokens", path: "/h/ab12cd/%%lsid%%/x"},
		{name: "beside a token", path: "/h/of-%%lsid%%-ab12cd"},
		{name: "moved", path: "/hooks/ab12cd", moved: "/v2/ab12cd"},
		{name: "moved beside", path: "/hooks/ab12cd/", moved: "../ab12cd/v2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if c.moved != "" {
					w.Header().Set("Location", c.moved)
					w.WriteHeader(http.StatusFound)
					return
				}
				w.WriteHeader(http.StatusNotFound)
				fmt.Fprintf(w, "Cannot POST %s", r.RequestURI)
			})
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "url"), []byte(srv.URL+c.path+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			o := at("")
			o.URLFile = "url"
			if ps := o.Check(dir); len(ps) > 0 {
				t.Fatal(ps)
			}
			rec, de := deliver(t, newSink(t, o))
			if de == nil {
				t.Fatal("no error to look at")
			}
			all := fmt.Sprintf("%v %+v %s %v", de, rec, rec.Answer, o.Shown())
			if strings.Contains(all, "ab12cd") || !strings.Contains(all, srv.URL+"/…") {
				t.Error(all)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		o    httpsink.Options
	}{
		{"no url", httpsink.Options{}},
		{"userinfo", httpsink.Options{URL: "http://u:s3cr3t@h/"}},
		{"a CA file that wasn't read", httpsink.Options{URL: "http://h/", TLS: option.TLS{CAFile: "/nonexistent/ca.pem"}}},
		{"codes", httpsink.Options{URL: "http://h/", Success: option.List{"ok"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := httpsink.New(c.o)
			if err == nil || strings.Contains(err.Error(), "s3cr3t") {
				t.Errorf("err = %v", err)
			}
		})
	}
}
