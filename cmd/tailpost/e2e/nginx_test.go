//go:build e2e

package e2e

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/cmd/tailpost/trial"
)

// nginxSource is the input; nginxRecipient wants a name, nginx's address and
// more settings. A try that fails is followed by none in an hour: what arrives
// sooner is tried because a file changed.
const (
	nginxSource = `
[[sources.tail]]
name = "sessions"
path = "session.log"
format = "bg"
start = "beginning"
`
	nginxRecipient = `
[[recipients.http]]
name = %[1]q
url = "https://%[2]s/"
headers = { "X-To" = "to-%[1]s" }
require_https = true
ca_file = "ca.pem"
retry_interval = "1h"
%[3]s
`
	withClientCert = `client_cert_file = "%[1]s.pem"
client_key_file = "%[1]s.key"`
)

// TestNginxClientCertificates: nginx wants a client's certificate. It gets
// deliveries with one, and refuses those without, with another authority's and
// with one that has expired, which is said in words. Files that are replaced,
// the client's and the server's authority, are used without a restart and
// without a word in the configuration, and the recipient that is down is tried
// at once.
func TestNginxClientCertificates(t *testing.T) {
	ours, theirs := newAuthority(t, "Our authority"), newAuthority(t, "Their authority")
	nginx := startNginx(t, ours, ours)
	config := nginxSource
	for _, name := range []string{"good", "stranger", "late"} {
		config += fmt.Sprintf(nginxRecipient, name, nginx.addr, fmt.Sprintf(withClientCert, name))
	}
	config += fmt.Sprintf(nginxRecipient, "none", nginx.addr, "")
	p := trial.New(t, raceBinary, config)
	ours.trust(p.Path("ca.pem"))
	ours.client(p.Dir, "good", 24*time.Hour)
	theirs.client(p.Dir, "stranger", 24*time.Hour)
	ours.client(p.Dir, "late", -time.Hour)
	line := func(n int) string { return bgLine("support_conference_end", n) + "\n" }
	p.Write("session.log", line(1))
	p.Start()
	unchanged, err := os.ReadFile(p.Path("tailpost.toml"))
	if err != nil {
		t.Fatal(err)
	}

	first := nginx.taken("good", 1)
	if first.Verify != "SUCCESS" || first.ID == "" || first.TLS != "TLSv1.3" {
		t.Errorf("taken: %+v", first)
	}
	checkRefusedByNginx(t, p, nginx, first.ID)

	// Both that were refused get a certificate that nginx trusts, the good one
	// a newer one.
	before := first.Serial
	for _, name := range []string{"late", "stranger", "good"} {
		ours.client(p.Dir, name, 24*time.Hour)
	}
	for _, name := range []string{"late", "stranger"} {
		if r := nginx.taken(name, 1); r.ID != first.ID || r.Verify != "SUCCESS" {
			t.Errorf("%s, renewed: %+v", name, r)
		}
	}
	awaitReloaded(t, p, nginx, "good", before, line)

	checkNextAuthority(t, p, nginx, line(1000))
	p.Stop()
	if now, err := os.ReadFile(p.Path("tailpost.toml")); err != nil || !bytes.Equal(now, unchanged) {
		t.Errorf("the configuration has changed (%v)", err)
	}
}

// checkRefusedByNginx wants three recipients refused at their first try of the
// event, and told why, in the log and by `tailpost test`.
func checkRefusedByNginx(t *testing.T, p *trial.Program, nginx *nginxServer, id string) {
	t.Helper()
	for _, c := range []struct{ name, wantVerify, wantWords string }{
		{"none", "NONE", "it asks for a client certificate: set client_cert_file and client_key_file"},
		// Its own library doesn't show a certificate that nginx hasn't asked for.
		{"stranger", "NONE", "it refuses our client certificate, CN=stranger, issued by CN=Their authority, good until "},
		{"late", "FAILED:", "it refuses our client certificate, CN=late, issued by CN=Our authority, expired on "},
	} {
		state, words := awaitDown(t, p, c.name, "answered 400")
		if state != "misconfigured" || !strings.Contains(words, c.wantWords) {
			t.Errorf("%s is %q: %s", c.name, state, words)
		}
		got := nginx.seen(c.name)
		if len(got) != 1 || got[0].Status != 400 || !strings.HasPrefix(got[0].Verify, c.wantVerify) || got[0].ID != id {
			t.Errorf("nginx saw of %s %+v", c.name, got)
		}
		if out, err := p.Try("test", c.name); err == nil || !strings.Contains(out+err.Error(), c.wantWords) {
			t.Errorf("tailpost test %s: %v\n%s", c.name, err, out)
		}
	}
}

// checkNextAuthority has nginx show a certificate of an authority that nobody
// trusts yet, and then replaces ca_file.
func checkNextAuthority(t *testing.T, p *trial.Program, nginx *nginxServer, line string) {
	t.Helper()
	next := newAuthority(t, "Next authority")
	nginx.renew(next)
	appendTo(t, p.Path("session.log"), line)
	if _, words := awaitDown(t, p, "late", "who is not trusted"); !strings.Contains(words, "signed by CN=Next authority, who is not trusted: name that authority's certificate in ca_file") {
		t.Errorf("of the authority: %s", words)
	}
	have := len(nginx.seen("late"))
	next.trust(p.Path("ca.pem"))
	eventually(t, timeToArrive, "taken with the next authority", func() bool {
		all := nginx.seen("late")
		return len(all) > have && all[have].Status == 204
	})
}

// awaitReloaded sends events until one of them arrives with another
// certificate than before.
func awaitReloaded(t *testing.T, p *trial.Program, nginx *nginxServer, to, before string, line func(int) string) {
	t.Helper()
	n := 1
	eventually(t, timeToArrive, "used by "+to+": the new certificate", func() bool {
		n++
		appendTo(t, p.Path("session.log"), line(n))
		r := nginx.taken(to, n)
		return r.Serial != before && r.Verify == "SUCCESS"
	})
}

// awaitDown returns when the bridge has logged that a recipient fails, for a
// reason that has these words, and gives its status and the whole of them.
func awaitDown(t *testing.T, p *trial.Program, recipient, words string) (state, reason string) {
	t.Helper()
	eventually(t, timeToArrive, "logged: "+recipient+" "+words, func() bool {
		b, err := os.ReadFile(p.Path("tailpost.err"))
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(b) {
			var said struct{ Message, Recipient, State, Err string }
			if json.Unmarshal(line, &said) == nil && said.Recipient == recipient && said.Message == "recipient is down" && strings.Contains(said.Err, words) {
				state, reason = said.State, said.Err
				return true
			}
		}
		return false
	})
	return state, reason
}

// servesFor reports whether what listens there has a certificate of a.
func servesFor(addr string, a *authority) bool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	c, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12})
	if err != nil {
		return false
	}
	c.Close()
	return true
}

func appendTo(t *testing.T, name, text string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}
