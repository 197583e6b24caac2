package trial

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Blocks gives the fenced blocks of a Markdown text whose language is lang,
// each as its lines.
func Blocks(markdown, lang string) (blocks [][]string) {
	in, ours := false, false
	for line := range strings.Lines(markdown) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "```") && !in:
			in, ours = true, strings.TrimPrefix(line, "```") == lang
			if ours {
				blocks = append(blocks, nil)
			}
		case strings.HasPrefix(line, "```"):
			in = false
		case in && ours:
			blocks[len(blocks)-1] = append(blocks[len(blocks)-1], line)
		}
	}
	return blocks
}

// Ports moves the ports that a text names to free ones, the same in each text,
// so that tests can run at once, beside a bridge that is in use.
type Ports map[string]string

var (
	loopback = regexp.MustCompile(`(127\.0\.0\.1[:/])(\d{4,5})`)
	portKey  = regexp.MustCompile(`(?m)^(port +)= (\d+)`)
)

// Move gives the text with the other ports in it.
func (p Ports) Move(t *testing.T, text string) string {
	t.Helper()
	text = loopback.ReplaceAllStringFunc(text, func(s string) string {
		m := loopback.FindStringSubmatch(s)
		return m[1] + p.For(t, m[2])
	})
	return portKey.ReplaceAllStringFunc(text, func(s string) string {
		m := portKey.FindStringSubmatch(s)
		return m[1] + "= " + p.For(t, m[2])
	})
}

// For gives the free port that stands for a port.
func (p Ports) For(t *testing.T, port string) string {
	t.Helper()
	if p[port] == "" {
		p[port] = freePort(t)
	}
	return p[port]
}

// left are folders of examples that are filled while they run.
var left = map[string]bool{"drop": true, "shared": true}

// CopyExample copies an example's folder, but for what a bridge left there
// that somebody let run in it.
func CopyExample(t *testing.T, to, from string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "state" || d.Name() == "done"):
			return fs.SkipDir
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, name), 0o700)
		case d.Name() == "events.jsonl" || left[filepath.Dir(name)] && d.Name() != ".gitkeep":
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), b, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}
