package docs

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/BurntSushi/toml"

	"github.com/tailpost/tailpost/bridge/config"
)

// TestTheThreeAgree: each key of the reference is one that the checker knows
// and that the schema has, and there are no others in either.
func TestTheThreeAgree(t *testing.T) {
	checker := allKeys()
	schema := schemaKeys(t)
	var reference []string
	for _, table := range tables() {
		for _, k := range table.Keys {
			reference = append(reference, k.Path())
		}
		if table.Like != "" { // its own tables are described once, with the other one's
			for _, within := range tables() {
				if rest, ok := strings.CutPrefix(within.Name, table.Like+"."); ok {
					for _, k := range within.Keys {
						reference = append(reference, table.Name+"."+rest+"."+k.Name)
					}
				}
			}
		}
	}
	slices.Sort(reference)
	if !slices.Equal(checker, reference) {
		t.Errorf("the checker knows\n%s\nthe reference has\n%s", checker, reference)
	}
	if !slices.Equal(checker, schema) {
		t.Errorf("the checker knows\n%s\nthe schema has\n%s", checker, schema)
	}
	page := contentOf(t, "reference.md")
	for _, path := range reference {
		name := path[strings.LastIndexByte(path, '.')+1:]
		base := strings.TrimSuffix(strings.TrimSuffix(name, "_file"), "_env")
		if !strings.Contains(page, "`"+name+"`") && !strings.Contains(page, "`"+base+"`, `_file`, `_env`") {
			t.Errorf("reference.md doesn't name %s", path)
		}
	}
	if len(checker) < 250 {
		t.Errorf("%d keys only", len(checker))
	}
}

// schemaKeys gives the keys that the file of the schema has.
func schemaKeys(t *testing.T) []string {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(contentOf(t, "tailpost.schema.json")), &doc); err != nil {
		t.Fatal(err)
	}
	var walk func(at string, s map[string]any) []string
	walk = func(at string, s map[string]any) (out []string) {
		if items, ok := s["items"].(map[string]any); ok && items["properties"] != nil {
			return walk(at, items)
		}
		properties, _ := s["properties"].(map[string]any)
		if free, ok := s["additionalProperties"].(map[string]any); ok && free["properties"] != nil {
			properties = map[string]any{"*": free}
		}
		for name, v := range properties {
			path := strings.TrimPrefix(at+"."+name, ".")
			if name != "*" && !isHeading(path) {
				out = append(out, path)
			}
			out = append(out, walk(path, v.(map[string]any))...)
		}
		return out
	}
	keys := walk("", doc)
	slices.Sort(keys)
	return keys
}

// allKeys and tables are what the program knows, asked once.
var (
	allKeys = sync.OnceValue(config.Keys)
	tables  = sync.OnceValue(config.Reference)
)

// isHeading reports whether a name is that of a table, or of a group of them,
// and no key.
func isHeading(path string) bool {
	return !slices.Contains(allKeys(), path) && slices.ContainsFunc(tables(), func(t config.Table) bool {
		return t.Name == path || strings.HasPrefix(t.Name, path+".")
	})
}

var rounds = flag.Int("rounds", 100, "how many changed files the checker and the schema are to agree on")

// known is what of the checker's complaints the schema can know.
var known = regexp.MustCompile(`^(unknown key|is (text|a number|a fraction|true or false|a table|a list|a list of tables|a list of other things than tables), not|not a (duration|size|list)|no text|not text|"[^"]*" is no (duration|size|rate)\b|"[^"]*" has no unit|[0-9]+ has no unit|entry [0-9]+ is no text)`)

