package examples

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge/config"
)

// mount is a directory or file of this machine that stands in a container.
type mount struct {
	at       string // in the container
	here     string
	readOnly bool
}

// loadMounted checks a configuration that stands in a container as `tailpost
// check` would there: each of its paths must be on a mount, and what is written
// on one that can be. It must have no errors, and no warnings but of that key.
func loadMounted(t *testing.T, path string, mounts []mount, warned string) *config.Config {
	t.Helper()
	mounts = slices.Clone(mounts)
	slices.SortFunc(mounts, func(a, b mount) int { return cmp.Compare(len(b.at), len(a.at)) }) // the longest first
	at := func(inside string) (mount, string) {
		for _, m := range mounts {
			if rest, ok := strings.CutPrefix(inside, m.at); ok && (rest == "" || rest[0] == '/') {
				return m, m.here + rest
			}
		}
		t.Errorf("%s is on no mount", inside)
		return mount{}, filepath.Join(t.TempDir(), inside)
	}
	_, file := at(path)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	if !strings.Contains(text, "state_dir") {
		text = "state_dir = \"/var/lib/tailpost\"\n" + text
	}
	var out strings.Builder
	for i, part := range strings.Split(text, `"`) {
		if i > 0 {
			out.WriteByte('"')
		}
		if i%2 == 1 && strings.HasPrefix(part, "/") { // a path
			m, here := at(part)
			if strings.HasPrefix(part, "/var/lib/tailpost") && m.readOnly {
				t.Errorf("%s can't be written", part)
			}
			part = here
		}
		out.WriteString(part)
	}
	moved := filepath.Join(t.TempDir(), "tailpost.toml")
	if err := os.WriteFile(moved, []byte(out.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	c, problems := config.Load(moved)
	for _, p := range problems {
		if !p.Warning || p.Key != warned {
			t.Error(p)
		}
	}
	if c == nil {
		t.FailNow()
	}
	return c
}
