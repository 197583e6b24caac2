package config

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tailpost/tailpost/bridge/admin"
	"github.com/tailpost/tailpost/bridge/alert"
	"github.com/tailpost/tailpost/bridge/dispatch"
	"github.com/tailpost/tailpost/bridge/ingest"
	"github.com/tailpost/tailpost/bridge/option"
	"github.com/tailpost/tailpost/bridge/source/drop"
	"github.com/tailpost/tailpost/bridge/source/httpin"
	"github.com/tailpost/tailpost/bridge/source/socket"
	"github.com/tailpost/tailpost/bridge/source/stdin"
	"github.com/tailpost/tailpost/bridge/source/syslogd"
	"github.com/tailpost/tailpost/bridge/source/tail"
	"github.com/tailpost/tailpost/bridge/spool"
	"github.com/tailpost/tailpost/sinks/filesink"
	"github.com/tailpost/tailpost/sinks/httpsink"
	"github.com/tailpost/tailpost/sinks/smtpsink"
)

// texts gives problems as people see them.
func texts(ps []Problem) (out []string) {
	for _, p := range ps {
		out = append(out, p.String())
	}
	return out
}

// wantProblems fails unless the problems are these.
func wantProblems(t *testing.T, got []Problem, want ...string) {
	t.Helper()
	if g := texts(got); !slices.Equal(g, want) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(g, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// write puts files into a new folder and makes it the working one.
func write(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	return dir
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
	wantProblems(t, ps, strings.Split(strings.TrimSpace(string(golden)), "\n")...)
}

func TestExampleIsRight(t *testing.T) {
	c, ps := Load("../../config.example.toml")
	wantProblems(t, ps)
	if c == nil {
		t.Fatal("no Config")
	}
	if len(c.Tails) == 0 || len(c.Drops) == 0 || len(c.HTTPIns) == 0 || len(c.HTTP) == 0 || len(c.Email) == 0 || len(c.File) == 0 || c.SMTP == nil {
		t.Errorf("the example leaves a kind out: %+v", c)
	}
}

// owners are the structs whose keys a table may have, by its name.
func owners() map[string][]any {
	return map[string][]any{
		"":                 {&general{}},
		"log":              {&Log{}},
		"shutdown":         {&Shutdown{}},
		"spool":            {&spool.Options{}},
		"admin":            {&admin.Settings{}},
		"alerts":           {&alert.System{}},
		"smtp":             {&smtpsink.RelayOptions{}},
		"sources.tail":     {&identity{}, &ingest.Options{}, &tail.Options{}},
		"sources.drop":     {&identity{}, &ingest.Options{}, &drop.Options{}},
		"sources.http":     {&identity{}, &ingest.Options{}, &httpin.Options{}},
		"sources.socket":   {&identity{}, &ingest.Options{}, &socket.Options{}},
		"sources.syslog":   {&identity{}, &ingest.Options{}, &syslogd.Options{}},
		"sources.stdin":    {&identity{}, &ingest.Options{}, &stdin.Options{}},
		"recipients.http":  {&httpIdentity{}, &dispatch.Policy{}, &alert.Policy{}, &httpsink.Options{}},
		"recipients.email": {&identity{}, &dispatch.Policy{}, &alert.Policy{}, &smtpsink.Options{}},
		"recipients.file":  {&identity{}, &dispatch.Policy{}, &alert.Policy{}, &filesink.Options{}},
	}
}

// The library makes nanoseconds of a number for a time.Duration, and a huge
// number of a negative one for an unsigned type, both without a word.
func TestSettingsHaveSafeTypes(t *testing.T) {
	for name, os := range owners() {
		for key, fields := range settingsOf(os...).fields {
			for _, f := range fields {
				if f.CanUint() || f.Type() == reflect.TypeFor[time.Duration]() {
					t.Errorf("[%s] %s is of type %s", name, key, f.Type())
				}
			}
			if key != strings.ToLower(key) {
				t.Errorf("[%s] %s is not lower-case", name, key)
			}
		}
	}
}

// What isn't in the example stays unknown to people.
func TestExampleNamesEveryKey(t *testing.T) {
	text, err := os.ReadFile("../../config.example.toml")
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]bool{}
	for _, w := range strings.FieldsFunc(string(text), func(r rune) bool { return r > 0x7f || !isBare(byte(r)) }) {
		words[w] = true
	}
	for name, os := range owners() {
		s := settingsOf(os...)
		for _, key := range s.keys {
			if family := s.family(key); family != nil && key != family[1] {
				continue // told once for all secrets
			}
			if !words[key] {
				t.Errorf("config.example.toml doesn't name %s of [%s]", key, name)
			}
		}
	}
}

func TestDefaults(t *testing.T) {
	c, ps := Parse("/etc/tailpost/tailpost.toml", []byte(rest))
	wantProblems(t, ps)
	if c == nil {
		t.Fatal("no Config")
	}
	if c.StateDir != "/var/lib/tailpost" || c.Spool.Dir != c.StateDir || c.Log != (Log{Level: "info", Format: "auto"}) ||
		c.Shutdown.Grace != option.Duration(8*time.Second) || c.Admin.Listen != "127.0.0.1:9180" || c.SMTP != nil || c.Path != "/etc/tailpost/tailpost.toml" {
		t.Errorf("got %+v", c)
	}
	if s := c.Tails[0]; s.Name != "the source" || s.Tail.Name != s.Name || s.Tail.Start != tail.StartEnd || s.Ingest.Format != "bg" {
		t.Errorf("got source %+v", s)
	}
	if r := c.File[0]; r.Name != "the file" || r.Sink.Name != r.Name || r.Sink.Path != "-" || r.Policy.Order != dispatch.Session {
		t.Errorf("got recipient %+v", r)
	}
}

func TestRelativePathsStartAtTheirFile(t *testing.T) {
	dir := write(t, map[string]string{
		"main.toml":   "state_dir = 'state'\ninclude = ['sub/a.toml']\n" + strings.Replace(rest, "/var/log/session.log", "main.log", 1),
		"sub/a.toml":  "[[sources.tail]]\nname='a'\npath='../a.log'\nformat='bg'\nappliance_id='a'\n[[recipients.file]]\nname='b'\npath='b.jsonl'\n",
		"sub/secret":  "Bearer x",
		"sub/b.jsonl": "",
	})
	c, ps := Load("main.toml")
	wantProblems(t, ps)
	if c == nil {
		t.Fatal("no Config")
	}
	got := []string{c.StateDir, c.Tails[0].Tail.Path, c.Tails[1].Tail.Path, c.File[1].Sink.Path}
	want := []string{dir + "/state", dir + "/main.log", dir + "/a.log", dir + "/sub/b.jsonl"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestUnreadableFile(t *testing.T) {
	dir := write(t, map[string]string{"long.toml": strings.Repeat("#", fileMax+1), "longest.toml": rest + strings.Repeat("#", fileMax-len(rest))})
	for _, tc := range []struct {
		name, file string
		want       []string
	}{
		{"none", "none.toml", []string{"none.toml: can't be read: no such file or directory; name another with --config or $TAILPOST_CONFIG"}},
		{"a folder", dir, []string{dir + ": can't be read: is a directory"}},
		{"too long", "long.toml", []string{"long.toml: is longer than 1 MiB; is it a configuration file?"}},
		{"as long as may be", "longest.toml", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, ps := Load(tc.file)
			wantProblems(t, ps, tc.want...)
			if (c == nil) != (tc.want != nil) {
				t.Errorf("a Config: %v", c != nil)
			}
		})
	}
}

// One line of a megabyte must not take a minute.
func TestLongLines(t *testing.T) {
	var keys strings.Builder
	for keys.Len() < 500<<10 {
		keys.WriteString("'é',")
	}
	c, ps := Parse("t.toml", []byte("include = []\n"+rest+"events = ["+keys.String()+"]\n"))
	if c == nil {
		t.Errorf("refused: %.200q", texts(ps))
	}
}
