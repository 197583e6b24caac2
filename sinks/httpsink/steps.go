package httpsink

import (
	"crypto/tls"
	"fmt"
	"net/http/httptrace"
	"strings"
	"sync"
	"time"

	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/sinks/redact"
)

// steps says in words what happens, for somebody who watches. A nil one says
// nothing. Its hooks run in goroutines of net/http.
type steps struct {
	hide redact.Words
	tls  *option.TLS

	mu    sync.Mutex
	lines []string
}

// stepsMax bounds the steps of an attempt: a name may have many addresses.
const stepsMax = 64

func (s *steps) say(format string, args ...any) {
	if s == nil {
		return
	}
	text := s.hide.Text(fmt.Sprintf(format, args...), errMax)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.lines) < stepsMax {
		s.lines = append(s.lines, text)
	}
}

// said gives the steps so far.
func (s *steps) said() []string {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.lines...)
}

// hooks adds to a trace what people want to see of it.
func (s *steps) hooks(t *httptrace.ClientTrace) {
	if s == nil {
		return
	}
	var mu sync.Mutex
	begun := map[string]time.Time{}
	t.DNSDone = func(i httptrace.DNSDoneInfo) {
		if i.Err != nil {
			s.say("the name could not be resolved: %v", i.Err)
			return
		}
		var to []string
		for _, a := range i.Addrs {
			to = append(to, a.String())
		}
		s.say("resolved to %s", strings.Join(to, ", "))
	}
	t.ConnectStart = func(_, addr string) {
		mu.Lock()
		defer mu.Unlock()
		begun[addr] = time.Now()
	}
	t.ConnectDone = func(_, addr string, err error) {
		mu.Lock()
		took := time.Since(begun[addr])
		mu.Unlock()
		if err != nil {
			s.say("no connection to %s: %v", addr, err)
			return
		}
		s.say("connected to %s in %s", addr, round(took))
	}
	t.TLSHandshakeDone = func(state tls.ConnectionState, err error) { s.sayTLS(state, err) }
	t.WroteRequest = func(i httptrace.WroteRequestInfo) {
		if i.Err != nil {
			s.say("the request could not be sent: %v", i.Err)
		}
	}
}

func (s *steps) sayTLS(state tls.ConnectionState, err error) {
	if err != nil {
		if why := inWords(err, s.tls); why != "" {
			s.say("no TLS: %s", why)
		} else {
			s.say("no TLS: %v", err)
		}
		return
	}
	s.say("%s, %s", tls.VersionName(state.Version), tls.CipherSuiteName(state.CipherSuite))
	if len(state.PeerCertificates) > 0 {
		c := state.PeerCertificates[0]
		s.say("its certificate: %s, for %s, issued by %s, good until %s", c.Subject, namesOf(c), c.Issuer, c.NotAfter.UTC().Format(dayLayout))
	}
	if own := s.tls.ClientCertificate(); own != nil {
		s.say("our certificate, should it ask for one: %s", ours(own))
	}
}

func round(d time.Duration) time.Duration { return d.Round(10 * time.Microsecond) }
