package docs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge/config"
)

// TestEachKindHasItsExample reads the pages of sources and recipients: each
// kind has a section, with a piece of configuration, and a link to an example
// that has such a table.
func TestEachKindHasItsExample(t *testing.T) {
	kinds := map[string]bool{}
	for _, key := range config.Keys() {
		if parts := strings.Split(key, "."); len(parts) > 2 && (parts[0] == "sources" || parts[0] == "recipients") {
			kinds[parts[0]+"."+parts[1]] = true
		}
	}
	if len(kinds) < 9 {
		t.Fatalf("only these kinds: %v", kinds)
	}
	for kind := range kinds {
		page, name, _ := strings.Cut(kind, ".")
		b, err := os.ReadFile(page + ".md")
		if err != nil {
			t.Fatal(err)
		}
		section := sectionOf(string(b), name)
		if section == "" {
			t.Errorf("%s.md has no section for %s", page, kind)
			continue
		}
		if !strings.Contains(section, "[["+kind+"]]") && !strings.Contains(section, "```toml "+kind) {
			t.Errorf("%s.md: nothing of a [[%s]] stands in its section", page, kind)
		}
		if !linksToExample(t, section, kind) {
			t.Errorf("%s.md: the section of %s links to no example with such a table", page, kind)
		}
	}
}

// sectionOf gives a section of the second level by its heading, whatever its
// case.
func sectionOf(text, name string) string {
	for part := range strings.SplitSeq("\n"+text, "\n## ") {
		if head, rest, _ := strings.Cut(part, "\n"); strings.EqualFold(head, name) {
			return rest
		}
	}
	return ""
}

func linksToExample(t *testing.T, section, kind string) bool {
	t.Helper()
	for _, m := range linkTo.FindAllStringSubmatch(section, -1) {
		if !strings.Contains(m[1], "examples/") {
			continue
		}
		b, err := os.ReadFile(filepath.Join(m[1], "tailpost.toml"))
		if err == nil && strings.Contains(string(b), "[["+kind+"]]") {
			return true
		}
	}
	return false
}

// TestExamplesAreListed: a new example has to stand in the list.
func TestExamplesAreListed(t *testing.T) {
	list, err := os.ReadFile("../examples/README.md")
	if err != nil {
		t.Fatal(err)
	}
	folders, err := os.ReadDir("../examples")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		if f.IsDir() && !strings.Contains(string(list), "]("+f.Name()+")") {
			t.Errorf("examples/README.md doesn't list %s", f.Name())
		}
	}
}

// TestIndexIsWhole: each page of the guide is linked to in its list.
func TestIndexIsWhole(t *testing.T) {
	list, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range found {
		if page != "README.md" && !strings.Contains(string(list), "]("+page+")") {
			t.Errorf("docs/README.md doesn't list %s", page)
		}
	}
}
