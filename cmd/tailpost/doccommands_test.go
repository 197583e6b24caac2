package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	inlineCall = regexp.MustCompile("`(?:sudo -u \\w+ )?tailpost ([^`]+)`")
	blockCall  = regexp.MustCompile(`(?m)^(?: {4}|)(?:sudo |sudo -u \w+ |dist/|[^#\n]*\| )?tailpost ([a-z].*)$`)
	callEnds   = regexp.MustCompile(`\s+(#|\||\\\||&|>|<|\|\|).*$`)
)

// TestCallsInDocumentation parses every call of the program that stands in the
// documentation: its command and flags are there.
func TestCallsInDocumentation(t *testing.T) {
	t.Parallel()
	n := 0
	for _, pattern := range []string{"../../*.md", "../../docs/*.md", "../../examples/*/*.md"} {
		pages, err := filepath.Glob(pattern)
		if err != nil || len(pages) == 0 {
			t.Fatalf("%s: %q, %v", pattern, pages, err)
		}
		for _, page := range pages {
			b, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			for _, call := range callsIn(string(b)) {
				n++
				if why := wrongCallOf(call); why != "" {
					t.Errorf("%s: tailpost %s: %s", page, call, why)
				}
			}
		}
	}
	if n < 60 {
		t.Errorf("only %d calls were found", n)
	}
}

// callsIn gives the calls in a page, each from the command on.
func callsIn(text string) (calls []string) {
	for _, form := range []*regexp.Regexp{inlineCall, blockCall} {
		for _, m := range form.FindAllStringSubmatch(text, -1) {
			calls = append(calls, callEnds.ReplaceAllString(strings.Join(strings.Fields(m[1]), " "), ""))
		}
	}
	return calls
}

// wrongCallOf says what is wrong with a call. Its arguments may be
// placeholders.
func wrongCallOf(call string) string {
	root := newRoot()
	c, rest, err := root.Find(strings.Fields(call))
	if err != nil {
		return err.Error()
	}
	if c == root {
		return "no such command"
	}
	if c.HasSubCommands() && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") && rest[0] != "…" {
		return "no such command: " + rest[0]
	}
	c.InitDefaultHelpFlag()
	if err := c.ParseFlags(rest); err != nil {
		return err.Error()
	}
	return ""
}

func TestWrongCallsAreFound(t *testing.T) {
	const text = "`tailpost nope`, `tailpost dead lss`, `tailpost run --nope`\n\n    tailpost why ID --nope x   # c\n    head -1 x | tailpost chekc | less\n"
	calls := callsIn(text)
	if len(calls) != 5 {
		t.Errorf("calls %q, want 5", calls)
	}
	for _, call := range calls {
		if wrongCallOf(call) == "" {
			t.Errorf("tailpost %s passes", call)
		}
	}
	if why := wrongCallOf("dead ls --recipient NAME --since 24h"); why != "" {
		t.Error(why)
	}
}
