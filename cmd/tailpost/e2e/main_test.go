//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/tailpost/tailpost/cmd/tailpost/trial"
)

// The two builds of the program: the one with the race detector is the one
// that is killed and mailed with; the plain one is measured.
var raceBinary, plainBinary string

// scratch is a directory for what several tests share; it goes at the end.
var scratch string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tailpost-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	scratch = dir
	raceBinary, plainBinary = filepath.Join(dir, "tailpost-race"), filepath.Join(dir, "tailpost")
	err = errors.Join(trial.Build(raceBinary, "-race"), trial.Build(plainBinary))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
