//go:build e2e

package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// link finds where a page leads to; what stands in code is none.
var link = regexp.MustCompile("`[^`\n]*`" + `|\]\(([^)\s#]+)[^)\s]*\)`)

// TestPackagedLinks: whoever reads the pages as they were installed or unpacked
// gets wherever they lead to.
func TestPackagedLinks(t *testing.T) {
	deb, archive := t.TempDir(), t.TempDir()
	command(t, "", "dpkg-deb", "-x", filepath.Join(releaseDir(t), debFile(architecture)), deb)
	command(t, archive, "tar", "-xzf", filepath.Join(releaseDir(t), tarName(architecture)+".tar.gz"))
	for name, root := range map[string]string{"deb": filepath.Join(deb, "usr/share/doc/tailpost"), "archive": filepath.Join(archive, tarName(architecture))} {
		if n := followLinks(t, name, root); n < 100 {
			t.Errorf("%s: %d links only", name, n)
		}
	}
	listed := command(t, "", "rpm", "-qpl", filepath.Join(releaseDir(t), rpmFile(architecture)))
	for _, want := range filesBelow(t, filepath.Join(deb, "usr/share/doc/tailpost")) {
		path := "/usr/share/doc/tailpost/" + want
		if want != "copyright" && want != "changelog.Debian.gz" && !strings.Contains(listed, path+"\n") {
			t.Errorf("%s is not in the .rpm", path)
		}
	}
}

// followLinks follows the links of all pages below root to files there, and
// gives how many they are.
func followLinks(t *testing.T, name, root string) (n int) {
	t.Helper()
	for _, page := range filesBelow(t, root) {
		if filepath.Ext(page) != ".md" {
			continue
		}
		for _, m := range link.FindAllStringSubmatch(readText(t, filepath.Join(root, page)), -1) {
			if m[1] == "" || strings.Contains(m[1], ":") {
				continue
			}
			n++
			to := filepath.Join(filepath.Dir(page), m[1])
			if _, err := os.Stat(filepath.Join(root, to)); err != nil || !filepath.IsLocal(to) {
				t.Errorf("%s: %s leads to %s, which is not there", name, page, m[1])
			}
		}
	}
	return n
}

// filesBelow lists the files below root, relative to it.
func filesBelow(t *testing.T, root string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, path)
		out = append(out, rel)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
