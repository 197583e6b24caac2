package config

import (
	"slices"
	"testing"
)

const toFile = "[[recipients.file]]\nname='f'\npath='-'\n"

func TestInclude(t *testing.T) {
	const source = "[[sources.tail]]\nname='s'\npath='/l'\nformat='bg'\nappliance_id='a'\n"
	for _, tc := range []struct {
		name      string
		files     map[string]string
		wantFiles []string // nil: refused
		want      []string
	}{
		{name: "arrays add up, in the order of names",
			files: map[string]string{
				"main.toml":     "include=['conf.d/*.toml']\n" + source,
				"conf.d/b":      "not = 'read",
				"conf.d/b.toml": toFile, "conf.d/a.toml": "[log]\nlevel='warn'\n", "conf.d/.c.toml": "not = 'read", "conf.d/d.toml/e.toml": "not = 'read"},
			wantFiles: []string{"main.toml", "conf.d/a.toml", "conf.d/b.toml"}},
		{name: "one string of names, each read once",
			files:     map[string]string{"main.toml": "include='a.toml *.toml, ./a.toml'\n" + source, "a.toml": toFile},
			wantFiles: []string{"main.toml", "a.toml"}},
		{name: "a pattern with a dot finds hidden files",
			files:     map[string]string{"main.toml": "include='.*.toml'\n" + source, ".a.toml": toFile},
			wantFiles: []string{"main.toml", ".a.toml"}},
		{name: "a pattern that finds nothing is no mistake",
			files:     map[string]string{"main.toml": "include=['conf.d/*.toml']\n" + source + toFile},
			wantFiles: []string{"main.toml"}},
		{name: "a name that finds nothing is one",
			files: map[string]string{"main.toml": "include=['a.toml']\n" + source},
			want:  []string{`a.toml: can't be read: no such file or directory; a pattern such as "conf.d/*.toml" may find nothing, a name may not`}},
		{name: "a broken pattern",
			files: map[string]string{"main.toml": "include=['[']\n" + source + toFile},
			want:  []string{`main.toml:1:1: include: "[" is no pattern: syntax error in pattern`}},
		{name: "of another type",
			files: map[string]string{"main.toml": "include=true\n" + source + toFile},
			want:  []string{`main.toml:1:1: include: not a list; use ["a", "b"] or "a, b"`}},
		{name: "an included file includes",
			files: map[string]string{"main.toml": "include=['a.toml']\n" + source, "a.toml": "include=['b.toml']\n" + toFile},
			want:  []string{"a.toml:1:1: include: an included file can't include others; name the files in main.toml"}},
		{name: "a table in two files",
			files: map[string]string{"main.toml": "include=['a.toml']\nstate_dir='/s'\n[spool]\nkeep='1h'\n" + source, "a.toml": "state_dir='/s'\n[spool]\nkeep_dead='1d'\n" + toFile},
			want: []string{
				"a.toml:1:1: state_dir: stands in main.toml:2:1 already; keep one of them",
				"a.toml:2:1: spool: stands in main.toml:3:1 already; keep one of them"}},
		{name: "defaults in two files",
			files: map[string]string{"main.toml": "include=['a.toml']\n[defaults.http]\n[defaults.email]\n" + source, "a.toml": "[defaults.http]\n" + toFile},
			want:  []string{"a.toml:1:1: defaults.http: stands in main.toml:2:1 already; keep one of them"}},
		{name: "one name in two files",
			files: map[string]string{"main.toml": "include=['a.toml']\n" + source + toFile, "a.toml": "[[recipients.http]]\nurl='http://localhost/'\nname='f'\n"},
			want:  []string{`a.toml:3:1: name: "f" is the name of the recipient in main.toml:7:1 already; each has its own`}},
		{name: "each file's problems carry its name, and a broken one hides none of the others'",
			files: map[string]string{
				"main.toml": "include=['*.toml']\n\n\n\nx=1\n" + source, "a.toml": "[log]\nlevel=info\n[[recipients.email]]\n", "b.toml": "[[recipients.email]]\nname='m'\naddress='x@example.com'\ny=1\n"},
			want: []string{
				"main.toml:5:1: x: unknown key",
				`a.toml:2:7: level: text without quotes; write level = "..."`,
				`b.toml:4:1: y: unknown key`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			write(t, tc.files)
			c, ps := Load("main.toml")
			wantProblems(t, ps, tc.want...)
			if (c == nil) != (tc.wantFiles == nil) {
				t.Fatalf("a Config: %v", c != nil)
			}
			if c != nil && !slices.Equal(c.Files, tc.wantFiles) {
				t.Errorf("read %q, want %q", c.Files, tc.wantFiles)
			}
		})
	}
}

// The folder's own name is no pattern.
func TestIncludeInAFolderWithWildcards(t *testing.T) {
	write(t, map[string]string{"a[b]*/main.toml": "include=['c/*.toml']\n" + rest, "a[b]*/c/d.toml": "[log]\nlevel='warn'\n"})
	c, ps := Load("a[b]*/main.toml")
	wantProblems(t, ps)
	if c == nil || c.Log.Level != "warn" {
		t.Errorf("got %+v", c)
	}
}
