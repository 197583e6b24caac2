package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// tally is an HTTP receiver that only counts: each event has its line's
// number as its timestamp.
type tally struct {
	*httptest.Server
	events   atomic.Int64
	distinct atomic.Int64
	seen     []atomic.Int32
}

func newTally(b *testing.B, lines int) *tally {
	t := &tally{seen: make([]atomic.Int32, lines+1)}
	t.Server = httptest.NewServer(t)
	b.Cleanup(t.Close)
	return t
}

func (t *tally) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if _, rest, form := bytes.Cut(body, []byte("timestamp=")); form {
		t.count(rest)
	} else { // a list of JSON
		for _, rest, ok := bytes.Cut(body, timestampKey); ok; _, rest, ok = bytes.Cut(rest, timestampKey) {
			t.count(rest)
		}
	}
	w.WriteHeader(http.StatusOK)
}

var timestampKey = []byte(`"timestamp":`)

// count notes the event whose number the text begins with.
func (t *tally) count(text []byte) {
	t.events.Add(1)
	n := 0
	for _, d := range text {
		if d < '0' || d > '9' {
			break
		}
		n = n*10 + int(d-'0')
	}
	if n > 0 && n < len(t.seen) && t.seen[n].Add(1) == 1 {
		t.distinct.Add(1)
	}
}

// postLoop is a bare loop of keep-alive POSTs in a process of its own:
// postloop URL REQUESTS CONNECTIONS EVENTS, of so many events a body.
func postLoop() {
	requests, _ := strconv.Atoi(os.Args[2])
	conns, _ := strconv.Atoi(os.Args[3])
	events, _ := strconv.Atoi(os.Args[4])
	body, contentType := benchBody(events)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: conns, MaxConnsPerHost: conns}}
	var left atomic.Int64
	left.Store(int64(requests))
	var wg sync.WaitGroup
	for range conns {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				res, err := client.Post(os.Args[1], contentType, strings.NewReader(body))
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
			}
		})
	}
	wg.Wait()
}

// benchBody is a request's body as the bridge would send it.
func benchBody(events int) (body, contentType string) {
	if events > 1 {
		one := `{"id":"7e9b8f0a6c5d4e3f2a1b0c9d8e7f6a5b","event":"support_conference_member_added","version":"1","timestamp":1733240460,` +
			`"appliance_id":"support.example.com","lsid":"e9e99aeb9ad54fb381634498502c5a1b","external_key":"INC0010023","site":"support.example.com",` +
			`"name":"Zoë Müller","type":"customer","gsnumber":22,"hostname":"WS01","os":"` + strings.Repeat("x", 110) + `",` +
			`"source":{"name":"log","format":"bg","host":"appliance","offset":35200}}`
		return "[" + strings.Repeat(one+",", events-1) + one + "]", "application/json"
	}
	return url.Values{"event": {"support_conference_member_added"}, "version": {"1"}, "timestamp": {"1733240460"},
		"appliance_id": {"support.example.com"}, "lsid": {"e9e99aeb9ad54fb381634498502c5a1b"}, "external_key": {"INC0010023"},
		"name": {"Zoë Müller"}, "type": {"customer"}}.Encode(), "application/x-www-form-urlencoded"
}

// bare measures the loop: requests a second.
func bare(b *testing.B, target string, conns, events int) float64 {
	requests := 50_000
	if events > 1 {
		requests = 10_000
	}
	begin := time.Now()
	cmd := exec.Command("postloop", target, strconv.Itoa(requests), strconv.Itoa(conns), strconv.Itoa(events))
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	return float64(requests) / time.Since(begin).Seconds()
}

// BenchmarkWholeWay measures from a log of lines of 352 bytes to a counting
// HTTP receiver, one event a POST or 100, synced, beside a bare loop of
// keep-alive POSTs with as many connections, before and after. Run it with
// -benchtime 1x.
func BenchmarkWholeWay(b *testing.B) {
	for _, c := range []struct {
		name, order         string
		conns, batch, lines int
	}{
		{"session", "session", 8, 1, 200_000},
		{"strict", "strict", 1, 1, 200_000},
		{"batches of 100", "session", 8, 100, 400_000},
	} {
		b.Run(c.name, func(b *testing.B) {
			for range b.N {
				wholeWay(b, c.order, c.conns, c.batch, c.lines)
			}
		})
	}
}

