package live

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge/source/sourcetest"
)

// TestFloodOfDatagrams: none is lost without being counted, and memory is
// bounded while nothing becomes durable.
func TestFloodOfDatagrams(t *testing.T) {
	const n = 50_000
	s, addr, l := datagrams(t, nil)
	in := newInbox(t)
	in.gate = make(chan struct{})
	run(t, s, l, in.emit)
	c := udp(t, addr())
	for i := range n {
		send(t, c, fmt.Sprintf("%07d", i))
	}
	close(in.gate)
	send(t, c, "the last one")
	sourcetest.Eventually(t, "accounted for", func() bool {
		st := s.Stats()
		return st.Lines+st.Dropped == n+1
	})
	st := s.Stats()
	got := in.await(int(st.Lines))
	before := ""
	for _, r := range got {
		if r.line <= before && r.line != "the last one" {
			t.Fatalf("%q came behind %q", r.line, before)
		}
		before = r.line
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if st.Dropped == 0 || len(in.losses) == 0 || !strings.Contains(in.losses[0].Reason, "the kernel had no room for") {
		t.Errorf("stats %+v, losses %v: the test wants some to be dropped", st, in.losses)
	}
	if l.count("raise net.core.rmem_max") == 0 {
		t.Error("it was not said")
	}
	t.Logf("%d of %d taken in %d batches, %d counted as dropped", st.Lines, n+1, in.batches, st.Dropped)
}

func TestAbandonedDatagramsAreCounted(t *testing.T) {
	const n = 1000
	s, addr, l := datagrams(t, nil)
	in := newInbox(t)
	in.gate = make(chan struct{}) // no emit ever ends
	r := run(t, s, l, in.emit)
	c := udp(t, addr())
	for i := range n {
		send(t, c, "a")
		if i%50 == 0 {
			sourcetest.Eventually(t, "in the kernel no more", func() bool { return kernelHolds(t, addr()) == 0 })
		}
	}
	if err := r.end(); err != nil {
		t.Error(err)
	}
	if st := s.Stats(); st.Abandoned != n || st.Lines != 0 || st.Dropped != 0 {
		t.Errorf("stats %+v", st)
	}
	l.await(t, "could not be made durable before the end")
}

// kernelHolds gives how many bytes wait in the kernel for a UDP socket.
func kernelHolds(t *testing.T, addr string) int64 {
	t.Helper()
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile("/proc/net/udp")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(table) {
		f := bytes.Fields(line) // sl, local, remote, state, queues as tx:rx
		if len(f) < 5 || !bytes.HasSuffix(f[1], fmt.Appendf(nil, ":%04X", n)) {
			continue
		}
		_, rx, _ := bytes.Cut(f[4], []byte(":"))
		size, err := strconv.ParseInt(string(rx), 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		return size
	}
	t.Fatalf("no socket with port %s", port)
	return 0
}
