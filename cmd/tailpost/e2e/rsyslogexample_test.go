//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/cmd/tailpost/trial"
)

// TestRsyslogExample lets rsyslog run with the file of examples/rsyslog. An
// appliance sends it lines, by UDP and by TCP, before Tailpost is there: rsyslog
// keeps them, and they come when it is.
func TestRsyslogExample(t *testing.T) {
	dir, ports := t.TempDir(), trial.Ports{}
	trial.CopyExample(t, dir, "../../../examples/rsyslog")
	trial.MoveExample(t, filepath.Join(dir, "tailpost.toml"), "", ports)
	b, err := os.ReadFile(filepath.Join(dir, "rsyslog.conf"))
	if err != nil {
		t.Fatal(err)
	}
	// What the system's rsyslog.conf has before it includes ours.
	text := fmt.Sprintf("global(workDirectory=%q)\n%s", dir, b)
	for _, port := range []string{"5140", "5514"} {
		text = strings.ReplaceAll(text, `"`+port+`"`, `"`+ports.For(t, port)+`"`)
	}
	conf := filepath.Join(dir, "moved.conf")
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	startDaemon(t, nil, "/usr/sbin/rsyslogd", "-n", "-f", conf, "-i", filepath.Join(dir, "pid"))
	lines, err := os.ReadFile(filepath.Join(dir, "appliance.log"))
	if err != nil {
		t.Fatal(err)
	}
	for _, network := range []string{"tcp", "udp"} { // when TCP answers, both are there
		sendLines(t, network, "127.0.0.1:"+ports.For(t, "5140"), lines)
	}
	s := trial.NewShell(t, dir, trial.Bin(t, raceBinary, ports))
	s.Type("tailpost run --config tailpost.toml &")
	count := func() int {
		b, _ := os.ReadFile(filepath.Join(dir, "events.jsonl"))
		return bytes.Count(b, []byte("\n"))
	}
	s.Wait("what rsyslog kept", func(string) bool { return count() >= 4 })
	s.Stop()
	if n := count(); n != 4 {
		t.Errorf("%d events, want 2 by each way", n)
	}
}

func sendLines(t *testing.T, network, address string, lines []byte) {
	t.Helper()
	var c net.Conn
	eventually(t, timeToArrive, "a listener", func() (ok bool) {
		var err error
		c, err = net.Dial(network, address)
		return err == nil
	})
	defer c.Close()
	for line := range bytes.Lines(lines) {
		if _, err := c.Write(line); err != nil {
			t.Fatal(err)
		}
	}
}
