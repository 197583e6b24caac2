//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The two builds of the program: the one with the race detector is the one
// that is killed and mailed with; the plain one is measured.
var raceBinary, plainBinary string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tailpost-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	raceBinary, plainBinary = filepath.Join(dir, "tailpost-race"), filepath.Join(dir, "tailpost")
	for _, args := range [][]string{
		{"build", "-race", "-o", raceBinary},
		{"build", "-o", plainBinary},
	} {
		cmd := exec.Command("go", append(args, "github.com/tailpost/tailpost/cmd/tailpost")...)
		if out, err := cmd.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "go %v: %v\n%s", args, err, out)
			return 1
		}
	}
	return m.Run()
}
