//go:build torture

package torture

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/tailpost/tailpost/cmd/tailpost/trial"
)

var (
	flagLines = flag.Int("torture.lines", 100_000, "lines that are written")
	flagKills = flag.Int("torture.kills", 300, "times the bridge is killed")
	flagSeed  = flag.Uint64("torture.seed", 0, "seed of all choices; 0: by the clock")
	flagKeep  = flag.Bool("torture.keep", false, "keep the directory, whatever comes")
)

// raceBinary is the program with the race detector, which is killed;
// plainBinary looks at what it left.
var raceBinary, plainBinary string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tailpost-torture-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	raceBinary, plainBinary = filepath.Join(dir, "tailpost-race"), filepath.Join(dir, "tailpost")
	if err := errors.Join(trial.Build(raceBinary, "-race"), trial.Build(plainBinary)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
