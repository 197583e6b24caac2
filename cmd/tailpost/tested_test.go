package main

import (
	"strings"
	"testing"
)

func TestStepsDontRepeatTheError(t *testing.T) {
	const failure = "no connection to https://example.com/: refused"
	var out strings.Builder
	printSteps(&out, []string{"resolved to 192.0.2.1", "after 3ms: " + failure}, failure)
	if want := "  resolved to 192.0.2.1\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
	out.Reset()
	printSteps(&out, []string{"after 3ms: 200 OK"}, "")
	if want := "  after 3ms: 200 OK\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
