package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/bridge/config"
)

// pages gives the Markdown files for users, by their paths from this folder.
func pages(t *testing.T) []string {
	t.Helper()
	all := []string{"../README.md", "../CHANGELOG.md"}
	for _, pattern := range []string{"*.md", "decisions/*.md", "../examples/*.md", "../examples/*/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %q, %v", pattern, found, err)
		}
		all = append(all, found...)
	}
	return all
}

// block is a fenced block of TOML.
type block struct {
	where string // file:line
	table string // the table that a fragment stands in; empty: none
	text  string
}

// tomlBlocks gives the blocks of a page. What begins with "```toml" is one;
// "```toml recipients.http" begins a fragment of that table.
func tomlBlocks(page, text string) (blocks []block) {
	var open *block
	for i, line := range strings.Split(text, "\n") {
		switch {
		case open != nil && strings.HasPrefix(line, "```"):
			blocks = append(blocks, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		case strings.HasPrefix(line, "```toml"):
			open = &block{where: fmt.Sprintf("%s:%d", page, i+1), table: strings.TrimSpace(strings.TrimPrefix(line, "```toml"))}
		}
	}
	return blocks
}

// looksLikeTOML finds configuration in blocks that nothing checks.
var looksLikeTOML = regexp.MustCompile(`(?m)^    (\[\[?(sources|recipients|smtp|alerts|spool|admin|log)\b|[a-z_]+ += ["\[0-9])`)

// TestBlocksOfTOML checks every piece of configuration in the documentation as
// `tailpost check` would, with what it needs around it.
func TestBlocksOfTOML(t *testing.T) {
	n := 0
	for _, page := range pages(t) {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		if bare := looksLikeTOML.FindString(string(b)); bare != "" {
			t.Errorf("%s: %q stands in no ```toml block: nothing checks it", page, bare)
		}
		for _, block := range tomlBlocks(page, string(b)) {
			n++
			for _, p := range load(t, block) {
				if !p.Warning {
					t.Errorf("%s: %v", block.where, p)
				}
			}
		}
	}
	if n < 10 {
		t.Errorf("only %d blocks were found", n)
	}
}

func TestBlocksCanFail(t *testing.T) {
	for _, text := range []string{"nonsense = 1", "url = \"ftp://example.com/\"", "body = \"xml\""} {
		if len(load(t, block{table: "recipients.http", text: text})) == 0 {
			t.Errorf("%s passes", text)
		}
	}
}

// needed are the keys that a table can't do without.
var needed = map[string][]string{
	"sources.tail":     {`path = "docs.log"`, `format = "json"`, `appliance_id = "a"`},
	"sources.drop":     {`dir = "docs"`, `format = "json"`, `appliance_id = "a"`},
	"sources.http":     {`listen = "127.0.0.1:1"`, `format = "json"`, `appliance_id = "a"`},
	"sources.socket":   {`path = "docs.sock"`, `format = "json"`, `appliance_id = "a"`},
	"sources.syslog":   {`listen = "tcp://127.0.0.1:1"`, `format = "bg"`, `appliance_id = "a"`},
	"sources.stdin":    {`format = "json"`, `appliance_id = "a"`},
	"recipients.http":  {`url = "https://docs.example.com/"`},
	"recipients.email": {`address = "docs@example.com"`},
	"recipients.file":  {`path = "-"`},
	"smtp":             {`host = "smtp.example.com"`, `from = "docs@example.com"`},
	"admin":            {}, "alerts": {}, "spool": {}, "log": {}, "shutdown": {}, "": {},
}

// load checks a block with what it needs around it: a fragment its table, and
// all of them a source, a recipient, and a mail server.
func load(t *testing.T, b block) []config.Problem {
	t.Helper()
	dir := t.TempDir()
	keys, ok := needed[b.table]
	if !ok {
		t.Fatalf("%s: a fragment of %q; needed has no such table", b.where, b.table)
	}
	text := b.text
	if b.table != "" {
		text = tableOf(b.table, text, keys)
	}
	if !regexp.MustCompile(`(?m)^state_dir`).MatchString(text) {
		text = "state_dir = \"state\"\n" + text
	}
	for table, has := range map[string]string{"sources.tail": "[[sources.", "recipients.file": "[[recipients.", "smtp": "[smtp]"} {
		if !strings.Contains("\n"+text, "\n"+has) {
			text += tableOf(table, "", needed[table])
		}
	}
	path := filepath.Join(dir, "tailpost.toml")
	if err := os.WriteFile(path, []byte(withFiles(t, dir, text)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, problems := config.Load(path)
	return problems
}

// tableOf gives a table with these lines, and the keys that it lacks.
func tableOf(table, text string, keys []string) string {
	head := "[[" + table + "]]\n"
	if !strings.Contains(table, ".") {
		head = "[" + table + "]\n"
	} else {
		keys = append([]string{`name = "docs"`}, keys...)
	}
	for _, k := range keys {
		name, _, _ := strings.Cut(k, " ")
		if !regexp.MustCompile(`(?m)^` + name + `\s*=`).MatchString(text) {
			head += k + "\n"
		}
	}
	return "\n" + head + text
}

var fileKey = regexp.MustCompile(`(?m)^([a-z0-9_]+)_file(\s*= )"([^"]+)"`)

// withFiles makes the files that a text names, in dir, and gives the text with
// their names there.
func withFiles(t *testing.T, dir, text string) string {
	t.Helper()
	return fileKey.ReplaceAllStringFunc(text, func(s string) string {
		m := fileKey.FindStringSubmatch(s)
		content := "docs-docs-docs-docs"
		switch {
		case strings.HasSuffix(m[1], "signing_secret"):
			content = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
		case m[1] == "template":
			content = `{"lsid": "%%lsid%%"}`
		}
		name := filepath.Base(m[3])
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return m[1] + "_file" + m[2] + `"` + name + `"`
	})
}
