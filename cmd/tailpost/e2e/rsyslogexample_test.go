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

// TestRsyslogExample lets rsyslog run with the files of examples/rsyslog. An
// appliance sends it lines, by UDP and by TCP, before Tailpost is there: rsyslog
// keeps them, and they come when it is.
func TestRsyslogExample(t *testing.T) {
	for _, c := range []struct {
		name, conf, config string
		mayRepeat          int // lines that rsyslog sends again after an outage
	}{
		{name: "sent on", conf: "rsyslog.conf", config: "tailpost.toml", mayRepeat: 1},
		{name: "by a file", conf: "to-file.conf", config: "from-file.toml"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, ports := t.TempDir(), trial.Ports{}
			trial.CopyExample(t, dir, "../../../examples/rsyslog")
			moveLog(t, filepath.Join(dir, c.config), dir)
			trial.MoveExample(t, filepath.Join(dir, c.config), "", ports)
			startRsyslogOf(t, dir, c.conf, ports)
			lines, err := os.ReadFile(filepath.Join(dir, "appliance.log"))
			if err != nil {
				t.Fatal(err)
			}
			for _, network := range []string{"tcp", "udp"} { // when TCP answers, both are there
				sendLines(t, network, "127.0.0.1:"+ports.For(t, "5140"), lines)
			}
			s := trial.NewShell(t, dir, trial.Bin(t, raceBinary, ports))
			s.Type("tailpost run --config " + c.config + " &")
			s.Wait("what rsyslog kept", func(string) bool { return len(names(t, dir)) >= 4 })
			s.Stop()
			got, sum := names(t, dir), map[string]int{}
			for _, name := range got {
				sum[name]++
			}
			if sum["login"] < 2 || sum["user_changed"] != 2 || len(got) > 4+c.mayRepeat {
				t.Errorf("events %q, want login and user_changed by each way", got)
			}
		})
	}
}

// moveLog lets a file of the example name a log in dir.
func moveLog(t *testing.T, path, dir string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(b), "/var/log/appliance", dir)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// startRsyslogOf starts rsyslog with a file of the example, behind what the
// system's rsyslog.conf has before it includes it.
func startRsyslogOf(t *testing.T, dir, conf string, ports trial.Ports) {
	t.Helper()
	path := filepath.Join(dir, conf)
	moveLog(t, path, dir)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("global(workDirectory=%q)\n%s", dir, b)
	for _, port := range []string{"5140", "5514"} {
		text = strings.ReplaceAll(text, `"`+port+`"`, `"`+ports.For(t, port)+`"`)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	startDaemon(t, nil, "/usr/sbin/rsyslogd", "-n", "-f", path, "-i", filepath.Join(dir, "pid"))
}

// names gives the names of the events that arrived.
func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "events.jsonl"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for line := range bytes.Lines(b) {
		_, rest, _ := strings.Cut(string(line), `"event":"`)
		name, _, _ := strings.Cut(rest, `"`)
		all = append(all, name)
	}
	return all
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
