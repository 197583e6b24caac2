package main

import (
	"flag"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// Most tests start the program and wait for it: more of them than there are
// processors go at once. -parallel says otherwise.
const atOnce = "8"

// TestMain makes the test binary stand for the real program, so that what is
// started and killed is built as the tests are: with the race detector.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", atOnce); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){"tailpost": main, "postloop": postLoop, "standin-curl": standInCurl, "standin-nc": standInNC})
}

// TestScripts runs the command line as a user would.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			corpus, err := os.ReadFile("../../parsers/testdata/corpus/bg.log")
			if err != nil {
				return err
			}
			e.Setenv("GORACE", os.Getenv("GORACE"))
			return os.WriteFile(e.WorkDir+"/bg.log", corpus, 0o600)
		},
	})
}
