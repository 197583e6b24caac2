package config

import (
	"os"
	"path/filepath"
	"testing"
)

// A file that the defaults name lies beside them, in a table of theirs too.
func TestDefaultsNameFilesBesideThem(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "d"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"main.toml":   "include = [\"d/*.toml\"]\n[[sources.tail]]\nname = \"s\"\npath = \"/x\"\nformat = \"bg\"\n[[recipients.http]]\nname = \"r\"\nurl = \"https://h/\"\n",
		"d/more.toml": "[defaults.http.oauth2]\ntoken_url = \"https://h/\"\nclient_id = \"x\"\nclient_secret_file = \"secret\"\n",
		"d/secret":    "s3cr3t",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, ps := Load(filepath.Join(dir, "main.toml"))
	if c == nil {
		t.Fatal(ps)
	}
	if got, want := c.HTTP[0].Sink.OAuth2.ClientSecretFile, filepath.Join(dir, "d", "secret"); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
