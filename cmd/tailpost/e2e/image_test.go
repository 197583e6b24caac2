//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// standInFile is what stands in for the Go image of the Dockerfile: a shell,
// the roots of trust, and this machine's own toolchain, which is mounted while
// the image is built, with its modules and what it has compiled before. So no
// image is downloaded, and nothing else.
const standInFile = `FROM scratch
COPY . /
RUN ["/bin/busybox", "--install", "-s", "/bin"]
ENV PATH=/usr/local/go/bin:/bin HOME=/root GOTOOLCHAIN=local GOPROXY=off GOFLAGS=-buildvcs=false GOMODCACHE=/go/mod GOCACHE=/go/cache
`

// buildImage builds the Dockerfile, and gives the image's name.
func buildImage(t *testing.T, p *podman) string {
	t.Helper()
	dir := t.TempDir()
	for from, to := range map[string]string{"/bin/busybox": "bin/busybox", "/etc/ssl/certs/ca-certificates.crt": "etc/ssl/certs/ca-certificates.crt"} {
		copyFile(t, from, filepath.Join(dir, to))
	}
	for _, name := range []string{"root", "tmp"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "Containerfile")
	if err := os.WriteFile(file, []byte(standInFile), 0o600); err != nil {
		t.Fatal(err)
	}
	p.must("build", "--isolation=chroot", "--quiet", "--file="+file, "--tag=docker.io/library/golang:1.26", dir)

	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	download := exec.Command("go", "mod", "download")
	download.Dir = root
	if out, err := download.CombinedOutput(); err != nil {
		t.Fatalf("go mod download: %v\n%s", err, out)
	}
	const image = "localhost/tailpost:e2e"
	p.must("build", "--isolation=chroot", "--pull=never", "--format=docker", "--tag="+image, "--build-arg=VERSION=e2e",
		"--volume="+goEnv(t, "GOROOT")+":/usr/local/go:ro", "--volume="+goEnv(t, "GOMODCACHE")+":/go/mod",
		"--volume="+goEnv(t, "GOCACHE")+":/go/cache", root)
	return image
}

// imageMost is what the image may have, in bytes.
const imageMost = 20_000_000

// checkImage: it is small, and whoever starts it is nobody.
func checkImage(t *testing.T, p *podman, image string) {
	size, err := strconv.Atoi(p.must("image", "inspect", "--format={{.Size}}", image))
	if err != nil || size > imageMost {
		t.Errorf("the image has %d bytes, more than %d: %v", size, imageMost, err)
	}
	t.Logf("the image has %.1f MB", float64(size)/1e6)
	const want = "65532:65532 [tailpost] [run] [CMD tailpost health] map[/var/lib/tailpost:{}]"
	if got := p.must("image", "inspect", "--format={{.Config.User}} {{.Config.Entrypoint}} {{.Config.Cmd}} {{.HealthCheck.Test}} {{.Config.Volumes}}", image); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o755); err != nil {
		t.Fatal(err)
	}
}
