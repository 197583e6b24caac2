//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/tailpost/tailpost/cmd/tailpost/trial"
)

// waitingConfig has a recipient that is dead, and one that asks for the end
// of a session alone: the log's last line, so that its event tells that all
// before it is in the spool.
const waitingConfig = `
[[sources.tail]]
name = "sessions"
path = "session.log"
format = "bg"
start = "beginning"

[[recipients.http]]
name = "dead"
url = "http://%s/"
retry_interval = "1s"

[[recipients.file]]
name = "last"
path = "last.jsonl"
events = ["support_conference_end"]
`

const (
	mostMore    = 10 << 20        // bytes of VmRSS that 1,000,000 waiting events may take more than 10,000
	mostToFirst = 2 * time.Second // from the start of the process to its first attempt
)

// TestMemoryOfWaitingEvents: what waits for a dead receiver waits on disk.
// Memory is the same with a hundred times as much of it, and a start doesn't
// read it all before the first attempt.
func TestMemoryOfWaitingEvents(t *testing.T) {
	few, many := memoryWithWaiting(t, 10_000), memoryWithWaiting(t, 1_000_000)
	t.Logf("VmRSS five seconds after ingest: %.1f MiB with 10,000 waiting, %.1f MiB with 1,000,000: %+.1f MiB",
		mib(few), mib(many), mib(many-few))
	if many-few >= mostMore {
		t.Errorf("%.1f MiB more, want under %.1f", mib(many-few), mib(mostMore))
	}
}

func mib(bytes int) float64 { return float64(bytes) / (1 << 20) }

// memoryWithWaiting gives VmRSS in bytes. It checks the start with so many
// waiting, too, after SIGTERM and after SIGKILL.
func memoryWithWaiting(t *testing.T, n int) (rss int) {
	t.Run(fmt.Sprintf("%d waiting", n), func(t *testing.T) {
		dead := reservePort(t)
		p := trial.New(t, plainBinary, fmt.Sprintf(waitingConfig, dead.addr))
		writeLog(t, p.Path("session.log"), n)
		began := time.Now()
		p.Start()
		eventually(t, 10*time.Minute, "in the spool: the last line", func() bool {
			p.MustRun()
			b, err := os.ReadFile(p.Path("last.jsonl"))
			return err == nil && bytes.HasSuffix(b, []byte("\n"))
		})
		took := time.Since(began)
		time.Sleep(5 * time.Second) // the requirement's own five seconds
		p.MustRun()
		rss = residentMemory(t, p.PID())
		t.Logf("%d lines in the spool after %.1f s (%.0f a second), VmRSS %.1f MiB, peak %.1f MiB",
			n, took.Seconds(), float64(n)/took.Seconds(), mib(rss), mib(memoryFigure(t, p.PID(), "VmHWM:")))

		p.Stop()
		r := serve(t, dead, 503)
		checkFirstAttempt(t, p, r, "SIGTERM")
		checkFirstAttempt(t, p, r, "SIGKILL")
	})
	return rss
}

// checkFirstAttempt starts the bridge, measures the time to its first attempt,
// and kills it.
func checkFirstAttempt(t *testing.T, p *trial.Program, r *receiver, after string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	before, _ := r.count()
	began := time.Now()
	p.Start()
	r.await(ctx, t, before+1)
	first, _ := r.seen(before)
	took := first[0].at.Sub(began)
	t.Logf("first attempt %v after the start that followed %s", took.Round(time.Millisecond), after)
	if took >= mostToFirst {
		t.Errorf("the first attempt came %v after the start that followed %s, want under %v", took, after, mostToFirst)
	}
	// While the recipient was down, one probe a second went to the events.
	if n, err := strconv.Atoi(first[0].key); err != nil || n > 1000 {
		t.Errorf("the first attempt is of line %s, want one of the oldest", first[0].key)
	}
	p.Kill()
}

// writeLog writes n lines; the last one alone is the end of a session.
func writeLog(t *testing.T, name string, n int) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	for i := range n - 1 {
		w.WriteString(member(i))
	}
	w.WriteString(bgLine("support_conference_end", n-1) + "\n")
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
}

// residentMemory gives a process's VmRSS in bytes.
func residentMemory(t *testing.T, pid int) int { return memoryFigure(t, pid, "VmRSS:") }

// memoryFigure gives a figure of /proc/PID/status, which counts in KiB, in
// bytes.
func memoryFigure(t *testing.T, pid int, name string) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(b) {
		f := bytes.Fields(line)
		if len(f) != 3 || string(f[0]) != name {
			continue
		}
		n, err := strconv.Atoi(string(f[1]))
		if err != nil {
			t.Fatal(err)
		}
		return n << 10
	}
	t.Fatalf("no %s in the status of process %d", name, pid)
	return 0
}
