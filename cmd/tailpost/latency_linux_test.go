package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// stamps is an HTTP receiver that notes when each event came; its line's
// number is its timestamp.
type stamps struct {
	*httptest.Server
	came []atomic.Int64 // Unix ns
	all  atomic.Int64
}

func newStamps(b *testing.B, lines int) *stamps {
	s := &stamps{came: make([]atomic.Int64, lines+1)}
	s.Server = httptest.NewServer(s)
	b.Cleanup(s.Close)
	return s
}

func (s *stamps) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	at := time.Now().UnixNano()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	_, rest, _ := bytes.Cut(body, []byte("timestamp="))
	digits, _, _ := bytes.Cut(rest, []byte("&"))
	if n, err := strconv.Atoi(string(digits)); err == nil && n > 0 && n < len(s.came) && s.came[n].CompareAndSwap(0, at) {
		s.all.Add(1)
	}
}

const (
	latencyLines = 5000
	latencyRate  = 500 // lines a second
)

// BenchmarkLatency measures from the write of a line to its POST, synced, at
// 500 lines a second for ten seconds; the first second doesn't count. Beside
// it stands a bare loop at the same pace: write, fdatasync, POST. Run it with
// -benchtime 1x.
func BenchmarkLatency(b *testing.B) {
	for range b.N {
		s, written := bareLatency(b)
		s.report(b, written, "bare-")
		s, written = bridgeLatency(b)
		s.report(b, written, "")
		b.ReportMetric(0, "ns/op")
	}
}

func (s *stamps) report(b *testing.B, written []int64, prefix string) {
	if got := s.all.Load(); got != latencyLines {
		b.Fatalf("%d of %d events came", got, latencyLines)
	}
	var took []float64
	for n := latencyRate + 1; n <= latencyLines; n++ {
		took = append(took, float64(s.came[n].Load()-written[n])/1e6)
	}
	slices.Sort(took)
	b.ReportMetric(took[len(took)/2], prefix+"p50-ms")
	b.ReportMetric(took[len(took)*99/100], prefix+"p99-ms")
}

// atPace calls write for each line, and gives the times of that.
func atPace(b *testing.B, write func(n int) error) []int64 {
	written := make([]int64, latencyLines+1)
	pace := time.NewTicker(time.Second / latencyRate)
	defer pace.Stop()
	for n := 1; n <= latencyLines; n++ {
		<-pace.C
		written[n] = time.Now().UnixNano()
		if err := write(n); err != nil {
			b.Fatal(err)
		}
	}
	return written
}

func bridgeLatency(b *testing.B) (*stamps, []int64) {
	s := newStamps(b, latencyLines)
	dir := b.TempDir()
	log := createBenchFile(b, dir+"/session.log")
	writeBenchConfig(b, dir, s.URL, "session", 8, 1)
	cmd := exec.Command("tailpost", "run", "--config", dir+"/tailpost.toml")
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	written := atPace(b, func(n int) error {
		_, err := log.Write(appendBenchLine(nil, n))
		return err
	})
	for end := time.Now().Add(time.Minute); s.all.Load() < latencyLines && time.Now().Before(end); {
		time.Sleep(time.Millisecond) // a benchmark's clock, not a synchronisation
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	_ = cmd.Wait()
	return s, written
}

func bareLatency(b *testing.B) (*stamps, []int64) {
	s := newStamps(b, latencyLines)
	log := createBenchFile(b, b.TempDir()+"/bare.log")
	return s, atPace(b, func(n int) error {
		if _, err := log.Write(appendBenchLine(nil, n)); err != nil {
			return err
		}
		if err := syscall.Fdatasync(int(log.Fd())); err != nil {
			return err
		}
		res, err := s.Client().Post(s.URL, "text/plain", strings.NewReader(fmt.Sprintf("timestamp=%d&", n)))
		if err != nil {
			return err
		}
		return res.Body.Close()
	})
}

func createBenchFile(b *testing.B, path string) *os.File {
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = f.Close() })
	return f
}
