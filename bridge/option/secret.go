package option

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Secret is a text that doesn't print: every way of formatting it gives
// <redacted>, or nothing where it is empty. Two secrets can't be compared
// by ==; reflect.DeepEqual compares their texts.
type Secret struct {
	// text is nil for no text. It is a pointer because fmt calls no methods of
	// unexported fields: of a pointer it prints the address at most.
	text *string
	_    [0]func() // no ==
}

// NewSecret wraps a text.
func NewSecret(s string) Secret {
	if s == "" {
		return Secret{}
	}
	return Secret{text: &s}
}

// Reveal gives the text, for the one place that sends it.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsSet reports whether there is a text.
func (s Secret) IsSet() bool { return s.text != nil }

func (s Secret) String() string {
	if !s.IsSet() {
		return ""
	}
	return "<redacted>"
}

// Format keeps every verb from looking inside.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText writes what String gives.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText takes the secret from a configuration file.
func (s *Secret) UnmarshalText(b []byte) error {
	*s = NewSecret(string(b))
	return nil
}

// UnmarshalTOML takes a string alone: a number may not be what was typed.
func (s *Secret) UnmarshalTOML(v any) error {
	text, ok := v.(string)
	if !ok {
		return errors.New("not text; write it in quotes")
	}
	*s = NewSecret(text)
	return nil
}

// secretMax bounds a secret file, in bytes.
const secretMax = 64 << 10

// ReadSecret finds the secret of a key that exists as key_file, key_env and
// key. At most one of them may be set. A relative file is looked for in dir;
// a bare name, without a slash, in $CREDENTIALS_DIRECTORY first. The line end
// behind a file's text is trimmed. A secret that stands in the configuration
// itself earns a warning.
func ReadSecret(key string, inline Secret, file, env, dir string) (Secret, []Problem) {
	set := 0
	for _, on := range []bool{inline.IsSet(), file != "", env != ""} {
		if on {
			set++
		}
	}
	if set > 1 {
		return Secret{}, []Problem{{Key: key, Text: "is given more than once", Hint: fmt.Sprintf("use one of %s_file, %s_env and %s", key, key, key)}}
	}
	switch {
	case file != "":
		text, err := secretIn(FilePath(file, dir))
		if err != nil {
			return Secret{}, []Problem{outside(key+"_file", file, err)}
		}
		return NewSecret(text), nil
	case env != "":
		v := strings.TrimRight(os.Getenv(env), "\r\n")
		if v == "" {
			return Secret{}, []Problem{outside(key+"_env", "", fmt.Errorf("the environment variable %q is empty or not set", env))}
		}
		return NewSecret(v), nil
	case inline.IsSet():
		return inline, []Problem{{Key: key, Text: "a secret stands in this file", Hint: "use " + key + "_file", Warning: true}}
	}
	return Secret{}, nil
}

// secretIn reads the file of a secret.
func secretIn(path string) (string, error) {
	text, err := readBounded(path, secretMax)
	if err != nil {
		return "", err
	}
	text = strings.TrimRight(text, "\r\n")
	switch {
	case text == "":
		return "", fmt.Errorf("%s is empty", path)
	case strings.ContainsAny(text, "\r\n"):
		return "", fmt.Errorf("%s has more than one line: a secret is one", path)
	}
	return text, nil
}

// outside is the problem of what a setting names and that can't be had: the
// file of that name, as the setting gives it.
func outside(key, file string, err error) Problem {
	p := Problem{Key: key, Text: err.Error(), Outside: err}
	if errors.Is(err, fs.ErrNotExist) && isBare(file) && os.Getenv(credentials) == "" {
		p.Hint = "create it; or, where it is one of the service's credentials: $" + credentials + " is not set here: run this with systemd-run --pipe --wait" +
			" -p User=THE_SERVICE'S -p LoadCredential=" + file + ":ITS_FILE, as the unit has them"
	}
	return p
}

// credentials names the folder of the credentials that systemd gives a service.
const credentials = "CREDENTIALS_DIRECTORY"

func isBare(file string) bool { return file != "" && !strings.ContainsRune(file, '/') }

func exists(p string) bool {
	_, err := os.Stat(p)
	return err == nil
}

// FilePath makes the path of a secret's file absolute: a bare name, without a
// slash, is that of a credential if $CREDENTIALS_DIRECTORY has it; else the
// path is relative to dir.
func FilePath(file, dir string) string {
	if creds := os.Getenv(credentials); creds != "" && isBare(file) {
		if p := filepath.Join(creds, file); exists(p) {
			return p
		}
	}
	return AbsPath(file, dir)
}

// AbsPath makes a relative path absolute against dir.
func AbsPath(path, dir string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}
