//go:build e2e

package e2e

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

const (
	releaseVersion = "v9.8.7-rc.1"  // what the release is told that it is
	packageVersion = "9.8.7~rc.1"   // what its files are called
	releaseEpoch   = "1767225600"   // 2026-01-01
	repository     = "../../.."     // from here
	architecture   = runtime.GOARCH // of this machine
	debRevision    = packageVersion + "-1"
)

// rpmArch are the architectures as rpm calls them; its keys are all there are.
var rpmArch = map[string]string{"amd64": "x86_64", "arm64": "aarch64"}

// release makes the release once for all tests, and gives its directory.
var release = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(scratch, "release")
	return dir, makeRelease(repository, dir)
})

// makeRelease runs what `make release` runs, in any copy of the sources.
func makeRelease(sources, dir string, architectures ...string) error {
	cmd := exec.Command("bash", append([]string{".ci/release", dir}, architectures...)...)
	cmd.Dir = sources
	cmd.Env = append(os.Environ(), "VERSION="+releaseVersion, "SOURCE_DATE_EPOCH="+releaseEpoch)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make a release: %w\n%s", err, out)
	}
	return nil
}

func releaseDir(t *testing.T) string {
	t.Helper()
	dir, err := release()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// The names of a release's files.
func debFile(arch string) string { return "tailpost_" + debRevision + "_" + arch + ".deb" }
func rpmFile(arch string) string {
	return "tailpost-" + packageVersion + "-1." + rpmArch[arch] + ".rpm"
}
func tarName(arch string) string  { return "tailpost-" + packageVersion + "-linux-" + arch }
func listFile(arch string) string { return tarName(arch) + ".modules.txt" }

// command runs a program, and fails the test with what it said if it fails.
func command(t *testing.T, dir string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %v: %v\n%s%s", name, args, err, &out, &complaint)
	}
	return out.String()
}

// TestRelease looks at the files of a release: all there, with right sums, the
// programs static and of the architecture that their names say.
func TestRelease(t *testing.T) {
	dir := releaseDir(t)
	want := []string{"SHA256SUMS"}
	for arch := range rpmArch {
		want = append(want, debFile(arch), rpmFile(arch), tarName(arch)+".tar.gz", listFile(arch))
	}
	slices.Sort(want)
	if got := filesIn(t, dir); !slices.Equal(got, want) {
		t.Errorf("a release has %v\nwant %v", got, want)
	}
	if n := strings.Count(command(t, dir, "sha256sum", "--strict", "-c", "SHA256SUMS"), ": OK\n"); n != len(want)-1 {
		t.Errorf("sums of %d files, want %d", n, len(want)-1)
	}
	machines := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}
	for arch := range rpmArch {
		unpacked := t.TempDir()
		command(t, unpacked, "tar", "-xzf", filepath.Join(dir, tarName(arch)+".tar.gz"))
		tree := filepath.Join(unpacked, tarName(arch))
		for _, name := range []string{
			"LICENSE", "README.md", "CHANGELOG.md", "config.example.toml", "third-party.txt", "examples/systemd/tailpost.service",
			"man/man1/tailpost.1", "man/man1/tailpost-dead-ls.1", "man/man5/tailpost.toml.5", "completion/bash", "completion/zsh", "completion/fish",
		} {
			if is, err := os.Stat(filepath.Join(tree, name)); err != nil || is.Size() == 0 {
				t.Errorf("%s: %s is missing or empty, %v", arch, name, err)
			}
		}
		static(t, filepath.Join(tree, "tailpost"), machines[arch])
		licences(t, filepath.Join(tree, "third-party.txt"), filepath.Join(dir, listFile(arch)))
		if arch == architecture {
			if got := command(t, tree, "./tailpost", "version"); !strings.HasPrefix(got, "tailpost "+releaseVersion+" go1.") {
				t.Errorf("the version is %q", got)
			}
		}
	}
}

func filesIn(t *testing.T, dir string) (out []string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		out = append(out, f.Name())
	}
	return out
}

// static wants a program for that machine that needs no library.
func static(t *testing.T, path string, want elf.Machine) {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Machine != want || f.Class != elf.ELFCLASS64 {
		t.Errorf("%s is for %v, %v; want %v", path, f.Machine, f.Class, want)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("%s is not static: it has %v", path, p.Type)
		}
	}
}

