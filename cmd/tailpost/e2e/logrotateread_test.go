//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/cmd/tailpost/trial"
)

// atWork returns when this life of the bridge has delivered a line.
func (s *rotatedSite) atWork(t *testing.T, p *trial.Program) {
	t.Helper()
	l := s.lives[len(s.lives)-1]
	eventually(t, timeToArrive, "delivered: a line", func() bool {
		p.MustRun()
		s.look(t)
		return len(l.got) > 0
	})
}

// written returns when rsyslog has written the last lines.
func (s *rotatedSite) written(t *testing.T) {
	t.Helper()
	eventually(t, timeToArrive, "written by rsyslog: the last lines", func() bool {
		for i := range s.logs {
			text := s.text(int(s.sent.Load()) - 1 - i)
			name := filepath.Join(s.dir, "log", strings.Fields(text)[3]+".log")
			if b, err := os.ReadFile(name); err != nil || !bytes.HasSuffix(b, []byte(text)) {
				return false
			}
		}
		return true
	})
}

// standing reads all files that rotation has left, and gives the lines that
// are whole in one of them.
func (s *rotatedSite) standing(t *testing.T) map[int]bool {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(s.dir, "log", "*"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[int]bool{}
	for _, name := range names {
		for line := range bytes.Lines(plainBytes(t, name)) {
			_, rest, _ := strings.Cut(string(line), ";external_key=")
			key, _, _ := strings.Cut(rest, ";")
			n, err := strconv.Atoi(key)
			if err != nil || string(line) != s.text(n) {
				continue // copytruncate cuts lines, too
			}
			if out[n] {
				t.Errorf("line %d stands in the files twice", n)
			}
			out[n] = true
		}
	}
	return out
}

func plainBytes(t *testing.T, name string) []byte {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := io.Reader(f)
	if filepath.Ext(name) == ".gz" {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return b
}

// life is what one start of the bridge has delivered.
type life struct {
	out  string
	read int64       // bytes of out
	got  map[int]int // line → how often
}

// look reads on in what was delivered.
func (s *rotatedSite) look(t *testing.T) {
	t.Helper()
	for _, l := range s.lives {
		for n, times := range events(t, bytes.NewReader(l.more(t))) {
			if l.got[n] == 0 {
				s.delivered[n]++
			}
			l.got[n] += times
		}
	}
}

// more gives the whole lines that have come.
func (l *life) more(t *testing.T) []byte {
	t.Helper()
	f, err := os.Open(l.out)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.NewSectionReader(f, l.read, 1<<30))
	if err != nil {
		t.Fatal(err)
	}
	b = b[:bytes.LastIndexByte(b, '\n')+1]
	l.read += int64(len(b))
	return b
}

// events counts the events of each line. One that was made of a piece of a
// line is of none.
func events(t *testing.T, r io.Reader) map[int]int {
	t.Helper()
	out := map[int]int{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		var e struct {
			OS  string
			Key string `json:"external_key"`
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatalf("%v in %s", err, lines.Bytes())
		}
		n, err := strconv.Atoi(e.Key)
		if err != nil || !strings.HasSuffix(payload(n), ";os="+e.OS) {
			continue
		}
		out[n]++
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
