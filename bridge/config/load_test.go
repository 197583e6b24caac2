package config

import (
	"os"
	"strings"
	"testing"
)

// texts gives problems as people see them.
func texts(ps []Problem) (out []string) {
	for _, p := range ps {
		out = append(out, p.String())
	}
	return out
}

// The golden file is written by hand.
func TestTenMistakes(t *testing.T) {
	golden, err := os.ReadFile("testdata/ten.golden")
	if err != nil {
		t.Fatal(err)
	}
	c, ps := Load("testdata/ten.toml")
	if c != nil {
		t.Error("a Config in spite of errors")
	}
	if got := strings.Join(texts(ps), "\n") + "\n"; got != string(golden) {
		t.Errorf("got\n%swant\n%s", got, golden)
	}
}
