package httpin

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"
)

// Bodies of any bytes are durable, each as it came but for blanks around it.
func TestHostileBodies(t *testing.T) {
	r := newRig(t).start()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	bodies := hostileBodies(t, rand.New(rand.NewPCG(seed, 1)))
	work := make(chan []byte)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for b := range work {
				if got, _ := r.post(string(b)); got != 200 {
					t.Errorf("status %d for %.80q", got, b)
				}
			}
		})
	}
	want := map[string]int{}
	for _, b := range bodies {
		want[string(bytes.Trim(b, " \t\r\n"))]++
		work <- b
	}
	close(work)
	wg.Wait()
	for _, l := range r.lines() {
		want[l]--
	}
	for b, n := range want {
		if n != 0 {
			t.Errorf("%d too few of %.80q", n, b)
		}
	}
	if s := r.src.Stats(); s.Lines != int64(len(bodies)) || len(s.Refused) != 0 {
		t.Errorf("%d bodies: %+v", len(bodies), s)
	}
}

// hostileBodies gives 1,000 random strings and 1,000 mutated lines of the
// corpus.
func hostileBodies(t *testing.T, rnd *rand.Rand) (out [][]byte) {
	t.Helper()
	for range 1000 {
		b := make([]byte, rnd.IntN(300))
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
		out = append(out, b)
	}
	files, err := filepath.Glob("../../../parsers/testdata/corpus/*")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var lines [][]byte
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, bytes.Split(b, []byte("\n"))...)
	}
	for range 1000 {
		b := bytes.Clone(lines[rnd.IntN(len(lines))])
		for range 1 + rnd.IntN(5) {
			if len(b) > 0 {
				b[rnd.IntN(len(b))] = byte(rnd.Uint32())
			}
		}
		out = append(out, b)
	}
	return out
}

// A body of 100 MiB is refused without being held.
func TestHugeBody(t *testing.T) {
	r := newRig(t).start()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, body := range []io.Reader{
		io.LimitReader(zeros{}, 100<<20), // of unknown length
		strings.NewReader(strings.Repeat("a", 5<<20)),
	} {
		if got, _ := r.send("POST", "/", body); got != http.StatusRequestEntityTooLarge && got != 0 {
			t.Errorf("status %d", got) // 0: the connection was closed while the client still sent
		}
	}
	runtime.ReadMemStats(&after)
	if grown := int64(after.TotalAlloc - before.TotalAlloc); grown > 32<<20 {
		t.Errorf("%d bytes were allocated", grown)
	}
	if s := r.src.Stats(); s.Refused[413] != 2 || s.Lines != 0 {
		t.Errorf("%+v", s)
	}
	if got, _ := r.post("n=1"); got != 200 {
		t.Errorf("status %d afterwards", got)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// Connections that send nothing, half a header, half a body, or rubbish keep
// nobody out.
func TestIdleAndBrokenConnections(t *testing.T) {
	r := newRig(t).start()
	addr := r.src.Stats().Listening
	const post = "POST / HTTP/1.1\r\nHost: x\r\n"
	starts := []string{"", "POST / HT", post, post + "Content-Length: 1000000\r\n\r\nevent=", post + "Transfer-Encoding: chunked\r\n\r\nffffff\r\nx", "\x16\x03\x01\x02\x00\x01", "\x00\xff\r\n\r\n"}
	var open []net.Conn
	for i := range 280 {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprint(c, starts[i%len(starts)])
		open = append(open, c)
	}
	for i := range 20 {
		if got, _ := r.post(fmt.Sprint("n=", i)); got != 200 {
			t.Errorf("status %d beside idle connections", got)
		}
	}
	for i, c := range open { // a sender that dies in mid-body
		if i%2 == 0 {
			c.Close()
		}
	}
	if got, _ := r.post("n=last"); got != 200 {
		t.Errorf("status %d", got)
	}
	if n := len(r.lines()); n != 21 {
		t.Errorf("%d lines, want 21", n)
	}
}

// What breaks off is said with its reason.
func TestBodyThatEndsEarly(t *testing.T) {
	log := make(chan string, 8)
	r := newRig(t, func(o *Options) { o.Log = zerolog.New(lines(log)) }).start()
	c, err := net.Dial("tcp", r.src.Stats().Listening)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nevent=")
	c.Close()
	for line := range log {
		if strings.Contains(line, "request refused") {
			if !strings.Contains(line, "the body ended early") {
				t.Error(line)
			}
			return
		}
	}
}

// lines takes a log.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	select {
	case l <- string(p):
	default:
	}
	return len(p), nil
}

// A header over the limit is refused by itself.
func TestHugeHeader(t *testing.T) {
	r := newRig(t).start()
	c, err := net.Dial("tcp", r.src.Stats().Listening)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: x\r\nX: %s\r\n\r\n", strings.Repeat("a", 64<<10))
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d", resp.StatusCode)
	}
}