// licences wants a text for each module that the list of what is linked in
// names.
func licences(t *testing.T, texts, list string) {
	t.Helper()
	all, err := os.ReadFile(texts)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	modules := 0
	for line := range strings.Lines(string(lines)) {
		f := strings.Fields(line)
		if len(f) < 3 || f[0] != "dep" {
			continue
		}
		modules++
		_, text, ok := strings.Cut(string(all), "\n"+f[1]+" "+f[2]+"\n")
		text, _, _ = strings.Cut(text, "\n====")
		if !ok || len(text) < 200 {
			t.Errorf("no licence of %s %s in %s", f[1], f[2], texts)
		}
	}
	if modules < 10 {
		t.Errorf("%s names %d modules only:\n%s", list, modules, lines)
	}
}

// TestReleaseIsReproducible makes one architecture's files again, elsewhere, in
// another time zone and as a user with other habits, and wants the same bytes.
func TestReleaseIsReproducible(t *testing.T) {
	dir := releaseDir(t)
	copied := t.TempDir()
	command(t, repository, "sh", "-c", `git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$0"`, copied)
	t.Setenv("TZ", "Pacific/Auckland")
	t.Setenv("GOFLAGS", "")
	again := filepath.Join(t.TempDir(), "again")
	if err := makeRelease(copied, again, "arm64"); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, name := range filesIn(t, again) {
		if name == "SHA256SUMS" {
			continue
		}
		compared++
		first, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
			continue
		}
		second, err := os.ReadFile(filepath.Join(again, name))
		if err != nil {
			t.Error(err)
			continue
		}
		if !bytes.Equal(first, second) {
			t.Errorf("%s has other bytes the second time", name)
		}
	}
	if compared != 4 {
		t.Errorf("compared %d files, want 4", compared)
	}
}

// TestManualPages has groff check the pages, with all its warnings.
func TestManualPages(t *testing.T) {
	dir := t.TempDir()
	command(t, dir, "tar", "-xzf", filepath.Join(releaseDir(t), tarName(architecture)+".tar.gz"))
	pages := 0
	err := filepath.WalkDir(filepath.Join(dir, tarName(architecture), "man"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		pages++
		cmd := exec.Command("groff", "-man", "-ww", "-z", "-Kutf8", "-Tutf8", path)
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", d.Name(), err, out)
		}
		return nil
	})
	if err != nil || pages < 25 {
		t.Errorf("%d pages, %v", pages, err)
	}
}

// TestPackageVersions: what `git describe` says becomes versions that dpkg
// sorts as they came, each row newer than the one before.
func TestPackageVersions(t *testing.T) {
	rows := []struct{ described, epoch, want string }{
		{"abc1234", "1700000000", "0~202311142213.abc1234"},
		{"0bc1234", "1700000100", "0~202311142215.0bc1234"},
		{"v0.9.0-rc.1", "1", "0.9.0~rc.1"},
		{"v0.9.0-rc.1-2-gabc1234", "1", "0.9.0~rc.1+2.gabc1234"},
		{"v0.9.0", "1", "0.9.0"},
		{"v0.9.0-dirty", "1", "0.9.0+dirty"},
		{"v0.10.0", "1", "0.10.0"},
		{"1.0", "1", "1.0"},
		{"v1.0-3-gabc1234-dirty", "1", "1.0+3.gabc1234+dirty"},
	}
	before := "0~"
	for _, r := range rows {
		got := strings.TrimSpace(command(t, repository, ".ci/package/version", r.described, r.epoch))
		if got != r.want {
			t.Errorf("%s gives %s, want %s", r.described, got, r.want)
		}
		if err := exec.Command("dpkg", "--compare-versions", before, "lt", got).Run(); err != nil {
			t.Errorf("%s is not older than %s for dpkg", before, got)
		}
		before = got
	}
	for _, bad := range []string{"unknown", "", "v1", "v1.2.3 ; x"} {
		if out, err := exec.Command("bash", repository+"/.ci/package/version", bad, "1").CombinedOutput(); err == nil {
			t.Errorf("%q gives %s", bad, out)
		}
	}
}
