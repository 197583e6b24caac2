package redact_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"html"
	"net/url"
	"strings"
	"testing"

	"github.com/tailpost/tailpost/sinks/redact"
)

func TestSecretsAreHiddenInEveryForm(t *testing.T) {
	const secret = `p"a/s s<w>ö+d&x%y`
	b, err := json.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	for name, form := range map[string]string{
		"plain": secret, "query": url.QueryEscape(secret), "path": url.PathEscape(secret), "html": html.EscapeString(secret),
		"json": string(b), "json as PHP has it": strings.ReplaceAll(string(b), "/", `\/`), "hex": hex.EncodeToString([]byte(secret)),
		"base64": base64.StdEncoding.EncodeToString([]byte(secret)), "base64 for URLs": base64.RawURLEncoding.EncodeToString([]byte(secret)),
	} {
		got := redact.New("other", secret).Text("before "+form+" after", 256)
		if plain := strings.ReplaceAll(got, `"`, ""); plain != "before <redacted> after" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestText(t *testing.T) {
	w := redact.New("abcd", "abcdefgh", "", "abc").And("wxyz")
	for _, c := range []struct{ name, in, want string }{
		{"the longest wins", "abcdefgh abcdef", "<redacted> <redacted>ef"},
		{"added later", "x wxyz", "x <redacted>"},
		{"too short to hide", "abc", "abc"},
		{"lines and colours", "a\r\nb\x1b[2J", "a b\uFFFD[2J"},
		{"long", strings.Repeat("x", 100), strings.Repeat("x", 28) + "…"},
	} {
		if got := w.Text(c.in, 32); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if got := (redact.Words{}).Text("abcd", 32); got != "abcd" {
		t.Errorf("hides %q", got)
	}
	cause := errors.New("with abcd")
	if err := w.Err(cause, 32); err.Error() != "with <redacted>" || !errors.Is(err, cause) {
		t.Errorf("%v", err)
	}
}