func wholeWay(b *testing.B, order string, conns, batch, lines int) {
	t := newTally(b, lines)
	dir := b.TempDir()
	writeBenchLog(b, dir+"/session.log", lines)
	writeBenchConfig(b, dir, t.URL, order, conns, batch)
	canonical := canonicalSize(b, dir+"/session.log", lines)

	plain := newTally(b, 1)
	before := bare(b, plain.URL, conns, batch)
	cmd := exec.Command("tailpost", "run", "--config", dir+"/tailpost.toml")
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	for t.distinct.Load() < int64(lines) && time.Since(begin) < 5*time.Minute {
		time.Sleep(time.Millisecond) // a benchmark's clock, not a synchronisation
	}
	took := time.Since(begin)
	disk := diskWritten(cmd.Process.Pid) / float64(lines)
	_ = cmd.Process.Signal(syscall.SIGTERM)
	_ = cmd.Wait()
	after := bare(b, plain.URL, conns, batch)

	rate := float64(lines) / took.Seconds()
	bareEvents := (before + after) / 2 * float64(batch)
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	b.ReportMetric(rate, "events/s")
	b.ReportMetric(bareEvents, "bare-events/s")
	b.ReportMetric(rate/bareEvents, "ratio")
	b.ReportMetric(float64(cpu.Microseconds())/float64(lines), "cpu-µs/event")
	b.ReportMetric(disk, "disk-B/event")
	b.ReportMetric(disk/canonical, "disk/JSON")
	b.ReportMetric(float64(int64(lines)-t.distinct.Load()), "lost")
	b.ReportMetric(float64(t.events.Load()-t.distinct.Load()), "repeated")
	b.ReportMetric(0, "ns/op")
}

// writeBenchLog writes bg lines of 352 bytes; their time is their number.
func writeBenchLog(b *testing.B, path string, lines int) {
	var buf []byte
	for n := 1; n <= lines; n++ {
		buf = appendBenchLine(buf, n)
	}
	writeFile(b, path, string(buf))
}

func appendBenchLine(buf []byte, n int) []byte {
	const size = 352
	from := len(buf)
	buf = fmt.Appendf(buf, "<133>Dec  3 15:26:40 appliance BG[4711]: 1427:01:01:event=support_conference_member_added;when=%d;site=support.example.com;lsid=%032x;external_key=INC0010023;type=customer;name=Zoë Müller;gsnumber=22;hostname=WS01;os=", n, n%5000)
	for len(buf)-from < size-1 {
		buf = append(buf, 'x')
	}
	return append(buf, '\n')
}

// writeBenchConfig lets the bridge read session.log and POST to one recipient.
func writeBenchConfig(b *testing.B, dir, target, order string, conns, batch int) {
	body := "form"
	if batch > 1 {
		body = "json"
	}
	writeFile(b, dir+"/tailpost.toml", fmt.Sprintf(`state_dir = "state"
admin.listen = ""
[log]
format = "json"
[[sources.tail]]
name = "log"
path = "session.log"
format = "bg"
start = "beginning"
appliance_id = "support.example.com"
[[recipients.http]]
name = "r"
url = "%s/"
order = "%s"
max_in_flight = %d
body = "%s"
batch_max_events = %d
`, target, order, conns, body, batch))
}

func writeFile(b *testing.B, path, text string) {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
}

// diskWritten is what a process has had written to disk, in bytes; 0 where
// the system doesn't tell.
func diskWritten(pid int) float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(b, []byte("\nwrite_bytes: "))
	digits, _, _ := bytes.Cut(rest, []byte("\n"))
	n, _ := strconv.ParseFloat(string(digits), 64)
	return n
}

// canonicalSize is the size of the lines' events as canonical JSON, in bytes
// an event.
func canonicalSize(b *testing.B, path string, lines int) float64 {
	out, err := exec.Command("tailpost", "parse", "--format", "bg", path).Output()
	if err != nil {
		b.Fatal(err)
	}
	return float64(len(out)) / float64(lines)
}
