package smtpsink_test

import (
	"crypto/hmac"
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/oauth"
	"github.com/tailpost/tailpost/sinks/smtpsink"
)

func offering(mechanisms string) map[string]string {
	return map[string]string{"EHLO by TLS": "250-mail.example.com\r\n250 AUTH " + mechanisms}
}

// tokens is a token server that numbers what it gives.
type tokens struct {
	*httptest.Server
	given  atomic.Int64
	status atomic.Int64 // to answer with; 0: a token
}

func newTokens(t *testing.T) *tokens {
	s := &tokens{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if code := int(s.status.Load()); code != 0 {
			http.Error(w, "no token for cl1ent-s3cr3t", code)
			return
		}
		if id, secret, _ := r.BasicAuth(); id != "client" || secret != "cl1ent-s3cr3t" || r.FormValue("scope") != "mail" {
			http.Error(w, "who?", http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":"t0ken-%d","token_type":"Bearer","expires_in":3600}`, s.given.Add(1))
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *tokens) relay(server *misbehaving) smtpsink.RelayOptions {
	o := server.relay()
	o.Password = option.Secret{}
	o.OAuth2 = oauth.Options{TokenURL: s.URL, ClientID: "client", ClientSecret: option.NewSecret("cl1ent-s3cr3t"), Scopes: option.List{"mail"}}
	return o
}

// byToken takes one token alone, as Microsoft and Google answer.
func byToken(good *atomic.Value) func(mechanism, initial string, ask func(string) string) string {
	return func(mechanism, initial string, ask func(string) string) string {
		b, _ := base64.StdEncoding.DecodeString(initial)
		if mechanism == "XOAUTH2" && string(b) == "user=u\x01auth=Bearer "+good.Load().(string)+"\x01\x01" {
			return "235 2.7.0 accepted"
		}
		ask(`{"status":"401","schemes":"bearer"}`)
		return "535 5.7.3 Authentication unsuccessful " + initial + " " + string(b)
	}
}

func TestLoginByToken(t *testing.T) {
	for _, auth := range []string{"xoauth2", "auto"} {
		t.Run(auth, func(t *testing.T) {
			from, s := newTokens(t), newMisbehaving(t, offering("PLAIN XOAUTH2"))
			var good atomic.Value
			good.Store("t0ken-1")
			s.login = byToken(&good)
			o := from.relay(s)
			o.Auth, o.Connections = auth, 1
			sink := newSinkTo(t, o)
			explained := misbehaviour{step: "QUIT"} // a connection each
			for range 2 {
				if _, de := explained.attempt(t, sink, nil); de != nil {
					t.Fatal(de)
				}
			}
			if n := from.given.Load(); n != 1 {
				t.Errorf("%d tokens for two connections", n)
			}

			good.Store("t0ken-2") // the first one is revoked
			rec, de := explained.attempt(t, sink, nil)
			if de != nil || from.given.Load() != 2 {
				t.Errorf("another token is not tried: %v, %d tokens", de, from.given.Load())
			}
			if steps := strings.Join(rec.Steps, "\n"); !strings.Contains(steps, "a token of "+from.URL+"\n") || !strings.Contains(steps, "another one is fetched") || strings.Contains(steps, "t0ken") {
				t.Errorf("steps\n%s", steps)
			}

			good.Store("none")
			rec, de = explained.attempt(t, sink, nil)
			if de == nil || de.Status != misconfigured || !de.Down || de.Scope != recipient || from.given.Load() != 3 {
				t.Errorf("%+v, %d tokens; want one more", de, from.given.Load())
			}
			if shown := fmt.Sprintf("%v %+v %q %+v", de, de, rec.Steps, sink.Status()); strings.Contains(shown, "t0ken") || strings.Contains(shown, base64.StdEncoding.EncodeToString([]byte("user=u"))[:6]) || !strings.Contains(shown, "535") {
				t.Errorf("shown: %s", shown)
			}
		})
	}
}

func TestNoToken(t *testing.T) {
	for code, wantStatus := range map[int]string{400: misconfigured, 401: misconfigured, 500: "", 503: ""} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			from, s := newTokens(t), newMisbehaving(t, offering("XOAUTH2"))
			from.status.Store(int64(code))
			sink := newSinkTo(t, from.relay(s))
			_, de := (misbehaviour{}).attempt(t, sink, nil)
			if de == nil || de.Scope != recipient || !de.Down || de.Status != wantStatus || !strings.Contains(de.Error(), fmt.Sprint(code)) {
				t.Errorf("%+v", de)
			}
			if strings.Contains(de.Error()+sink.Status().Text, "s3cr3t") {
				t.Errorf("the secret is shown: %v", de)
			}
			wantConnections(t, s, 0)
		})
	}
}

