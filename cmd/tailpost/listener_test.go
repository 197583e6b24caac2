package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge/status"
)

// adminAt waits for the admin listener and gives its address.
func adminAt(p *process) (at string) {
	p.t.Helper()
	wait(p.t, "the admin listener", func() bool {
		for line := range strings.Lines(p.log.String()) {
			var said struct{ Message, Address string }
			if json.Unmarshal([]byte(line), &said) == nil && said.Message == "admin listener" {
				at = said.Address
			}
		}
		return at != ""
	})
	return at
}

// asked sends a request and gives status and body.
func asked(t *testing.T, method, url, body string, headers ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// TestListener: over TCP a running bridge can be read by everybody, and changed
// by who has the token alone, which may change while it runs.
func TestListener(t *testing.T) {
	t.Parallel()
	const first, second = "the-first-token-0123", "the-second-token-456"
	c := newCounter(t, always(500))
	dies := recipientAt("desk", c.URL, `retry_duration = "200ms"`)
	s := newSite(t, dies)
	s.admin = `admin = { listen = "127.0.0.1:0", token_file = "token" }`
	s.write(filepath.Join(s.dir, "token"), first+"\n")
	s.rewrite(dies)
	s.appendLines(1, func(int) string { return "one" })
	p := s.run()
	at := "http://" + adminAt(p)
	wait(t, "a dead letter", func() bool { return contains(p.log, `"message":"dead letter"`) })

	if code, body := asked(t, "GET", at+"/healthz", ""); code != 200 || body != "ok\n" {
		t.Errorf("health: %d %s", code, body)
	}
	var is status.Snapshot
	wait(t, "the letter in the status", func() bool {
		code, body := asked(t, "GET", at+"/api/status", "")
		if err := json.Unmarshal([]byte(body), &is); code != 200 || err != nil {
			t.Fatalf("status: %d %s: %v", code, body, err)
		}
		return is.Recipients[0].Dead == 1
	})
	if code, body := asked(t, "GET", at+"/metrics", ""); code != 200 || !strings.Contains(body, "tailpost_recipient_dead_letters{recipient=\"desk\"} 1\n") {
		t.Errorf("metrics: %d\n%s", code, body)
	}
	drop := func(method string, headers ...string) (int, string) {
		return asked(t, method, at+"/api/dead/drop", `{"recipient":"desk"}`, headers...)
	}
	for name, r := range map[string]struct {
		method  string
		headers []string
		want    int
	}{
		"no token":       {"POST", nil, 401},
		"a wrong one":    {"POST", []string{"Authorization", "Bearer " + second}, 401},
		"by GET":         {"GET", []string{"Authorization", "Bearer " + first}, 405},
		"another origin": {"POST", []string{"Authorization", "Bearer " + first, "Origin", "http://evil.example"}, 403},
		"another site":   {"POST", []string{"Authorization", "Bearer " + first, "Sec-Fetch-Site", "cross-site"}, 403},
	} {
		if code, body := drop(r.method, r.headers...); code != r.want {
			t.Errorf("%s: %d %s, want %d", name, code, body, r.want)
		}
	}
	s.says(0, "desk", "dead", "ls") // it is there still

	s.write(filepath.Join(s.dir, "token"), second+"\n")
	wait(t, "the other token", func() bool { return contains(p.log, `"message":"configuration reloaded"`) })
	if code, body := asked(t, "POST", at+"/api/pause", `{"recipient":"desk"}`, "Authorization", "Bearer "+second); code != 200 || !strings.HasPrefix(body, `{"report":{"done":1,"says":"desk is paused: `) {
		t.Errorf("pause: %d %s", code, body)
	}
	if code, body := drop("POST", "Authorization", "Bearer "+first); code != 401 {
		t.Errorf("the first token: %d %s", code, body)
	}
	if code, body := drop("POST", "Authorization", "Bearer "+second); code != 200 || !strings.Contains(body, `"done":1`) {
		t.Errorf("the second one: %d %s", code, body)
	}
	if text := p.log.String(); strings.Contains(text, first) || strings.Contains(text, second) {
		t.Errorf("the log has the token:\n%s", text)
	}
	p.stop()
}

// TestPortThatIsTaken: events flow all the same, status says it, and the port
// is taken as soon as it is free.
func TestPortThatIsTaken(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := newSite(t, "")
	s.admin = fmt.Sprintf("admin.listen = %q", l.Addr())
	s.rewrite("[[recipients.file]]\nname = \"out\"\npath = \"out.jsonl\"\n")
	p := s.run()
	s.appendLines(1, func(int) string { return "one" })
	wait(t, "the event", func() bool {
		b, err := os.ReadFile(filepath.Join(s.dir, "out.jsonl"))
		return err == nil && strings.Count(string(b), "\n") == 1
	})
	s.says(0, "ok", "health", "--ready")
	var is status.Snapshot
	if err := json.Unmarshal([]byte(s.says(0, "", "status", "--json")), &is); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("[admin] listen = %q: listen tcp %s: bind: address already in use: another process listens there", l.Addr(), l.Addr())
	if is.Listener == nil || is.Listener.Failing != want || is.Listener.Since.IsZero() || !is.Ready {
		t.Errorf("%+v, ready %v, want %q", is.Listener, is.Ready, want)
	}
	l.Close()
	if code, _ := asked(t, "GET", "http://"+adminAt(p)+"/readyz", ""); code != 200 {
		t.Errorf("readyz: %d", code)
	}
	p.stop()
}

// TestAddressThatIsWrong: one that this machine doesn't have ends the start.
func TestAddressThatIsWrong(t *testing.T) {
	s := newSite(t, "")
	s.admin = `admin.listen = "192.0.2.1:9180"`
	s.rewrite("[[recipients.file]]\nname = \"out\"\npath = \"out.jsonl\"\n")
	s.says(1, `[admin] listen = "192.0.2.1:9180": listen tcp 192.0.2.1:9180: bind: cannot assign requested address: this machine has no such address`, "run")
}
