package docs

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/tailpost/tailpost/bridge/config"
)

// schemaOf compiles the schema, which is itself checked against the draft's.
func schemaOf(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(config.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(config.SchemaURL, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(config.SchemaURL)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// valid holds a file's text against the schema, as an editor does.
func valid(t *testing.T, s *jsonschema.Schema, text string) error {
	t.Helper()
	var v map[string]any
	if _, err := toml.Decode(text, &v); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(doc)
}

func contentOf(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// errorsOf gives the problems that are more than warnings.
func errorsOf(ps []config.Problem) []config.Problem {
	return slices.DeleteFunc(slices.Clone(ps), func(p config.Problem) bool { return p.Warning })
}

// Every configuration of the project that the checker takes is valid.
func TestSchemaTakesOurFiles(t *testing.T) {
	s := schemaOf(t)
	var taken []string
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".toml" {
			return err
		}
		c, ps := config.Load(path)
		if c == nil {
			t.Logf("%s is none: %v", path, errorsOf(ps))
			return nil
		}
		taken = append(taken, path)
		if err := valid(t, s, contentOf(t, path)); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(taken, "../config.example.toml") || len(taken) < 12 {
		t.Errorf("looked at %q", taken)
	}
}

// plain is a configuration that is right, with a table of most kinds. A row of
// mistakes changes one line of it.
const plain = `
state_dir = "/var/lib/tailpost"
[log]
level = "info"
[spool]
keep = "24h"
max_bytes = "10GiB"
min_free = "auto"
max_parked = 100
[smtp]
host = "localhost"
port = 25
security = "none"
from = "t@example.com"
[[sources.tail]]
name = "in"
path = "/var/log/in.log"
format = "bg"
start = "end"
max_line = "1MiB"
[[sources.socket]]
name = "local"
path = "/run/in.sock"
format = "json"
mode = "0660"
allow_uid = [1000]
[[recipients.http]]
name = "out"
url = "https://example.com/"
events = ["support_conference_end"]
enabled = true
success = ["2xx", 304]
timeout = "15s"
rate_limit = "50/s"
headers = { A = "b" }
alert_url = ""
[[recipients.email]]
name = "mail"
address = "a@example.com"
digest_window = ""
[recipients.email.message.support_conference_end]
subject = "over"
`

func TestSchemaRefusesMistakes(t *testing.T) {
	s := schemaOf(t)
	if c, ps := config.Parse("/t.toml", []byte(plain)); c == nil {
		t.Fatal(ps)
	}
	if err := valid(t, s, plain); err != nil {
		t.Fatal(err)
	}
	eleven := `"` + strings.Repeat("a@example.com ", 11) + `"`
	for _, tc := range []struct{ name, line, wrong string }{
		{"unknown key", `enabled = true`, `enable = true`},
		{"unknown key of the top", `state_dir =`, `statedir =`},
		{"unknown table", `[log]`, `[logs]`},
		{"unknown kind", `[[recipients.http]]`, `[[recipients.https]]`},
		{"unknown key of a message", `subject = "over"`, `subjekt = "over"`},
		{"capital letters", `enabled = true`, `Enabled = true`},
		{"key of another table", `start = "end"`, `url = "https://example.com/"`},
		{"one table for many", `[[sources.tail]]`, `[sources.tail]`},
		{"many for one", `[log]`, `[[log]]`},
		{"text for a boolean", `enabled = true`, `enabled = "yes"`},
		{"text for a number", `port = 25`, `port = "25"`},
		{"number for text", `host = "localhost"`, `host = 5`},
		{"number for a duration", `timeout = "15s"`, `timeout = 15`},
		{"number for a size", `max_line = "1MiB"`, `max_line = 1024`},
		{"number for a rate", `"50/s"`, `50`},
		{"text for a table", `headers = { A = "b" }`, `headers = "A: b"`},
		{"number in a table", `{ A = "b" }`, `{ A = 5 }`},
		{"boolean in a list", `["2xx", 304]`, `["2xx", true]`},
		{"duration without a unit", `"15s"`, `"15"`},
		{"duration of another unit", `"15s"`, `"15sec"`},
		{"duration below zero", `"15s"`, `"-15s"`},
		{"empty duration", `"15s"`, `""`},
		{"size of another unit", `"10GiB"`, `"10GB"`},
		{"size or auto", `"auto"`, `"automatic"`},
		{"rate of another unit", `"50/s"`, `"50/d"`},
		{"bad word", `level = "info"`, `level = "inof"`},
		{"bad format", `format = "bg"`, `format = "bgg"`},
		{"bad start", `start = "end"`, `start = "now"`},
		{"bad status", `["2xx", 304]`, `["2xx", "ok"]`},
		{"bad status in one text", `["2xx", 304]`, `"2xx, ok"`},
		{"bad mode", `"0660"`, `"rw-rw----"`},
		{"bad user id", `[1000]`, `["root"]`},
		{"bad url", `"https://example.com/"`, `"ftp://example.com/"`},
		{"bad alert_url", `alert_url = ""`, `alert_url = "localhost"`},
		{"number too small", `port = 25`, `port = 0`},
		{"number too large", `port = 25`, `port = 65536`},
		{"typo of a session event", `["support_conference_end"]`, `["support_conference_ended"]`},
		{"the same as one text", `["support_conference_end"]`, `"support_conference_ended"`},
		{"message of no session event", `message.support_conference_end]`, `message.support_conference_ended]`},
		{"eleven addresses", `address = "a@example.com"`, `address = ["` + strings.Repeat(`a@example.com","`, 10) + `a@example.com"]`},
		{"the same as one text", `address = "a@example.com"`, `address = ` + eleven},
		{"no address", `address = "a@example.com"`, `address = ["helpdesk"]`},
		{"bad digest", `digest_window = ""`, `digest_window = "soon"`},
		{"no name", `name = "out"`, ``},
		{"empty name", `name = "out"`, `name = " "`},
		{"long name", `name = "out"`, `name = "` + strings.Repeat("x", 129) + `"`},
		{"no url", `url = "https://example.com/"`, ``},
		{"no path", `path = "/var/log/in.log"`, ``},
		{"no format", `format = "bg"`, ``},
		{"no host", `host = "localhost"`, ``},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := strings.Replace(plain, tc.line, tc.wrong, 1)
			if text == plain {
				t.Fatalf("no line %s", tc.line)
			}
			if _, ps := config.Parse("/t.toml", []byte(text)); len(errorsOf(ps)) == 0 {
				t.Error("the checker takes it")
			}
			if valid(t, s, text) == nil {
				t.Error("the schema takes it")
			}
		})
	}
}

// The line for editors leads to the schema.
func TestExampleNamesTheSchema(t *testing.T) {
	line, _, _ := strings.Cut(contentOf(t, "../config.example.toml"), "\n")
	path, ok := strings.CutPrefix(line, "#:schema ")
	if !ok || contentOf(t, filepath.Join("..", path)) != string(config.Schema()) {
		t.Errorf("the first line is %q", line)
	}
}
