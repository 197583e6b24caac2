//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/cmd/tailpost/trial"
)

// promtool is Prometheus' own judge, unpacked beside the system.
const promtool = "/var/cache/tailpost-e2e/prometheus/usr/bin/promtool"

// TestMonitoring: Prometheus takes the example's configuration and rules, each
// alert fires when it is to, and its linter finds nothing in what a bridge that
// runs says.
func TestMonitoring(t *testing.T) {
	for _, args := range [][]string{
		{"check", "config", "prometheus.yml"},
		{"check", "rules", "--lint=all", "--lint-fatal", "tailpost-rules.yml"},
		{"test", "rules", "tailpost-rules-test.yml"},
	} {
		cmd := exec.Command(promtool, args...)
		cmd.Dir = "../../../examples/monitoring"
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}

	p := trial.New(t, raceBinary, "")
	p.Write("tailpost.toml", `state_dir = "state"
admin.listen = "127.0.0.1:0"
[log]
format = "json"
[[sources.tail]]
name = "a \"log\"\\"
path = "session.log"
format = "json"
start = "beginning"
appliance_id = "support.example.com"
[[recipients.file]]
name = "} 1 <out>"
path = "out.jsonl"
`)
	p.Write("session.log", `{"event":"support_conference_end","timestamp":2,"lsid":"a"}`+"\nnonsense\n")
	p.Start()
	var text []byte
	eventually(t, timeToArrive, "metrics of an event", func() bool {
		at := adminAddress(readText(t, p.Path("tailpost.err")))
		if at == "" {
			return false
		}
		text = scrape(t, "http://"+at+"/metrics")
		return bytes.Contains(text, []byte(`tailpost_recipient_events_total{outcome="delivered",recipient="} 1 <out>"} 1`+"\n")) &&
			bytes.Contains(text, []byte(`tailpost_source_lines{outcome="quarantined",source="a \"log\"\\"} 1`+"\n"))
	})
	check := exec.Command(promtool, "check", "metrics")
	check.Stdin = bytes.NewReader(text)
	if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
	p.Stop()
}

// adminAddress finds in the log where the admin listener is.
func adminAddress(log string) string {
	for line := range strings.Lines(log) {
		var said struct{ Message, Address string }
		if json.Unmarshal([]byte(line), &said) == nil && said.Message == "admin listener" {
			return said.Address
		}
	}
	return ""
}

func scrape(t *testing.T, url string) []byte {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v", resp.Status, err)
	}
	return b
}
