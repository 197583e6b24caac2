//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tailpost/tailpost/cmd/tailpost/trial"
)

func rsyslogLanes() []*lane {
	return []*lane{
		{name: "omuxsock", scheme: "datagram", lines: manyLines},
		{name: "omfwd over TCP", scheme: "tcp", lines: manyLines},
		{name: "omfwd over TCP, counted", scheme: "tcp", lines: manyLines},
		{name: "omfwd over UDP", scheme: "udp", lines: fewDatagrams},
	}
}

// startRsyslog lets rsyslog send the lanes' lines, which it reads from files.
// The counted ones have the header of RFC 5424 and a newline counted in.
func startRsyslog(t *testing.T, p *trial.Program, lanes []*lane) {
	t.Helper()
	work := t.TempDir()
	writePayloads(t, filepath.Join(work, "many"), manyLines)
	writePayloads(t, filepath.Join(work, "few"), fewDatagrams)
	var b strings.Builder
	fmt.Fprintf(&b, `global(workDirectory=%q maxMessageSize="64k")
module(load="imfile")
module(load="omuxsock")
input(type="imfile" file=%q tag="BG:" facility="local0" severity="notice" ruleset="many")
input(type="imfile" file=%q tag="BG:" facility="local0" severity="notice" ruleset="few")
$OMUxSockSocket %s
ruleset(name="many") {
  *.* :omuxsock:;RSYSLOG_TraditionalForwardFormat
%s%s}
ruleset(name="few") {
%s}
`, work, filepath.Join(work, "many"), filepath.Join(work, "few"), lanes[0].addr,
		omfwd(lanes[1], `template="RSYSLOG_TraditionalForwardFormat"`),
		omfwd(lanes[2], `TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format"`),
		omfwd(lanes[3], `template="RSYSLOG_TraditionalForwardFormat"`))
	config := filepath.Join(work, "rsyslog.conf")
	if err := os.WriteFile(config, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	startDaemon(t, nil, "/usr/sbin/rsyslogd", "-n", "-f", config, "-i", filepath.Join(work, "pid"))
}

func omfwd(l *lane, more string) string {
	host, port, _ := strings.Cut(l.addr, ":")
	return fmt.Sprintf("  action(type=\"omfwd\" target=%q port=%q protocol=%q %s)\n", host, port, l.scheme, more)
}

func syslogngLanes() []*lane {
	return []*lane{
		{name: "syslog-ng to a stream", scheme: "stream", lines: manyLines},
		{name: "syslog-ng to datagrams", scheme: "datagram", lines: manyLines},
		{name: "syslog-ng over TCP", scheme: "tcp", lines: manyLines},
		{name: "syslog-ng over TCP, counted", scheme: "tcp", lines: manyLines},
		{name: "syslog-ng over TLS, counted", scheme: "tls", lines: manyLines},
		{name: "syslog-ng over UDP", scheme: "udp", lines: fewDatagrams},
	}
}

// syslogngDir is where .ci/e2e-packages unpacks syslog-ng.
const syslogngDir = "/var/cache/tailpost-e2e/syslog-ng"

// startSyslogng does for syslog-ng what startRsyslog does.
func startSyslogng(t *testing.T, p *trial.Program, lanes []*lane) {
	t.Helper()
	work := t.TempDir()
	writePayloads(t, filepath.Join(work, "many"), manyLines)
	writePayloads(t, filepath.Join(work, "few"), fewDatagrams)
	var b strings.Builder
	b.WriteString("@version: 3.38\n")
	for _, name := range []string{"many", "few"} {
		fmt.Fprintf(&b, "source s_%s { file(%q follow-freq(0.1) flags(no-parse) program-override(\"BG\") default-facility(local0) default-severity(notice)); };\n",
			name, filepath.Join(work, name))
	}
	for i, l := range lanes {
		host, port, _ := strings.Cut(l.addr, ":")
		from, to := "many", ""
		switch {
		case l.scheme == "stream" || l.scheme == "datagram":
			to = fmt.Sprintf("unix-%s(%q)", strings.Replace(l.scheme, "datagram", "dgram", 1), l.addr)
		case l.scheme == "tls":
			to = fmt.Sprintf("syslog(%q port(%s) transport(\"tls\") tls(ca-file(%q) peer-verify(yes)))", host, port, p.Path("ca.pem"))
		case strings.HasSuffix(l.name, "counted"):
			to = fmt.Sprintf("syslog(%q port(%s) transport(\"tcp\"))", host, port)
		default:
			to = fmt.Sprintf("network(%q port(%s) transport(%q))", host, port, l.scheme)
		}
		if l.scheme == "udp" {
			from = "few"
		}
		fmt.Fprintf(&b, "destination d_%d { %s; };\nlog { source(s_%s); destination(d_%d); flags(flow-control); };\n", i, to, from, i)
	}
	config := filepath.Join(work, "syslog-ng.conf")
	if err := os.WriteFile(config, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	libs := syslogngDir + "/usr/lib/syslog-ng"
	startDaemon(t, []string{"LD_LIBRARY_PATH=" + libs}, syslogngDir+"/usr/sbin/syslog-ng", "-F", "--no-caps",
		"-f", config, "--module-path="+libs+"/3.38", "--persist-file="+filepath.Join(work, "persist"),
		"--pidfile="+filepath.Join(work, "pid"), "--control="+filepath.Join(work, "ctl"))
}

// startDaemon runs a program until the test's end.
func startDaemon(t *testing.T, env []string, program string, args ...string) {
	t.Helper()
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("%v; .ci/e2e-packages installs it", err)
	}
	var log bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", filepath.Base(program), log.Bytes()[max(0, log.Len()-4<<10):])
		}
	})
}
