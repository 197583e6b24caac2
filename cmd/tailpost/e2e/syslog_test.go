//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/cmd/tailpost/trial"
)

// lane is one way from a sender to a source of its own.
type lane struct {
	name   string
	scheme string // udp, tcp or tls; stream or datagram for a socket
	addr   string // or the socket's path
	lines  int
}

const (
	manyLines = 1000
	// fewDatagrams fit into the kernel's buffer at once: UDP may drop others.
	fewDatagrams = 60
)

var loggerLanes = []*lane{
	{name: "logger to datagrams", scheme: "datagram", lines: 300},
	{name: "logger to a stream", scheme: "stream", lines: 300},
	{name: "logger over TCP", scheme: "tcp", lines: 300},
	{name: "logger over TCP, counted", scheme: "tcp", lines: 300},
	{name: "logger over UDP", scheme: "udp", lines: fewDatagrams},
}

// TestSyslogSendersDeliver: what rsyslog, syslog-ng and logger send arrives
// once, in order, with its values, over each way that they know.
func TestSyslogSendersDeliver(t *testing.T) {
	rsys, ng := rsyslogLanes(), syslogngLanes()
	lanes := append(append(append([]*lane{}, rsys...), ng...), loggerLanes...)
	p := trial.New(t, raceBinary, "")
	writeCertificates(t, p.Dir)
	p.Configure(laneConfig(t, p, lanes))
	p.Start()
	eventually(t, timeToArrive, "listening: all sources", func() bool {
		p.MustRun()
		log, err := os.ReadFile(p.Path("tailpost.err"))
		return err == nil && bytes.Count(log, []byte(`"message":"listening"`)) == len(lanes)
	})
	startRsyslog(t, p, rsys)
	startSyslogng(t, p, ng)
	for _, l := range loggerLanes {
		runLogger(t, p, l)
	}
	var got map[string][]string
	eventually(t, 3*time.Minute, "arrived: all lines", func() bool {
		p.MustRun()
		got = keysBySource(t, p.Path("out.jsonl"))
		n, want := 0, 0
		for _, l := range lanes {
			n, want = n+len(got[l.name]), want+l.lines
		}
		return n >= want
	})
	p.Stop()
	got = keysBySource(t, p.Path("out.jsonl"))
	for _, l := range lanes {
		checkLane(t, l, got[l.name])
	}
}

// checkLane wants each line once, in order.
func checkLane(t *testing.T, l *lane, got []string) {
	t.Helper()
	if len(got) != l.lines {
		t.Errorf("%s: %d events of %d lines", l.name, len(got), l.lines)
	}
	for i, key := range got {
		if key != fmt.Sprint(i) {
			t.Errorf("%s: event %d is of line %s", l.name, i, key)
			return
		}
	}
}

// laneConfig gives a source to each lane, and one file to all.
func laneConfig(t *testing.T, p *trial.Program, lanes []*lane) string {
	var b strings.Builder
	for i, l := range lanes {
		switch l.scheme {
		case "datagram", "stream":
			l.addr = p.Path(fmt.Sprintf("%d.sock", i))
			fmt.Fprintf(&b, "[[sources.socket]]\nname = %q\npath = %q\nkind = %q\n", l.name, l.addr, l.scheme)
		default:
			l.addr = freePort(t)
			fmt.Fprintf(&b, "[[sources.syslog]]\nname = %q\nlisten = \"%s://%s\"\n", l.name, l.scheme, l.addr)
			if l.scheme == "tls" {
				b.WriteString("cert_file = \"server.pem\"\nkey_file = \"server.key\"\n")
			}
		}
		b.WriteString("format = \"bg\"\n")
	}
	b.WriteString("[[recipients.file]]\nname = \"out\"\npath = \"out.jsonl\"\norder = \"strict\"\n")
	return b.String()
}

// payload is what stands behind the syslog header of line n.
func payload(n int) string {
	_, text, _ := strings.Cut(strings.TrimSpace(member(n)), ": ")
	return text
}

// writePayloads gives a file of n lines without headers.
func writePayloads(t *testing.T, name string, n int) {
	t.Helper()
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintln(&b, payload(i))
	}
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// keysBySource gives the external_key of each event, by its source.
func keysBySource(t *testing.T, name string) map[string][]string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for line := range bytes.Lines(b) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // the rest is being written
		}
		var e struct {
			Event, Name string
			Key         string `json:"external_key"`
			Source      struct{ Name string }
		}
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if e.Event != "support_conference_member_added" || e.Name != "Zoë Müller" {
			t.Errorf("%s: %s", e.Source.Name, line)
		}
		out[e.Source.Name] = append(out[e.Source.Name], e.Key)
	}
	return out
}

// runLogger sends a lane's lines by logger, of util-linux.
func runLogger(t *testing.T, p *trial.Program, l *lane) {
	t.Helper()
	name := p.Path("logger.txt")
	writePayloads(t, name, l.lines)
	args := []string{"-t", "BG", "-p", "local0.notice", "--size", "8KiB", "-f", name}
	host, port, _ := strings.Cut(l.addr, ":")
	switch {
	case l.scheme == "datagram":
		args = append(args, "-d", "-u", l.addr)
	case l.scheme == "stream":
		args = append(args, "-T", "-u", l.addr)
	case strings.HasSuffix(l.name, "counted"):
		args = append(args, "-T", "--octet-count", "-n", host, "-P", port)
	case l.scheme == "tcp":
		args = append(args, "-T", "--rfc3164", "-n", host, "-P", port)
	default:
		args = append(args, "-d", "-n", host, "-P", port)
	}
	if out, err := exec.Command("logger", args...).CombinedOutput(); err != nil {
		t.Fatalf("logger %v: %v\n%s", args, err, out)
	}
}
