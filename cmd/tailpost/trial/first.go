package trial

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// FirstCommands gives the five commands that README.md, in the root of the
// project, begins with: the first block of commands in it.
func FirstCommands(t *testing.T, root string) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := Blocks(string(b), "sh")
	if len(blocks) == 0 || len(blocks[0]) != 5 || blocks[0][1] != "make build" ||
		!strings.HasPrefix(blocks[0][0], "git clone https://") || !strings.HasSuffix(blocks[0][0], " && cd tailpost") {
		t.Fatalf("README.md begins with other commands than git clone, make build and three more: %q", blocks)
	}
	return blocks[0]
}

// Arrived counts in the output what `tailpost receive` got: a line for each
// begins with the time; how is its status and protocol, such as "200 http".
func Arrived(out, how string) int {
	return len(regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d\.\d{3} `+how+` support_`).FindAllString(out, -1))
}

// WantPostsAndMail waits until so many have arrived at `tailpost receive`, and
// ends the shell: no more may have come.
func WantPostsAndMail(t *testing.T, s *Shell, posts, mails int) {
	t.Helper()
	s.Wait("what has to arrive", func(out string) bool {
		return Arrived(out, "200 http") >= posts && Arrived(out, "250 smtp") >= mails
	})
	s.Stop()
	out := s.Output()
	if p, m := Arrived(out, "200 http"), Arrived(out, "250 smtp"); p != posts || m != mails {
		t.Errorf("arrived %d POSTs and %d mails, want %d and %d", p, m, posts, mails)
	}
}