// TestSchemaAgreesWithTheChecker changes a file at random. What the schema
// refuses the checker refuses, too; what the checker says of a key's type or
// name, or of how a duration is written, the schema knows.
func TestSchemaAgreesWithTheChecker(t *testing.T) {
	s := schemaOf(t)
	// What stands in [defaults] counts where a recipient takes it.
	example := contentOf(t, "../config.example.toml") + `
[[recipients.http]]
name = "takes the defaults"
url = "https://example.com/"
[[recipients.email]]
name = "takes the defaults, too"
address = "a@example.com"
`
	dir := t.TempDir()
	refused := 0
	for seed := range uint64(*rounds) {
		r := rand.New(rand.NewPCG(seed, 1))
		tree := map[string]any{}
		if _, err := toml.Decode(example, &tree); err != nil {
			t.Fatal(err)
		}
		change(r, tree)
		var b bytes.Buffer
		if err := toml.NewEncoder(&b).Encode(tree); err != nil {
			continue // what no file can hold, such as a list of several types
		}
		c, ps := config.Parse(filepath.Join(dir, "t.toml"), b.Bytes())
		err := valid(t, s, b.String())
		if err != nil {
			refused++
			if c != nil {
				t.Errorf("seed %d: the checker takes what the schema refuses: %v\n%s", seed, err, b.String())
			}
		}
		i := slices.IndexFunc(ps, func(p config.Problem) bool { return !p.Warning && known.MatchString(p.Text) })
		if err == nil && i >= 0 {
			t.Errorf("seed %d: the schema takes what the checker refuses: %v", seed, ps[i])
		}
	}
	if refused < *rounds/10 {
		t.Errorf("the schema refused %d of %d", refused, *rounds)
	}
}

// values are put into places where they fit, and where they don't.
var values = []any{
	true, int64(0), int64(5), int64(70000), int64(-1), 5.5, "", " ", "x", "info", "5s", "1d2h", " 5m ", "5", "-1s", "1GiB", "10 MiB", "3GB", "0", "50/s", "5/d", "auto",
	"none", "appliance", "a@example.com", "a@example.com; b@example.com", "https://example.com/", "http://", "tcp://127.0.0.1:514", "127.0.0.1:9181", "support_conference_end",
	"support_conference_endd", "support_conference_begin, x", "2xx 304", "bg", "regex", "strict", "0640", "Europe/Berlin", "/tmp/x",
	[]any{}, []any{"a"}, []any{int64(200)}, []any{"5xx"}, []any{"support_conference_ended"}, []any{"*", "login"}, []any{"a@example.com"}, []any{true}, []any{[]any{"a"}},
	map[string]any{}, map[string]any{"a": "b"}, map[string]any{"a": int64(5)}, map[string]any{"subject": "x"}, map[string]any{"login": map[string]any{"body": "x"}},
	[]map[string]any{{"name": "x"}},
}

// change does one thing to one table: a value of another kind, a key that is
// new or misspelt, or one less.
func change(r *rand.Rand, tree map[string]any) {
	found := tablesIn("", tree)
	paths := slices.Sorted(maps.Keys(found))
	path := paths[r.IntN(len(paths))]
	at := found[path]
	keys := slices.Sorted(maps.Keys(at))
	value := values[r.IntN(len(values))]
	switch n := r.IntN(10); {
	case n < 4 && len(keys) > 0:
		at[keys[r.IntN(len(keys))]] = value
	case n < 5 && len(keys) > 0:
		delete(at, keys[r.IntN(len(keys))])
	case n < 6:
		at["nmae"] = value
	default:
		var of []string
		for _, k := range allKeys() {
			if name, ok := strings.CutPrefix(k, strings.TrimPrefix(path+".", ".")); ok && !strings.ContainsAny(name, ".*") {
				of = append(of, name)
			}
		}
		if len(of) > 0 {
			at[of[r.IntN(len(of))]] = value
		}
	}
}

// tablesIn gives all tables of a file, of several of a kind the last.
func tablesIn(path string, tree map[string]any) map[string]map[string]any {
	out := map[string]map[string]any{path: tree}
	for name, v := range tree {
		below := strings.TrimPrefix(path+"."+name, ".")
		switch v := v.(type) {
		case map[string]any:
			maps.Copy(out, tablesIn(below, v))
		case []map[string]any:
			for _, one := range v {
				maps.Copy(out, tablesIn(below, one))
			}
		}
	}
	return out
}