// Neither password nor token goes in the clear, whatever the server offers,
// and no other way is taken than the one that was asked for.
func TestWaysToLogIn(t *testing.T) {
	for _, c := range []struct {
		name, auth, security, offers string
		tokens                       bool
		wantSaid, wantText           string
	}{
		{name: "plain first", auth: "auto", offers: "CRAM-MD5 LOGIN PLAIN", wantSaid: "AUTH PLAIN"},
		{name: "then login", auth: "auto", offers: "CRAM-MD5 LOGIN", wantSaid: "AUTH LOGIN"},
		{name: "then cram-md5", auth: "auto", offers: "GSSAPI cram-md5", wantSaid: "AUTH CRAM-MD5"},
		{name: "not by token without one", auth: "auto", offers: "XOAUTH2 GSSAPI", wantText: "no login that we know (it offers: XOAUTH2 GSSAPI)"},
		{name: "plain alone", auth: "plain", offers: "LOGIN CRAM-MD5", wantText: "no login that we know"},
		{name: "login alone", auth: "login", offers: "PLAIN", wantText: "no login that we know"},
		{name: "cram-md5 alone", auth: "cram-md5", offers: "PLAIN", wantText: "no login that we know"},
		{name: "token alone", auth: "xoauth2", tokens: true, offers: "PLAIN", wantText: "no login that we know"},
		{name: "none", auth: "none", offers: "PLAIN", wantText: "530"},
		{name: "auto in the clear", auth: "auto", security: "none", offers: "PLAIN LOGIN CRAM-MD5", wantText: "unencrypted"},
		{name: "plain in the clear", auth: "plain", security: "none", offers: "PLAIN", wantText: "unencrypted"},
		{name: "login in the clear", auth: "login", security: "none", offers: "LOGIN", wantText: "unencrypted"},
		{name: "token in the clear", auth: "xoauth2", tokens: true, security: "none", offers: "XOAUTH2", wantText: "unencrypted"},
		{name: "cram-md5 in the clear", auth: "cram-md5", security: "none", offers: "CRAM-MD5", wantSaid: "AUTH CRAM-MD5", wantText: "530 not so"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newMisbehaving(t, offering(c.offers))
			s.script["EHLO"] = map[bool]string{true: "250-mail.example.com\r\n250 AUTH " + c.offers}[c.security == "none"]
			s.login = accepts(t)
			o := s.relay()
			if c.tokens {
				o = newTokens(t).relay(s)
			}
			if o.Auth = c.auth; c.security != "" {
				o.Security = c.security
			}
			_, de := (misbehaviour{}).attempt(t, newSinkTo(t, o), nil)
			if c.wantText == "" && de != nil || c.wantText != "" && (de == nil || de.Status != misconfigured || !strings.Contains(de.Error(), c.wantText)) {
				t.Errorf("%+v: %v", de, de)
			}
			said := s.commands()
			if c.wantSaid != "" && !strings.Contains(said, c.wantSaid) || c.wantSaid == "" && strings.Contains(said, "AUTH") {
				t.Errorf("said\n%s", said)
			}
		})
	}
}

// accepts is a server that knows the password of u.
func accepts(t *testing.T) func(mechanism, initial string, ask func(string) string) string {
	return func(mechanism, initial string, ask func(string) string) string {
		const challenge = "<1896.697170952@mail.example.com>"
		mac := hmac.New(md5.New, []byte("s3cr3t"))
		mac.Write([]byte(challenge))
		ok := false
		switch b, _ := base64.StdEncoding.DecodeString(initial); mechanism {
		case "PLAIN":
			ok = string(b) == "\x00u\x00s3cr3t"
		case "LOGIN":
			ok = ask("Username:") == "u" && ask("Password:") == "s3cr3t"
		case "CRAM-MD5":
			ok = ask(challenge) == fmt.Sprintf("u %x", mac.Sum(nil))
		}
		if !ok {
			t.Errorf("a wrong login by %s", mechanism)
			return "535 no"
		}
		return "235 welcome"
	}
}
