package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

// list gives a line for each key: its path and where it stands.
func (p *place) list(path string, to []string) []string {
	for name, k := range p.keys {
		sub := strings.TrimPrefix(path+"."+name, ".")
		to = append(to, fmt.Sprintf("%s %d:%d", sub, k.line, k.col))
		to = k.list(sub, to)
	}
	for i, it := range p.items {
		sub := fmt.Sprintf("%s[%d]", path, i)
		to = append(to, fmt.Sprintf("%s %d:%d", sub, it.line, it.col))
		to = it.list(sub, to)
	}
	return to
}

func TestLocate(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       []string // in any order
	}{
		{"nothing", "", nil},
		{"comments alone", "# a = 1\n  # b", nil},
		{"keys", "a = 1\n  b = 2 # c = 3\nd='x'", []string{"a 1:1", "b 2:3", "d 3:1"}},
		{"tables", "[a]\nb = 1\n\t[ c . d ]\ne = 1", []string{"a 1:1", "a.b 2:1", "c 3:4", "c.d 3:2", "c.d.e 4:1"}},
		{"a table implied first", "[a.b]\n[a]\nc=1", []string{"a 2:1", "a.b 1:1", "a.c 3:1"}},
		{"an array of tables", "[[r.http]]\nurl=1\n[[r.http]]\nurl=2\n[[r.file]]\n", []string{
			"r 1:3", "r.http 1:1", "r.http[0] 1:1", "r.http[0].url 2:1", "r.http[1] 3:1", "r.http[1].url 4:1", "r.file 5:1", "r.file[0] 5:1"}},
		{"a table of the last item", "[[r]]\n[[r]]\n[r.o]\nx=1\n[[r.a]]\n[[r.a]]\n", []string{
			"r 1:1", "r[0] 1:1", "r[1] 2:1", "r[1].o 3:1", "r[1].o.x 4:1", "r[1].a 5:1", "r[1].a[0] 5:1", "r[1].a[1] 6:1"}},
		{"dotted keys", "a.b.c = 1\na . d = 2", []string{"a 1:1", "a.b 1:3", "a.b.c 1:1", "a.d 2:1"}},
		{"quoted keys", `"a b" = 1` + "\n" + `'c"d'.e = 1` + "\n" + `"\u00e9\"" = 1`, []string{"a b 1:1", `c"d 2:1`, `c"d.e 2:1`, `é" 3:1`}},
		{"an inline table", "h = { \"X-A\" = \"}\", b.c = 2 }\ni = {}", []string{"h 1:1", "h.X-A 1:7", "h.b 1:20", "h.b.c 1:20", "i 2:1"}},
		{"an inline table over lines", "h = {\n # x = 1\n a = 1,\n b = 2,\n}\nz=1", []string{"h 1:1", "h.a 3:2", "h.b 4:2", "z 6:1"}},
		{"arrays", "a = [ 1, 'x,]', [2], # ]\n\n  {b=1},\n]\nc=2", []string{
			"a 1:1", "a[0] 1:7", "a[1] 1:10", "a[2] 1:17", "a[2][0] 1:18", "a[3] 3:3", "a[3].b 3:4", "c 5:1"}},
		{"strings that look like structure", "a = \"[b]\\\"\\nc = 1\"\nd = '#'\ne=1", []string{"a 1:1", "d 2:1", "e 3:1"}},
		{"multi-line strings", "a = \"\"\"\n[x]\ny = \\\"\"\"\"\"\nb = '''\nz = 1\n\\''''\nc = 1", []string{"a 1:1", "b 4:1", "c 7:1"}},
		{"quotes before the closing ones", "a = \"\"\"x\"\"\"\"\"\nb = ''''''\nc = 1", []string{"a 1:1", "b 2:1", "c 3:1"}},
		{"CRLF", "a = 1\r\n\r\n[b]\r\nc = [\r\n1,\r\n]\r\nd = 1979-05-27 07:32:00\r\n", []string{"a 1:1", "b 3:1", "b.c 4:1", "b.c[0] 5:1", "b.d 7:1"}},
		{"columns are characters", "h = { \"é\" = 1, b = 1 }", []string{"h 1:1", "h.é 1:7", "h.b 1:16"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var m map[string]any
			if _, err := toml.Decode(tc.text, &m); err != nil {
				t.Fatalf("the row is no TOML: %v", err)
			}
			got := locate(tc.text).list("", nil)
			slices.Sort(got)
			slices.Sort(tc.want)
			if !slices.Equal(got, tc.want) {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}

func TestLocateNothing(t *testing.T) {
	var p *place
	if p.key("a") != nil || p.item(0) != nil || (&place{}).key("a") != nil || (&place{}).item(-1) != nil {
		t.Error("what isn't there has a place")
	}
}

// FuzzPositions: locate finds exactly the keys that the library reads, each
// where its name or its table's bracket stands, and ends on any other text.
func FuzzPositions(f *testing.F) {
	for _, text := range []string{
		"a = 1\n[b]\nc.d = 'x' # y\n[[e.f]]\ng = [1, [2], {h=3}]\n[[e.f]]\n[e.f.i]\n",
		"a = \"\"\"\n[x]\n\\\"\"\"\"\"\"\nb = '''\n''''\n\"q\\u00e9\" = {x.y=1, z=[]}\r\n",
		"d = 1979-05-27 07:32:00\nt = true\nf = -1.5e3\n[ \"a.b\" . 'c' ]\n",
		"a = [ # c\n 1,\n\n 'b',]\n[", "[[", "a", "a.", "\"", "'''", "{", "a={b", "a=[[[[[[", "= 1", "[a]]\nb=1",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := locate(text)
		if len(text) > 4<<10 || strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") || strings.HasPrefix(text, bom) {
			return
		}
		var want map[string]any
		if _, err := toml.Decode(text, &want); err != nil {
			return
		}
		compare(t, text, "", want, got)
	})
}

// compare fails when the tree of places differs from the tree of values.
func compare(t *testing.T, text, path string, want any, got *place) {
	t.Helper()
	if got == nil {
		t.Fatalf("%s isn't located in\n%s", path, text)
	}
	var items []any
	switch want := want.(type) {
	case map[string]any:
		if len(want) != len(got.keys) || len(got.items) > 0 {
			t.Fatalf("%s has %d keys; located: %d keys and %d items, in\n%s", path, len(want), len(got.keys), len(got.items), text)
		}
		for k, v := range want {
			compareStart(t, text, k, got.key(k))
			compare(t, text, path+"."+k, v, got.key(k))
		}
		return
	case []map[string]any:
		for _, v := range want {
			items = append(items, v)
		}
	case []any:
		items = want
	}
	if len(items) != len(got.items) || len(got.keys) > 0 {
		t.Fatalf("%s has %d items; located: %d items and %d keys, in\n%s", path, len(items), len(got.items), len(got.keys), text)
	}
	for i, v := range items {
		compare(t, text, fmt.Sprintf("%s[%d]", path, i), v, got.item(i))
	}
}

// compareStart fails when no key or table begins where key is said to stand.
func compareStart(t *testing.T, text, key string, p *place) {
	t.Helper()
	if p == nil {
		t.Fatalf("%q isn't located in\n%s", key, text)
	}
	lines := strings.Split(text, "\n")
	if p.line < 1 || p.line > len(lines) {
		t.Fatalf("%q is said to stand in line %d of\n%s", key, p.line, text)
	}
	line := []rune(lines[p.line-1])
	if p.col < 1 || p.col > len(line) {
		t.Fatalf("%q is said to stand in column %d of %q", key, p.col, string(line))
	}
	if c := line[p.col-1]; c != '[' && c != '"' && c != '\'' && !isBare(byte(c)) {
		t.Fatalf("%q is said to stand at %d:%d, where %q stands, in\n%s", key, p.line, p.col, c, text)
	}
}
