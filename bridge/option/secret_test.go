package option

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const hidden = "hunter2"

func TestSecretNeverPrints(t *testing.T) {
	s := NewSecret(hidden)
	type exported struct{ Password Secret }
	type unexported struct{ password Secret }
	type embedded struct{ Secret }
	shapes := map[string]any{
		"value":             s,
		"pointer":           &s,
		"exported field":    exported{s},
		"unexported field":  unexported{s},
		"behind a pointer":  &unexported{s},
		"embedded":          embedded{s},
		"in a slice":        []Secret{s},
		"in a map":          map[string]Secret{"a": s},
		"in unexported map": struct{ m map[string]Secret }{map[string]Secret{"a": s}},
		"as an error's arg": fmt.Errorf("login with %v", s),
	}
	verbs := []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%c", "%t", "%10.3s", "%T", "%p"}
	hex := fmt.Sprintf("%x", hidden)
	for name, v := range shapes {
		for _, verb := range verbs {
			out := fmt.Sprintf(verb, v)
			if strings.Contains(out, hidden) || strings.Contains(strings.ToLower(strings.ReplaceAll(out, " ", "")), hex) {
				t.Errorf("%s with %s prints %q", name, verb, out)
			}
		}
		if out, err := json.Marshal(v); err == nil && strings.Contains(string(out), hidden) {
			t.Errorf("%s as JSON is %s", name, out)
		}
	}
	if got := fmt.Sprintf("%v %s %#v", s, s, s); got != "<redacted> <redacted> <redacted>" {
		t.Errorf("prints as %q", got)
	}
	if got := fmt.Sprintf("[%v]", Secret{}); got != "[]" {
		t.Errorf("an empty one prints as %q", got)
	}
}

func TestSecretHoldsItsText(t *testing.T) {
	var s Secret
	if s.IsSet() || s.Reveal() != "" || NewSecret("").IsSet() {
		t.Error("an empty secret is set")
	}
	if err := s.UnmarshalText([]byte(hidden)); err != nil || s.Reveal() != hidden || !s.IsSet() {
		t.Errorf("lost its text: %v", err)
	}
	if !reflect.DeepEqual(s, NewSecret(hidden)) || reflect.DeepEqual(s, NewSecret("other")) {
		t.Error("DeepEqual doesn't compare the texts")
	}
	if err := s.UnmarshalText(nil); err != nil || s.IsSet() {
		t.Error("an empty text leaves it set")
	}
}

func TestReadSecret(t *testing.T) {
	dir, creds := t.TempDir(), t.TempDir()
	write := func(dir, name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(dir, "one", hidden+"\r\n")
	write(dir, "both", "of the folder")
	write(dir, "empty", "\n")
	write(dir, "lines", hidden+"\nmore\n")
	write(dir, "long", strings.Repeat("x", 64<<10+1))
	write(dir, "longest", strings.Repeat("x", 64<<10))
	write(creds, "both", "of the credentials")
	t.Setenv("CREDENTIALS_DIRECTORY", creds)
	t.Setenv("TAILPOST_TEST_SECRET", hidden)
	t.Setenv("TAILPOST_TEST_EMPTY", "")

	for _, tc := range []struct {
		name        string
		inline      string
		file, env   string
		want        string
		wantKey     string // of the one problem; empty: none
		wantText    string // a part of it
		wantWarning bool
	}{
		{name: "none given"},
		{name: "a file beside the configuration", file: "one", want: hidden},
		{name: "an absolute file", file: filepath.Join(dir, "one"), want: hidden},
		{name: "a bare name is a credential first", file: "both", want: "of the credentials"},
		{name: "with a slash it is not", file: "./both", want: "of the folder"},
		{name: "64 KiB", file: "longest", want: strings.Repeat("x", 64<<10)},
		{name: "environment", env: "TAILPOST_TEST_SECRET", want: hidden},
		{name: "in the file itself", inline: hidden, want: hidden, wantKey: "password", wantText: "stands in this file", wantWarning: true},
		{name: "twice", inline: hidden, env: "TAILPOST_TEST_SECRET", wantKey: "password", wantText: "more than once"},
		{name: "no such file", file: "none", wantKey: "password_file", wantText: "no such file"},
		{name: "a folder", file: ".", wantKey: "password_file", wantText: "is a directory"},
		{name: "an empty file", file: "empty", wantKey: "password_file", wantText: "is empty"},
		{name: "a file of two lines", file: "lines", wantKey: "password_file", wantText: "more than one line"},
		{name: "a file that is too long", file: "long", wantKey: "password_file", wantText: "longer than 64KiB"},
		{name: "no such variable", env: "TAILPOST_TEST_NONE", wantKey: "password_env", wantText: "empty or not set"},
		{name: "an empty variable", env: "TAILPOST_TEST_EMPTY", wantKey: "password_env", wantText: "empty or not set"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, ps := ReadSecret("password", NewSecret(tc.inline), tc.file, tc.env, dir)
			if got.Reveal() != tc.want {
				t.Errorf("got a secret of %d bytes, want %d", len(got.Reveal()), len(tc.want))
			}
			if tc.wantKey == "" {
				if len(ps) != 0 {
					t.Errorf("problems: %v", ps)
				}
				return
			}
			if len(ps) != 1 || ps[0].Key != tc.wantKey || !strings.Contains(ps[0].Text, tc.wantText) || ps[0].Warning != tc.wantWarning {
				t.Errorf("problems: %+v", ps)
			}
			if strings.Contains(fmt.Sprint(ps), hidden) {
				t.Errorf("a problem tells the secret: %v", ps)
			}
		})
	}
}

// TestBareName: without a service's credentials a bare name that isn't there
// has a hint.
func TestBareName(t *testing.T) {
	for _, tc := range []struct {
		name, creds, file string
		want              bool
	}{
		{"a person's shell", "", "desk", true},
		{"the service", "/none", "desk", false},
		{"a path", "", "./desk", false},
	} {
		t.Setenv("CREDENTIALS_DIRECTORY", tc.creds)
		_, ps := ReadSecret("password", Secret{}, tc.file, "", t.TempDir())
		if len(ps) != 1 || ps[0].Outside == nil || strings.Contains(ps[0].Hint, "-p LoadCredential=desk:") != tc.want || (ps[0].Hint != "") != tc.want {
			t.Errorf("%s: %+v", tc.name, ps)
		}
	}
}

func TestAbsPath(t *testing.T) {
	for _, tc := range []struct{ path, want string }{{"", ""}, {"/a/b", "/a/b"}, {"b", "/etc/b"}, {"../b", "/b"}, {"./b/", "/etc/b"}} {
		if got := AbsPath(tc.path, "/etc"); got != tc.want {
			t.Errorf("%q: got %q, want %q", tc.path, got, tc.want)
		}
	}
}
