package bridge_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/tailpost/tailpost/"

// everybodys are the rooms that all may import, the vocabulary too. They import
// nothing of ours.
var everybodys = []string{"bridge/option", "bridge/codec"}

// rooms lists the stages, and what each may import of ours besides the
// vocabulary and everybodys. A package is of the longest room that its path begins with.
var rooms = []struct {
	path string
	may  []string // "*": everything
}{
	{path: "bridge", may: []string{}},
	{path: "bridge/option"},
	{path: "bridge/codec"},
	{path: "bridge/status"},
	{path: "bridge/where"},
	{path: "bridge/history"},
	{path: "bridge/source/access"},
	{path: "bridge/source/tail", may: []string{"bridge/source/access", "bridge/status"}},
	{path: "bridge/source/stdin", may: []string{"bridge/source/framing", "bridge/status"}},
	{path: "bridge/source/drop", may: []string{"bridge/source/access", "bridge/status"}},
	{path: "bridge/source/httpin", may: []string{"bridge/source/access", "bridge/status"}},
	{path: "bridge/source/framing"},
	{path: "bridge/source/sourcetest"},
	{path: "bridge/source/live", may: []string{"bridge/source/framing", "bridge/status"}},
	{path: "bridge/source/socket", may: []string{"bridge/source/live", "bridge/status"}},
	{path: "bridge/source/syslogd", may: []string{"bridge/source/access", "bridge/source/live", "bridge/status"}},
	{path: "bridge/ingest"},
	{path: "bridge/spool", may: []string{"bridge/spool"}},
	{path: "bridge/dispatch", may: []string{"bridge/where"}},
	{path: "bridge/alert", may: []string{"sinks/macro", "sinks/redact"}},
	{path: "bridge/admin", may: []string{"bridge/status"}},
	{path: "bridge/admin/metrics", may: []string{"bridge/status"}},
	{path: "bridge/admin/page", may: []string{"bridge/admin", "bridge/status"}},
	{path: "parsers"},
	{path: "sinks/macro"},
	{path: "sinks/receiver"},
	{path: "sinks/sinktest", may: []string{"sinks/receiver"}},
	{path: "sinks/redact", may: []string{"sinks/macro"}},
	{path: "sinks/oauth", may: []string{"sinks/macro", "sinks/redact"}},
	{path: "sinks/httpsink", may: []string{"sinks/macro", "sinks/oauth", "sinks/redact"}},
	{path: "sinks/smtpsink", may: []string{"sinks/macro", "sinks/oauth", "sinks/redact"}},
	{path: "sinks/filesink", may: []string{"sinks/macro"}},
	{path: "bridge/config", may: []string{"*"}},
	{path: "bridge/app", may: []string{"*"}},
	{path: "cmd", may: []string{"*"}},
	{path: "examples", may: []string{"*"}},
	{path: "docs", may: []string{"*"}},
}

// TestStagesDoNotImportEachOther reads our import lines. It reads files, not
// what go list says, whose result is cached.
func TestStagesDoNotImportEachOther(t *testing.T) {
	files := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() != ".." && strings.HasPrefix(d.Name(), ".") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		files++
		dir, err := filepath.Rel("..", filepath.Dir(path))
		if err != nil {
			return err
		}
		return checkFile(t, path, filepath.ToSlash(dir))
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 50 {
		t.Errorf("looked at %d files only", files)
	}
}

func checkFile(t *testing.T, path, dir string) error {
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		return err
	}
	for _, spec := range f.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		ours, ok := strings.CutPrefix(imported, module)
		if ok && !mayImport(t, dir, ours, strings.HasSuffix(path, "_test.go")) {
			t.Errorf("%s imports %s: a stage knows the vocabulary alone", path, imported)
		}
	}
	return nil
}

// mayImport: a test may use the contract test and the receiver besides, or what
// runs a source.
func mayImport(t *testing.T, dir, ours string, test bool) bool {
	i := room(dir)
	if i < 0 {
		t.Errorf("%s is in no room: add it to the list", dir)
		return false
	}
	if test && strings.HasPrefix(dir, "sinks/") && (ours == "sinks/sinktest" || ours == "sinks/receiver") {
		return true
	}
	if test && strings.HasPrefix(dir, "bridge/source/") && ours == "bridge/source/sourcetest" {
		return true
	}
	if dir == ours {
		return true
	}
	if all := ours == "bridge" || slices.Contains(everybodys, ours); all && !slices.Contains(everybodys, dir) {
		return true
	}
	for _, m := range rooms[i].may {
		if m == "*" || ours == m || strings.HasPrefix(ours, m+"/") {
			return true
		}
	}
	return false
}

func room(dir string) int {
	best := -1
	for i, r := range rooms {
		if (dir == r.path || strings.HasPrefix(dir, r.path+"/")) && (best < 0 || len(r.path) > len(rooms[best].path)) {
			best = i
		}
	}
	return best
}

func TestImportRuleCanFail(t *testing.T) {
	for _, c := range []struct{ dir, imported string }{
		{"bridge/dispatch", "bridge/spool"},
		{"bridge/spool", "bridge/dispatch"},
		{"bridge/ingest", "parsers"},
		{"parsers", "bridge/ingest"},
		{"sinks/httpsink", "sinks/smtpsink"},
		{"bridge/source/tail", "bridge/source/stdin"},
		{"bridge", "bridge/spool"},
		{"bridge/codec", "bridge"},
	} {
		if mayImport(t, c.dir, c.imported, false) {
			t.Errorf("%s may import %s", c.dir, c.imported)
		}
	}
}
