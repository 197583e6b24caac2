package config

import (
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/tailpost/tailpost/bridge/option"
)

// TestLook: what a setting names and can't be had is a warning for who looks,
// and refuses a file otherwise; what is wrong with a setting always does.
func TestLook(t *testing.T) {
	const desk = "[[recipients.http]]\nname = 'desk'\nurl = 'https://127.0.0.1/'\n"
	for name, c := range map[string]struct {
		text      string
		wantLooks bool
		want      string
	}{
		"a credential":       {"authorization_file = 'token'\n", true, "authorization_file: open "},
		"a variable":         {"authorization_env = 'TAILPOST_NONE'\n", true, `authorization_env: the environment variable "TAILPOST_NONE" is empty or not set`},
		"a key":              {"client_cert_file = 'c'\nclient_key_file = 'k'\n", true, "client_key_file: open "},
		"of another table":   {"[recipients.http.oauth2]\ntoken_url='https://127.0.0.1/'\nclient_id='i'\nclient_secret_file='s'\n", true, "oauth2.client_secret_file: open "},
		"a secret that lies": {"signing_secret = 'x'\n", false, "does not begin with whsec_"},
		"a mistake":          {"authorization_fil = 'token'\n", false, "did you mean"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("CREDENTIALS_DIRECTORY", "")
			write(t, map[string]string{"main.toml": rest + desk + c.text})
			strict, ps := Load("main.toml")
			if strict != nil || !strings.Contains(text(ps), c.want) {
				t.Errorf("loaded: %v, %s", strict != nil, text(ps))
			}
			looked, ps := Look("main.toml")
			if (looked != nil) != c.wantLooks || !strings.Contains(text(ps), c.want) {
				t.Errorf("looked at: %v, %s", looked != nil, text(ps))
			}
		})
	}
}

func text(ps []Problem) string {
	var lines []string
	for _, p := range ps {
		lines = append(lines, p.String())
	}
	return strings.Join(lines, "\n")
}

// TestSecretOfAnother: the words for a file that we may not read say whose it is.
func TestSecretOfAnother(t *testing.T) {
	dir := write(t, map[string]string{"token": "x"})
	path := dir + "/token"
	if err := os.Chmod(path, 0o200); err != nil {
		t.Fatal(err)
	}
	err := &fs.PathError{Op: "open", Path: path, Err: syscall.EACCES}
	p := explained(option.Problem{Key: "token_file", Text: err.Error(), Outside: err})
	for _, want := range []string{"token_file: no permission to read " + path + ", which has owner ", ", mode 0200; this process runs as ", "(uid ", "; chmod u+r " + path} {
		if !strings.Contains(p.String(), want) {
			t.Errorf("no %q in %s", want, p)
		}
	}
}
