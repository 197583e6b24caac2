package app

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	hostileSeed = 3
	hostileMost = 32 << 10 // max_line of the sources
	forged      = "f0f0f0f0"
)

// 16 MiB are 512 times what a line may have, and many times each buffer on the
// way. make crashes takes 100.
var hostileMiB = flag.Int("hostile.mib", 16, "how long the longest line of TestHostileBytes is")

func hostileLong() int { return *hostileMiB << 20 }

// hostile is what comes to one source: pieces that are lines or datagrams, or
// random bytes of them.
type hostile struct {
	pieces [][]byte
	long   []byte // a line whose end forges events
}

// newHostile makes 1,000 random strings, 1,000 lines of the corpus with bytes
// changed, and a line of size bytes.
func newHostile(t *testing.T, size int) hostile {
	t.Helper()
	rng := rand.New(rand.NewPCG(hostileSeed, 0))
	corpus := corpusLines(t)
	var h hostile
	for range 1000 {
		h.pieces = append(h.pieces, randomBytes(rng, rng.IntN(300)))
		h.pieces = append(h.pieces, mutate(rng, corpus[rng.IntN(len(corpus))]))
	}
	h.pieces = append(h.pieces, nil, []byte{0}, []byte("\x00\xff\xfe\n\r"), bytes.Repeat([]byte{0}, 4096), []byte("9 <"), []byte("999999 {"))
	const event = "Dec  3 15:26:05 h BG: 1427:01:01:event=support_conference_end;when=1733239565;lsid="
	forge := "\r" + event + forged + "\x00{\"event\":\"support_conference_end\",\"timestamp\":2,\"lsid\":\"" + forged + "\"} 40 <133>" + event + forged
	h.long = []byte(event + "honest;x=" + strings.Repeat("x", hostileMost))
	for len(h.long) < size {
		h.long = append(h.long, forge...)
	}
	h.long = h.long[:size]
	return h
}

func corpusLines(t *testing.T) (all [][]byte) {
	t.Helper()
	for _, name := range []string{"bg.log", "session.jsonl", "siem.log", "form.log"} {
		b, err := os.ReadFile(filepath.Join("..", "..", "parsers", "testdata", "corpus", name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, bytes.Split(bytes.TrimSpace(b), []byte("\n"))...)
	}
	return all
}

func randomBytes(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// mutate changes, doubles and takes out some of a line's bytes.
func mutate(rng *rand.Rand, line []byte) []byte {
	b := bytes.Clone(line)
	for range 1 + rng.IntN(8) {
		if len(b) == 0 {
			break
		}
		i := rng.IntN(len(b))
		switch rng.IntN(4) {
		case 0:
			b[i] = byte(rng.Uint32())
		case 1:
			b = append(b[:i:i], b[min(len(b), i+rng.IntN(9)):]...)
		case 2:
			b = append(b[:i:i], append([]byte("\x00\xff\\;|=\"{}\r"[rng.IntN(11):]), b[i:]...)...)
		case 3:
			b = append(b[:i:i], b[rng.IntN(i+1):]...)
		}
	}
	return b
}

// lines gives all as the lines of a file.
func (h hostile) lines() []byte {
	return append(bytes.Join(append(h.pieces, h.long), []byte("\n")), '\n')
}

func (h hostile) newlines() int64 { return int64(bytes.Count(h.lines(), []byte("\n"))) }
