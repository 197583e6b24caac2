package syslogd

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"testing"
)

// TestConnectionsAreKeptAlive: connections are quiet for hours, and the kernel
// alone asks whether the other side is still there.
func TestConnectionsAreKeptAlive(t *testing.T) {
	s := start(t, nil)
	c := s.dial()
	s.send(c, "a\n")
	s.Lines(1)
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	// sl, local, remote, state, queues, the timer that runs (02: keep-alive)
	local := fmt.Appendf(nil, ":%04X", c.RemoteAddr().(*net.TCPAddr).Port)
	for line := range bytes.Lines(table) {
		f := bytes.Fields(line)
		if len(f) > 5 && bytes.HasSuffix(f[1], local) && string(f[3]) == "01" {
			if !bytes.HasPrefix(f[5], []byte("02:")) {
				t.Errorf("no keep-alive timer runs: %s", line)
			}
			return
		}
	}
	t.Error("the connection is not in the kernel's table")
}
